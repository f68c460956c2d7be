"""A workflow does not say what its token may do.

What it does
    Finds workflows where neither the workflow nor some job says ``permissions``, so that the token has whatever the repository or the
    organisation grants by default.

Why it matters
    In repositories older than February 2023 that default is to write nearly everything, and nobody sees it in the file.

How to fix it
    ``permissions: {contents: read}`` at the top, and more at the job that needs it.

Unknown
    The repository's own setting is not in its files; it is read-only in newer repositories.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.edits import inserted
from undercroft.scan.graph import Graph

_FILE = ".github/workflows/a.yml"
_SAMPLE = "on: push\nTOPjobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: make\n"

CHECK = Check(
    title="Pipeline token with the repository's default rights",
    severity=Severity.LOW,
    risk=Risk.SYS_CICD,
    references=("CWE-276", "OWASP A02:2025", "CICD-SEC-5"),
    weighed=False,
    confidence=Confidence.MEDIUM,
    persona=Persona.PEDANTIC,
    examples=(
        Example("nothing said", "present", _SAMPLE.replace("TOP", ""), file=_FILE),
        Example("said for the workflow", "absent", _SAMPLE.replace("TOP", "permissions: {contents: read}\n"), file=_FILE),
        Example("said for every job", "absent", _SAMPLE.replace("TOP", "").replace("    runs-on", "    permissions: {}\n    runs-on"), file=_FILE),
        Example("a pipeline of another system", "absent", "build:\n  script: [make]\n", file=".gitlab-ci.yml"),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")


def examine(graph: Graph) -> Iterator[Hit]:
    """GitHub workflows with a job nobody granted anything."""
    for pipeline in graph.pipelines:
        silent = [job for job in pipeline.jobs if job.permissions is None]
        if pipeline.format != "github" or not pipeline.triggers or pipeline.permissions is not None or not silent:
            continue
        span = pipeline.jobs_span
        edits = (inserted(span, "permissions:\n  contents: read\n\n"),) if span is not None and span.start == 1 else ()
        fix = Fix(
            "Let the token read the repository only", edits, "grant a job that pushes, comments or releases its scope"
        )
        yield Hit(
            pipeline.asset,
            "The token has the repository's default rights",
            tuple(job.evidence for job in silent),
            fix,
            _ANYWHERE,
            "permissions",
        )
