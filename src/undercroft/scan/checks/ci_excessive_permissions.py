"""A pipeline's token may do more than its jobs need.

What it does
    Finds ``permissions: write-all``, writing scopes granted to every job of a workflow at once, and scopes that nothing in the job can
    use.

Why it matters
    Each step of the job, and each action and package it takes, holds the token. With ``write-all`` one bad dependency pushes code,
    replaces releases and approves its own pull request.

How to fix it
    ``permissions: {}`` (or ``contents: read``) at the top, and the one scope a job needs at that job.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.edits import replaced
from undercroft.scan.graph import Graph
from undercroft.scan.pipelines import Permissions

_FILE = ".github/workflows/a.yml"
_JOB = "  NAME:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: make\n"
_TWO = "on: push\npermissions: PERMISSIONS\njobs:\n" + _JOB.replace("NAME", "a") + _JOB.replace("NAME", "b")
_ONE = "on: push\npermissions: PERMISSIONS\njobs:\n" + _JOB.replace("NAME", "a")

CHECK = Check(
    title="Pipeline token with more rights than needed",
    severity=Severity.HIGH,
    risk=Risk.SYS_CICD,
    references=(
        "CWE-250", "CWE-272", "OWASP A01:2025", "OWASP A02:2025", "ATT&CK T1552", "CICD-SEC-5",
        "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions",
    ),
    weighed=False,
    examples=(
        Example("everything, for every job", "present", _ONE.replace("PERMISSIONS", "write-all"), file=_FILE),
        Example("everything, for one job", "present", "on: push\npermissions: {}\njobs:\n  a:\n    permissions: write-all\n    runs-on: ubuntu-24.04\n    steps:\n      - run: make\n", file=_FILE),
        Example("writing contents, for every job", "present", _TWO.replace("PERMISSIONS", "{contents: write}"), file=_FILE),
        Example("reading, for every job", "absent", _TWO.replace("PERMISSIONS", "{contents: read}"), file=_FILE),
        Example("writing where there is one job only", "absent", _ONE.replace("PERMISSIONS", "{contents: write}"), file=_FILE),
        Example("reading everything", "absent", _TWO.replace("PERMISSIONS", "read-all"), file=_FILE),
        Example("a scope for one job", "absent", "on: push\npermissions: {}\njobs:\n  a:\n    permissions: {packages: write}\n    runs-on: ubuntu-24.04\n    steps:\n      - run: make\n", file=_FILE),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")
_SENSITIVE = frozenset(
    {
        "contents",
        "packages",
        "actions",
        "deployments",
        "id-token",
        "pull-requests",
        "security-events",
        "pages",
        "attestations",
    }
)


def _everything(permissions: Permissions, where: str) -> tuple[str, Fix]:
    edits = (replaced(permissions.span, "read-all"),) if permissions.span is not None else ()
    note = "then grant each job the one scope it writes with; a job that pushes or comments fails until it has it"
    return f"The token may write everything in {where}", Fix("Let the token read only", edits, note)


def examine(graph: Graph) -> Iterator[Hit]:
    """``write-all`` anywhere, and writing scopes that several jobs share."""
    for pipeline in graph.pipelines:
        shared = pipeline.permissions
        for permissions, where in (
            (shared, "every job"),
            *((job.permissions, f"job {job.id}") for job in pipeline.jobs),
        ):
            if permissions is not None and permissions.everything == "write-all":
                title, fix = _everything(permissions, where)
                yield Hit(pipeline.asset, title, (permissions.evidence,), fix, _ANYWHERE, f"permissions:{where}")
        inheriting = [job for job in pipeline.jobs if job.permissions is None]
        if shared is None or len(inheriting) < 2:
            continue
        wide = {name: text for name, text in shared.scopes.items() if text.value == "write" and name in _SENSITIVE}
        if wide:
            places = (shared.evidence, *(text.evidence for text in wide.values() if text.evidence is not None))
            title = f"{', '.join(sorted(wide))}: write is granted to all {len(inheriting)} jobs"
            severity = (
                Severity.MEDIUM if "contents" in wide and "pull_request_target" in pipeline.triggers else Severity.LOW
            )
            yield Hit(
                pipeline.asset,
                title,
                places,
                Fix("Grant it to the job that writes"),
                _ANYWHERE,
                "permissions:shared",
                severity=severity,
            )
