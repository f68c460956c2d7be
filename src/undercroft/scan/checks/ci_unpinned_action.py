"""A pipeline runs foreign code that can change under the same name.

What it does
    Finds actions, reusable workflows, container actions and included pipelines that are taken by tag or branch, and not by commit or
    digest. Actions of the platform itself (``actions/…``, ``github/…``) by tag are one low finding a workflow; a branch weighs more
    than a tag, and more still where secrets or cloud credentials are at hand.

Why it matters
    A tag moves with whoever can push to that repository. When one of them was taken over in March 2025 (CVE-2025-30066), every
    pipeline that named it by tag printed its secrets. The same pipelines push models and images.

How to fix it
    Name the commit, with the version as a comment (``owner/action@<40 hex digits> # v4.2.2``), and let a bot move it by pull request.
    For GitLab: ``include: project`` with a commit as ``ref``, ``include: remote`` with ``integrity``.

Unknown
    Nothing: a reference that is no commit can move.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph, Text
from undercroft.scan.pipelines import Job, Pipeline, Step, Use, effective, use

_SAMPLE = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: USES\n"
_FILE = ".github/workflows/a.yml"

CHECK = Check(
    title="Pipeline code that can change under the same name",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_CICD,
    references=(
        "CWE-829", "CWE-1357", "OWASP A03:2025", "OWASP A08:2025", "ATT&CK T1195.001", "CICD-SEC-3",
        "https://docs.github.com/en/actions/reference/security/secure-use",
    ),
    weighed=False,
    examples=(
        Example("a third party's tag", "present", _SAMPLE.replace("USES", "iterative/setup-dvc@v1"), file=_FILE),
        Example("a third party's branch", "present", _SAMPLE.replace("USES", "owner/action@main"), file=_FILE),
        Example("the platform's own, by tag", "present", _SAMPLE.replace("USES", "actions/checkout@v4"), file=_FILE),
        Example("a container by tag", "present", _SAMPLE.replace("USES", "docker://ghcr.io/o/tool:1"), file=_FILE),
        Example("a reusable workflow by branch", "present", "on: push\npermissions: {}\njobs:\n  a:\n    uses: o/r/.github/workflows/x.yml@main\n", file=_FILE),
        Example("in a composite action", "present", "runs:\n  using: composite\n  steps:\n    - uses: owner/action@v2\n", file="action.yml"),
        Example("a GitLab project without a ref", "present", "include:\n  - project: group/templates\n    file: a.yml\nbuild:\n  script: [make]\n", file=".gitlab-ci.yml"),
        Example("a remote GitLab file", "present", "include:\n  - remote: https://example.com/a.yml\nbuild:\n  script: [make]\n", file=".gitlab-ci.yml"),
        Example("a commit", "absent", _SAMPLE.replace("USES", "owner/action@0123456789abcdef0123456789abcdef01234567 # v1"), file=_FILE),
        Example("a folder of the same repository", "absent", _SAMPLE.replace("USES", "./.github/actions/a"), file=_FILE),
        Example("a container by digest", "absent", _SAMPLE.replace("USES", "docker://ghcr.io/o/tool@sha256:" + "a" * 64), file=_FILE),
        Example("a GitLab project at a commit", "absent", "include:\n  - project: group/templates\n    ref: 0123456789abcdef0123456789abcdef01234567\n    file: a.yml\nbuild:\n  script: [make]\n", file=".gitlab-ci.yml"),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")


def _references(pipeline: Pipeline) -> Iterator[tuple[Text, Job | None, Step | None]]:
    for text in pipeline.includes:
        yield text, None, None
    for job in pipeline.jobs:
        if job.calls is not None:
            yield job.calls, job, None
        for step in job.steps:
            if step.uses is not None:
                yield step.uses, job, step


def _parts(text: str) -> Use | None:
    if text.startswith("docker://"):
        image, _, digest = text.removeprefix("docker://").partition("@")
        return Use("", image, digest)
    if "://" in text:
        address, _, pin = text.rpartition("@")
        return Use("", address, pin)
    return use(text)


def _holds_secrets(pipeline: Pipeline, job: Job | None, step: Step | None) -> bool:
    """Whether secrets or a cloud identity are in reach of the code."""
    if job is None:
        return True
    given = [
        *(step.environment.values() if step else ()),
        *(step.inputs.values() if step else ()),
        *job.environment.values(),
        *pipeline.environment.values(),
    ]
    if any("secrets." in (text.value or "") for text in given) or job.inherits is not None:
        return True
    rights = effective(pipeline, job)
    return rights is not None and (
        rights.everything == "write-all" or any(text.value == "write" for text in rights.scopes.values())
    )


@dataclass(slots=True)
class _Seen:
    """One reference, wherever the pipeline names it."""

    use: Use
    places: list[Evidence] = field(default_factory=list)
    secrets: bool = False


def _gathered(pipeline: Pipeline) -> dict[str, _Seen]:
    """References that are no commit, by how they are written."""
    found: dict[str, _Seen] = {}
    for text, job, step in _references(pipeline):
        parts = _parts(text.value or "")
        if parts is None or parts.pinned or text.evidence is None or "${{" in (text.value or ""):
            continue
        seen = found.setdefault((text.value or "").rstrip("@"), _Seen(parts))
        seen.places.append(text.evidence)
        seen.secrets = seen.secrets or _holds_secrets(pipeline, job, step)
    return found


def _listed(found: dict[str, _Seen]) -> tuple[str, tuple[Evidence, ...]]:
    names = list(found)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more, tuple(dict.fromkeys(place for seen in found.values() for place in seen.places))


def examine(graph: Graph) -> Iterator[Hit]:
    """References that are no commit: each branch a finding of its own; tags together, the platform's apart from the others."""
    fix = Fix("Name the commit, with the version as a comment")
    for pipeline in graph.pipelines:
        found = _gathered(pipeline)
        branches = {name: seen for name, seen in found.items() if seen.use.branch}
        own = {name: seen for name, seen in found.items() if seen.use.own and name not in branches}
        others = {name: seen for name, seen in found.items() if name not in branches and name not in own}
        for name, seen in branches.items():
            severity = Severity.HIGH if seen.secrets else Severity.MEDIUM
            title = f"{name} is a branch" + (", with secrets at hand" if seen.secrets else "")
            yield Hit(
                pipeline.asset,
                title,
                tuple(dict.fromkeys(seen.places)),
                fix,
                _ANYWHERE,
                f"uses:{name}",
                severity=severity,
            )
        if others:
            names, places = _listed(others)
            yield Hit(
                pipeline.asset,
                f"Code of others is named by tag, not by commit: {names}",
                places,
                fix,
                _ANYWHERE,
                "uses:others",
            )
        if own:
            names, places = _listed(own)
            yield Hit(
                pipeline.asset,
                f"Actions of the platform are named by tag: {names}",
                places,
                fix,
                _ANYWHERE,
                "uses:platform",
                severity=Severity.LOW,
            )
