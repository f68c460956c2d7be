"""A stranger's change runs on a machine of one's own.

What it does
    Finds jobs on self-hosted runners in pipelines that a pull request or a comment starts, also through calls.

Why it matters
    A hosted runner is thrown away after the job; one's own machine is not. Code of a fork leaves something behind for the next job,
    reads the GPU node's credentials, and stands inside the network.

How to fix it
    Hosted runners for what strangers can start; ephemeral, isolated runners otherwise; approval for all outside contributors.

Unknown
    Whether the repository is public, and whether fork pull requests need approval, is not in its files.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph
from undercroft.scan.pipelines import PRIVILEGED, PUBLIC, Calls, Entry, Job, same_repository_only

_FILE = ".github/workflows/a.yml"
_SAMPLE = "on: EVENT\npermissions: {}\njobs:\n  a:\n    runs-on: RUNNER\n    steps:\n      - run: make\n"


def _sample(event: str, runner: str) -> str:
    return _SAMPLE.replace("EVENT", event).replace("RUNNER", runner)


CHECK = Check(
    title="Self-hosted runner open to pull requests",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_CICD,
    references=("CWE-653", "CWE-829", "OWASP A08:2025", "ATT&CK T1195", "CICD-SEC-7"),
    weighed=False,
    confidence=Confidence.MEDIUM,
    examples=(
        Example("on a pull request", "present", _sample("pull_request", "self-hosted"), file=_FILE),
        Example("on a comment, with labels", "present", _sample("issue_comment", "[self-hosted, gpu]"), file=_FILE),
        Example("on a push", "absent", _sample("push", "self-hosted"), file=_FILE),
        Example("a hosted machine", "absent", _sample("pull_request", "ubuntu-24.04"), file=_FILE),
        Example("only for branches of the same repository", "absent", _sample("pull_request", "self-hosted").replace("    runs-on", "    if: github.event.pull_request.head.repo.full_name == github.repository\n    runs-on"), file=_FILE),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")
_STARTS = (PUBLIC - {"fork", "watch"}) | {"pull_request"}


def examine(graph: Graph) -> Iterator[Hit]:
    """Jobs whose runner is said to be self-hosted, with an event that strangers cause: one finding a pipeline and event."""
    calls = Calls.of(graph.pipelines)
    for pipeline in graph.pipelines:
        jobs = [job for job in pipeline.jobs if "self-hosted" in job.runner]
        ways = calls.entries(pipeline) if jobs else []
        found: dict[str, tuple[Entry, list[Job]]] = {}
        for job in jobs:
            way = next(
                (
                    w
                    for w in ways
                    if w.event in _STARTS and not same_repository_only(f"{w.condition} && {job.condition}")
                ),
                None,
            )
            if way is not None:
                found.setdefault(way.event, (way, []))[1].append(job)
        for event, (way, open_) in found.items():
            severity = Severity.HIGH if event in PRIVILEGED - {"workflow_run"} else None
            places = tuple(job.runner_evidence for job in open_ if job.runner_evidence is not None)
            names = ", ".join(job.id for job in open_[:3]) + (f" and {len(open_) - 3} more" if len(open_) > 3 else "")
            fix = Fix("Run it on a hosted or ephemeral runner, or only for branches of the same repository")
            title = f"{event} runs {names} on a machine of one's own"
            yield Hit(
                pipeline.asset, title, (*places, *way.evidence), fix, _ANYWHERE, f"runner:{event}", severity=severity
            )
