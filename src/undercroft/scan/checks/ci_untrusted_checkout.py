"""A stranger's code is checked out where secrets are.

What it does
    Finds pipelines that run with the repository's rights on a stranger's event (``pull_request_target``, ``workflow_run``,
    ``issue_comment`` …) and check out the pull request's own code, also where the checkout stands in a workflow that another one calls.

Why it matters
    Building, testing or merely installing that code runs it: its ``setup.py``, its ``Makefile``, its tests. The job holds secrets, a
    writing token and the cache that the next release is built from.

How to fix it
    Use ``pull_request``, which has no secrets, for anything that touches the code; hand results to a second workflow as artefacts, read
    as data. Where it must be: check out the base, fetch the change as data, and never run it.
"""

import re
from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph
from undercroft.scan.pipelines import PRIVILEGED, Calls, Entry, Job, Step, same_repository_only

_FILE = ".github/workflows/a.yml"
_CHECKOUT = (
    "      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567\n        with:\n          ref: REF\n"
)
_SAMPLE = (
    "on: EVENT\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
    + _CHECKOUT
    + "      - run: make test\n"
)
_HEAD = "${{ github.event.pull_request.head.sha }}"
_CALLED = (
    "on:\n  workflow_call:\n    inputs: {ref: {type: string}}\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
    + _CHECKOUT.replace("REF", "${{ inputs.ref }}")
    + "      - run: make test\n"
)
_CALLER = "on: EVENT\npermissions: {}\njobs:\n  b:\n    uses: ./.github/workflows/a.yml\n    with:\n      ref: REF\n"


def _sample(event: str, ref: str) -> str:
    return _SAMPLE.replace("EVENT", event).replace("REF", ref)


def _pair(event: str, ref: str) -> tuple[tuple[str, str], ...]:
    return ((".github/workflows/b.yml", _CALLER.replace("EVENT", event).replace("REF", ref)),)


CHECK = Check(
    title="Stranger's code checked out with secrets at hand",
    severity=Severity.CRITICAL,
    risk=Risk.SYS_CICD,
    references=(
        "CWE-829", "CWE-94", "OWASP A08:2025", "OWASP A03:2025", "ATT&CK T1195.002", "CICD-SEC-4",
        "https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/",
    ),
    weighed=False,
    examples=(
        Example("the change's commit, built", "present", _sample("pull_request_target", _HEAD), file=_FILE),
        Example("the merge, after another workflow", "present", _sample("workflow_run", "${{ github.event.workflow_run.head_sha }}"), file=_FILE),
        Example("a command-line checkout on a comment", "present", "on: issue_comment\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n          gh pr checkout $NUMBER\n          make\n", file=_FILE),
        Example("across a call", "present", _CALLED, file=_FILE, more=_pair("pull_request_target", _HEAD)),
        Example("on an event without secrets", "absent", _sample("pull_request", _HEAD), file=_FILE),
        Example("the base's own code", "absent", _sample("pull_request_target", "${{ github.event.pull_request.base.sha }}"), file=_FILE),
        Example("a call that hands over the base", "absent", _CALLED, file=_FILE, more=_pair("pull_request_target", "main")),
        Example("a call from an event without secrets", "absent", _CALLED, file=_FILE, more=_pair("pull_request", _HEAD)),
        Example("only for branches of the same repository", "absent", _sample("pull_request_target", _HEAD).replace("    runs-on", "    if: github.event.pull_request.head.repo.full_name == github.repository\n    runs-on"), file=_FILE),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")
_FOREIGN = re.compile(
    r"pull_request\.head\.(?:sha|ref|repo)|github\.head_ref|workflow_run\.(?:head_sha|head_branch|head_repository|head_commit)"
    r"|refs/pull/|pull_request\.merge_commit_sha|pull/\$\{\{|merge_request\.head"
)
_INPUT = re.compile(r"\binputs\.([\w-]+)")


def _foreign(text: str, entry: Entry) -> bool:
    """Whether a reference names the change, after what the callers hand over is filled in."""
    if _FOREIGN.search(text):
        return True
    values = [text]
    for _, job in reversed(entry.path):
        values = [
            job.inputs[name].value or "" for value in values for name in _INPUT.findall(value) if name in job.inputs
        ]
        if any(_FOREIGN.search(value) for value in values):
            return True
    return False


def _checkout(step: Step, entry: Entry) -> Evidence | None:
    """Where a step takes the change's code; ``None`` when it does not."""
    if step.uses is not None and re.match(r"^actions/checkout\b", step.uses.value or ""):
        for name in ("ref", "repository"):
            given = step.inputs.get(name)
            if given is not None and _foreign(given.value or "", entry):
                return given.evidence or step.evidence
        return None
    for command in step.script.commands if step.script is not None else ():
        words = command.bare
        text = " ".join(words)
        if words[:3] == ("gh", "pr", "checkout"):
            return command.evidence
        if (
            command.name == "git"
            and {"fetch", "checkout", "pull", "clone"} & set(words[1:4])
            and (re.search(r"\bpull/\S*/(?:head|merge)|refs/pull/", text) or _FOREIGN.search(text))
        ):
            return command.evidence
    return None


def _runs_after(job: Job, step: Step) -> bool:
    """Whether something runs behind the checkout."""
    later = job.steps[job.steps.index(step) :]
    return any(
        each.script is not None and (each is not step or len(each.script.commands) > 1) for each in later
    ) or any(each.uses is not None and (each.uses.value or "").startswith("./") for each in later)


def examine(graph: Graph) -> Iterator[Hit]:
    """Jobs reached by such an event that take the change's code."""
    calls = Calls.of(graph.pipelines)
    for pipeline in graph.pipelines:
        ways = [entry for entry in calls.entries(pipeline) if entry.event in PRIVILEGED]
        for job, step in pipeline.steps() if ways else ():
            for entry in ways:
                place = _checkout(step, entry)
                conditions = f"{entry.condition} && {job.condition} && {step.condition}"
                if place is None or same_repository_only(conditions):
                    continue
                severity = Severity.CRITICAL if _runs_after(job, step) else Severity.HIGH
                called = f", called from {entry.path[0][0].path}" if entry.path else ""
                yield Hit(
                    pipeline.asset, f"Job {job.id} runs on {entry.event}{called} and checks out the change's own code", (place, *entry.evidence),
                    Fix("Use pull_request for what touches the code, and keep secrets out of that job"), _ANYWHERE,
                    f"{job.id}:{step.name}", severity=severity,
                )  # fmt: skip
                break
