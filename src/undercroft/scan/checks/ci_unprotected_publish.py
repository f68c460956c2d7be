"""Nothing stands between a push and what others download.

What it does
    Finds jobs that publish models, packages or images with a stored token and wait for no protected environment, in pipelines that any
    branch, a pull request or a comment starts.

Why it matters
    Whoever can push a branch replaces the model that production pulls next. The token is usually one for the whole account.

How to fix it
    Publish from protected branches or tags only, in a job with ``environment:`` whose rules ask for approval; trusted publishing (OIDC)
    instead of a token; a token limited to one repository.
"""

import re
from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph
from undercroft.scan.pipelines import Calls, Job, Pipeline, Step, same_repository_only

_FILE = ".github/workflows/a.yml"
_SAMPLE = "on: EVENT\npermissions: {}\njobs:\n  a:\nGATE    runs-on: ubuntu-24.04\n    steps:\n      - run: huggingface-cli upload o/m .\n        env:\n          HF_TOKEN: ${{ secrets.HF_TOKEN }}\n"


def _sample(event: str, gate: str = "") -> str:
    return _SAMPLE.replace("EVENT", event).replace("GATE", gate)


CHECK = Check(
    title="Publishing without protection",
    severity=Severity.MEDIUM,
    risk=Risk.MIS_ARTIFACT,
    references=("CWE-284", "CWE-345", "OWASP A08:2025", "ATLAS AML.T0010", "ATT&CK T1195.002", "CICD-SEC-1"),
    weighed=False,
    confidence=Confidence.MEDIUM,
    examples=(
        Example("a model, from a pull request", "present", _sample("pull_request"), file=_FILE),
        Example("a model, from any branch", "present", _sample("push"), file=_FILE),
        Example("from a release", "absent", _sample("release"), file=_FILE),
        Example("with an environment to wait for", "absent", _sample("push", "    environment: production\n"), file=_FILE),
        Example("with a condition on the branch", "absent", _sample("push", "    if: github.ref == 'refs/heads/main'\n"), file=_FILE),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")
_ACTIONS = re.compile(
    r"^(?:pypa/gh-action-pypi-publish|huggingface/hub-sync|nateraw/huggingface-sync-action|JS-DevTools/npm-publish)@"
)
_GUARDED = re.compile(
    r"github\.(?:ref|ref_name|ref_type|event_name|event\.)|startsWith\(github\.ref|needs\.|inputs\.|steps\.|env\."
)


def _publishes(step: Step) -> Evidence | None:
    if (
        step.uses is not None
        and _ACTIONS.match(step.uses.value or "")
        and any("secrets." in (t.value or "") for t in step.inputs.values())
    ):
        return step.uses.evidence
    for command in step.script.commands if step.script is not None else ():
        words = command.bare
        if (
            (command.name in {"huggingface-cli", "hf"} and words[1:2] in {("upload",), ("upload-large-folder",)})
            or (command.name == "twine" and words[1:2] == ("upload",))
            or (command.name == "dvc" and words[1:2] == ("push",))
        ):
            return command.evidence
        if (
            command.name == "git"
            and "push" in words
            and any("huggingface.co" in word or "hf.co" in word for word in words)
        ):
            return command.evidence
    return None


def _with_secret(pipeline: Pipeline, job: Job) -> bool:
    given = [*pipeline.environment.values(), *job.environment.values()]
    for step in job.steps:
        given += [*step.environment.values(), *step.inputs.values()]
    return any("secrets." in (text.value or "") for text in given) or any(
        e.text.startswith("secrets.") for step in job.steps for e in step.expressions
    )


def examine(graph: Graph) -> Iterator[Hit]:
    """Publishing jobs without a gate, a condition on what was pushed, or an event that only maintainers cause."""
    calls = Calls.of(graph.pipelines)
    for pipeline in graph.pipelines:
        for job in pipeline.jobs:
            if job.gate or _GUARDED.search(job.condition):
                continue
            found = next(
                (
                    (step, place)
                    for step in job.steps
                    if (place := _publishes(step)) is not None and not _GUARDED.search(step.condition)
                ),
                None,
            )
            if found is None or not _with_secret(pipeline, job):
                continue
            ways = calls.entries(pipeline)
            way = next((w for w in ways if _open(pipeline, w.event) and not same_repository_only(w.condition)), None)
            if way is not None:
                yield Hit(
                    pipeline.asset, f"Job {job.id} publishes on {way.event}, and waits for nobody", (found[1], *way.evidence),
                    Fix("Publish from protected branches or tags, behind an environment that asks for approval"), _ANYWHERE, f"{job.id}:publish",
                )  # fmt: skip


def _open(pipeline: Pipeline, event: str) -> bool:
    """Whether the event comes from more people than those who may release."""
    if event in {"pull_request", "pull_request_target", "issue_comment"}:
        return True
    return event == "push" and "push" not in pipeline.filtered
