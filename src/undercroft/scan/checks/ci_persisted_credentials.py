"""The checkout leaves its token behind.

What it does
    Finds ``actions/checkout`` without ``persist-credentials: false``.

Why it matters
    The token stays readable for every later step, and travels along when the folder is uploaded as an artefact or copied into an image.

How to fix it
    ``persist-credentials: false``, unless a later step pushes.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.edits import replaced
from undercroft.scan.graph import Graph

_FILE = ".github/workflows/a.yml"
_SAMPLE = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567\nMORE      - run: make\n"

CHECK = Check(
    title="Checkout keeps its token",
    severity=Severity.LOW,
    risk=Risk.SYS_CICD,
    references=("CWE-522", "OWASP A07:2025", "CICD-SEC-6"),
    weighed=False,
    persona=Persona.PEDANTIC,
    examples=(
        Example("not said", "present", _SAMPLE.replace("MORE", ""), file=_FILE),
        Example("said to be kept", "present", _SAMPLE.replace("MORE", "        with:\n          persist-credentials: true\n"), file=_FILE),
        Example("not kept", "absent", _SAMPLE.replace("MORE", "        with:\n          persist-credentials: false\n"), file=_FILE),
        Example("a job that pushes", "absent", _SAMPLE.replace("MORE", "").replace("run: make", "run: git push"), file=_FILE),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")


def examine(graph: Graph) -> Iterator[Hit]:
    """Checkouts of jobs that push nothing: one finding a pipeline."""
    for pipeline in graph.pipelines:
        places = []
        edits = []
        for job in pipeline.jobs:
            commands = [command for step in job.steps if step.script is not None for command in step.script.commands]
            if any(command.name == "git" and "push" in command.bare for command in commands):
                continue
            for step in job.steps:
                if step.uses is None or not (step.uses.value or "").startswith("actions/checkout@"):
                    continue
                given = step.inputs.get("persist-credentials")
                if given is None or given.value == "true":
                    places.append(step.uses.evidence or step.evidence)
                    if given is not None and given.span is not None:
                        edits.append(replaced(given.span, "false"))
        if places:
            fix = Fix("Set persist-credentials: false", tuple(edits) if len(edits) == len(places) else ())
            yield Hit(
                pipeline.asset,
                "The checkout's token stays in .git/config",
                tuple(places),
                fix,
                _ANYWHERE,
                "persist-credentials",
            )
