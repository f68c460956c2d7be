"""A called pipeline gets every secret there is.

What it does
    Finds ``secrets: inherit``: towards another repository always; towards a workflow of the same repository where that one (followed
    across files) takes foreign code by tag or branch, or calls on with ``inherit``.

Why it matters
    The callee needs one secret and gets all: cloud keys, registry tokens, signing keys. Whoever changes it, or an action it takes,
    changes who reads them.

How to fix it
    Name the secrets that are handed over: ``secrets: {HF_TOKEN: ${{ secrets.HF_TOKEN }}}``.

Unknown
    A callee of the same repository that was not scanned is left alone.
"""

from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.fix import Edit, Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.edits import replaced
from undercroft.scan.graph import Graph
from undercroft.scan.pipelines import Pipeline, by_path, called, use

_FILE = ".github/workflows/a.yml"
_CALL = "on: push\npermissions: {}\njobs:\n  a:\n    uses: TARGET\n    secrets: inherit\n"
_CALLEE = "on: workflow_call\npermissions: {}\njobs:\n  b:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: USES\n        env:\n          T: ${{ secrets.HF_TOKEN }}\n"
_LOCAL = _CALL.replace("TARGET", "./.github/workflows/b.yml")


def _callee(uses: str) -> tuple[tuple[str, str], ...]:
    return ((".github/workflows/b.yml", _CALLEE.replace("USES", uses)),)


CHECK = Check(
    title="All secrets handed to a called pipeline",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_CICD,
    references=("CWE-250", "CWE-668", "OWASP A01:2025", "ATT&CK T1552", "CICD-SEC-5", "CICD-SEC-6"),
    weighed=False,
    examples=(
        Example("to another repository", "present", _CALL.replace("TARGET", "o/r/.github/workflows/x.yml@0123456789abcdef0123456789abcdef01234567"), file=_FILE),
        Example("to a neighbour that takes a moving action", "present", _LOCAL, file=_FILE, more=_callee("owner/action@v1")),
        Example("to a neighbour that takes pinned code only", "absent", _LOCAL, file=_FILE, more=_callee("owner/action@0123456789abcdef0123456789abcdef01234567")),
        Example("named one by one", "absent", _CALL.replace("TARGET", "o/r/.github/workflows/x.yml@0123456789abcdef0123456789abcdef01234567").replace("inherit", '{HF_TOKEN: "${{ secrets.HF_TOKEN }}"}'), file=_FILE),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")


def _moving(pipeline: Pipeline, known: dict[str, Pipeline]) -> Evidence | None:
    """Where a called pipeline, or one it calls on, takes foreign code that can change."""
    waiting, seen = [pipeline], set()
    while waiting:
        current = waiting.pop()
        if current.path in seen:
            continue
        seen.add(current.path)
        for job in current.jobs:
            for text in (job.calls, *(step.uses for step in job.steps)):
                parts = use(text.value or "") if text is not None else None
                if parts is not None and not parts.pinned and not parts.own and text is not None:
                    return text.evidence
            target = called(current, job, known)
            if target is not None and job.inherits is not None:
                waiting.append(target)
    return None


def examine(graph: Graph) -> Iterator[Hit]:
    """Calls with ``secrets: inherit`` that reach code which can change."""
    known = by_path(graph.pipelines)
    for pipeline in graph.pipelines:
        for job in pipeline.jobs:
            if job.inherits is None or job.inherits.evidence is None:
                continue
            target = called(pipeline, job, known)
            foreign = use(job.calls.value or "") if job.calls is not None else None
            moving = _moving(target, known) if target is not None else None
            if foreign is None and moving is None:
                continue
            places = (job.inherits.evidence, *((moving,) if moving is not None else ()))
            names = sorted(target.secrets - {"GITHUB_TOKEN"}) if target is not None else []
            span = job.inherits.span
            edits: tuple[Edit, ...] = ()
            if names and span is not None:
                edits = (
                    replaced(span, "{" + ", ".join(f'{name}: "${{{{ secrets.{name} }}}}"' for name in names) + "}"),
                )
            whom = target.path if target is not None else (job.calls.value or "" if job.calls is not None else "")
            note = "declare them under on.workflow_call.secrets of the called workflow" if edits else ""
            yield Hit(
                pipeline.asset,
                f"Every secret is handed to {whom}",
                places,
                Fix("Name the secrets that are handed over", edits, note),
                _ANYWHERE,
                f"{job.id}:inherit",
            )
