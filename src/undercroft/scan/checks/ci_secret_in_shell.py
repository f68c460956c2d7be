"""A secret is written into the text of a script.

What it does
    Finds ``${{ secrets.X }}`` inside ``run``, and scripts of pipelines that print a secret or all variables, or trace their commands
    while they handle one.

Why it matters
    The value becomes part of a file on the runner, of process lists and of traces; a quote or a ``$`` in it breaks the line or runs.
    Written into a remote's address it stays in ``.git/config`` for every later step. Masking in logs fails as soon as it is encoded.

How to fix it
    ``env: {TOKEN: ${{ secrets.X }}}`` at the step and ``"$TOKEN"`` in the script; on standard input where the program takes it
    (``--password-stdin``); a credential helper instead of an address with a token.
"""

import re
from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.redact import names_a_secret
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph
from undercroft.scan.quoting import handed_over
from undercroft.scan.scripts import Script

_FILE = ".github/workflows/a.yml"
_SAMPLE = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - name: push\n        run: LINE\n"

CHECK = Check(
    title="Secret in the text of a script",
    severity=Severity.LOW,
    risk=Risk.SYS_CICD,
    references=("CWE-532", "CWE-214", "CWE-522", "OWASP A07:2025", "ATT&CK T1552.001", "CICD-SEC-6"),
    weighed=False,
    examples=(
        Example("pasted into a line", "present", _SAMPLE.replace("LINE", "export TOKEN=${{ secrets.TOKEN }}"), file=_FILE),
        Example("in the address of a remote", "present", _SAMPLE.replace("LINE", "git remote add o https://${{ secrets.PAT }}@github.com/o/r.git"), file=_FILE),
        Example("printed in a GitLab job", "present", "build:\n  script:\n    - echo $HF_TOKEN\n", file=".gitlab-ci.yml"),
        Example("handed over by the environment", "absent", _SAMPLE.replace("LINE", 'echo "$TOKEN" | docker login -u u --password-stdin').replace("        run", "        env:\n          TOKEN: ${{ secrets.TOKEN }}\n        run"), file=_FILE),
        Example("no secret", "absent", _SAMPLE.replace("LINE", "echo ${{ github.sha }}"), file=_FILE),
        Example("a secret sent to a program's input", "absent", "build:\n  script:\n    - echo $CI_REGISTRY_PASSWORD | docker login -u u --password-stdin $CI_REGISTRY\n", file=".gitlab-ci.yml"),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")
_SECRET = re.compile(r"^secrets(?:\.|\[)")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


def _printed(script: Script) -> Iterator[tuple[str, Evidence]]:
    """Secrets that go to the log, as (variable, place)."""
    for command in script.commands:
        if command.printed or command.feeds is not None or command.output or command.via:
            continue
        if command.name in {"echo", "printf"}:
            for word in command.bare[1:]:
                for match in _VARIABLE.finditer(word):
                    if names_a_secret(match[1]):
                        yield match[1], command.evidence


_ADDRESS = re.compile(r"://\S*\$\{\{[^}]*\}\}\S*@|://\S*\[redacted\]@")


def examine(graph: Graph) -> Iterator[Hit]:
    """Steps with such expressions, one finding a step; and scripts of pipelines that print a secret."""
    for pipeline in graph.pipelines:
        for job, step in pipeline.steps():
            found = [e for e in step.expressions if _SECRET.match(e.text)] if step.run_span is not None else []
            if found:
                names = list(dict.fromkeys(e.text for e in found))
                risky = any(_ADDRESS.search(getattr(e.evidence, "text", "")) for e in found)
                title = f"{' and '.join(names[:3])}{' …' if len(names) > 3 else ''} becomes part of the script of {step.name}"
                yield Hit(
                    pipeline.asset, title + (", inside an address" if risky else ""), tuple(dict.fromkeys(e.evidence for e in found)),
                    handed_over(step, *found), _ANYWHERE, f"{job.id}:{step.name}:secrets", severity=Severity.MEDIUM if risky else None,
                )  # fmt: skip
            for name, place in _printed(step.script) if step.script is not None else ():
                fix = Fix("Do not print it; where a program needs it, send it to its standard input")
                yield Hit(
                    pipeline.asset, f"{name} is printed by {step.name}", (place,), fix, _ANYWHERE, f"{job.id}:{step.name}:print:{name}",
                    severity=Severity.MEDIUM,
                )  # fmt: skip
