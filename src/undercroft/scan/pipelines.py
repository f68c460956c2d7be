"""Pipelines: what runs when somebody pushes, asks or comments, with which token, and whose code it takes.

The words follow GitHub Actions where it has the notion, because GitLab and others are subsets of it here.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.scan.graph import Span, Text
from undercroft.scan.scripts import Script

PUBLIC = frozenset({
    "pull_request", "pull_request_target", "issue_comment", "issues", "discussion", "discussion_comment", "fork", "watch",
    "pull_request_review", "pull_request_review_comment", "workflow_run",
})  # fmt: skip
"""Events that somebody without rights to the repository can cause, or that follow such events."""
MAX_WAYS = 200
"""Ways to one pipeline that are followed; calls nest four deep on the platform."""
PRIVILEGED = frozenset(
    {"pull_request_target", "issue_comment", "issues", "discussion", "discussion_comment", "workflow_run"}
)
"""Those of them that run with the repository's secrets and token although a stranger caused them."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that is pasted into code before the code is run."""

    text: str
    """What stands between ``${{`` and ``}}``, blanks trimmed."""
    evidence: Evidence
    span: Span | None = None
    """The whole expression, delimiters included, when it stands on one line."""
    literal: bool = False
    """Whether it stands in single quotes, where the shell would not fill in a variable."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a pipeline's token may do."""

    evidence: Evidence
    everything: str = ""
    """``write-all`` or ``read-all`` where that is what is written."""
    scopes: Mapping[str, Text] = field(default_factory=dict)
    span: Span | None = None
    """The value, when it is one scalar."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job."""

    name: str
    evidence: Evidence
    uses: Text | None = None
    """Foreign code it runs: ``owner/action@ref``, ``docker://image``, ``./folder``."""
    inputs: Mapping[str, Text] = field(default_factory=dict)
    """What it hands to that code."""
    environment: Mapping[str, Text] = field(default_factory=dict)
    expressions: tuple[Expression, ...] = ()
    """Expressions pasted into the code it runs."""
    shell: str = ""
    """Interpreter of its own code; empty for the default."""
    condition: str = ""
    script: Script | None = None
    run_span: Span | None = None
    """The key its code stands under, for a fix."""
    environment_span: Span | None = None
    """First key of its environment, for a fix."""


@dataclass(frozen=True, slots=True)
class Job:
    """Steps that share a machine, or a call of another pipeline."""

    id: str
    evidence: Evidence
    runner: tuple[str, ...] = ()
    """Labels of the machine it asks for."""
    runner_evidence: Evidence | None = None
    condition: str = ""
    permissions: Permissions | None = None
    environment: Mapping[str, Text] = field(default_factory=dict)
    gate: str = ""
    """Protected environment it waits for, if any."""
    steps: tuple[Step, ...] = ()
    calls: Text | None = None
    """The pipeline it calls: ``./.github/workflows/x.yml`` or ``owner/repo/…@ref``."""
    inputs: Mapping[str, Text] = field(default_factory=dict)
    """What it hands to that pipeline."""
    inherits: Text | None = None
    """``secrets: inherit``, where it is written."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline, or a composite action: steps without triggers of their own."""

    asset: Asset
    format: str
    """``github`` or ``gitlab``."""
    path: str
    head: Evidence
    triggers: Mapping[str, Evidence] = field(default_factory=dict)
    """Event → where it is named."""
    permissions: Permissions | None = None
    environment: Mapping[str, Text] = field(default_factory=dict)
    jobs: tuple[Job, ...] = ()
    secrets: frozenset[str] = frozenset()
    """Secrets it names, wherever in the file."""
    includes: tuple[Text, ...] = ()
    """Foreign pipelines whose text is pasted in (GitLab)."""
    filtered: frozenset[str] = frozenset()
    """Events that count only for some branches or tags."""
    jobs_span: Span | None = None
    """The key ``jobs``, for a fix."""

    def steps(self) -> Iterator[tuple[Job, Step]]:
        """Every step with its job."""
        for job in self.jobs:
            for step in job.steps:
                yield job, step


@dataclass(frozen=True, slots=True)
class Use:
    """A reference to foreign code, in its parts."""

    owner: str
    name: str
    """``repo`` or ``repo/folder``."""
    ref: str
    """Tag, branch or commit; empty when there is none."""

    @property
    def pinned(self) -> bool:
        return re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}|sha256:[0-9a-f]{64}", self.ref) is not None

    @property
    def branch(self) -> bool:
        """Whether the reference looks like a branch rather than a version."""
        return self.ref != "" and not self.pinned and re.match(r"v?\d", self.ref) is None

    @property
    def own(self) -> bool:
        """Whether the publisher is the platform itself."""
        return self.owner.lower() in {"actions", "github"}


def use(text: str) -> Use | None:
    """``owner/repo/folder@ref`` taken apart; ``None`` for local folders and expressions."""
    match = re.fullmatch(r"([\w.\-]+)/([^@\s]+?)(?:@(\S*))?", text.strip())
    if match is None or match[1] in {".", ".."}:
        return None
    return Use(match[1], match[2], match[3] or "")


def called(pipeline: Pipeline, job: Job, pipelines: Mapping[str, Pipeline]) -> Pipeline | None:
    """The pipeline of the same repository that a job calls; ``None`` for a foreign one or one that was not scanned."""
    target = job.calls.value if job.calls is not None else None
    if not target or not target.startswith("./"):
        return None
    root = pipeline.path.partition(".github/")[0]
    return pipelines.get(posixpath.normpath(posixpath.join(root, target)))


def by_path(pipelines: Iterable[Pipeline]) -> dict[str, Pipeline]:
    """The pipelines by their file."""
    return {pipeline.path: pipeline for pipeline in pipelines}


@dataclass(frozen=True, slots=True)
class Entry:
    """A way a pipeline comes to run: the event, and the calls that lead from it."""

    event: str
    path: tuple[tuple[Pipeline, Job], ...]
    """Callers, outermost first; empty where the pipeline has the trigger itself."""
    evidence: tuple[Evidence, ...]

    @property
    def condition(self) -> str:
        return " && ".join(job.condition for _, job in self.path if job.condition)


@dataclass(frozen=True, slots=True)
class Calls:
    """Who calls whom in the same repository, indexed once a scan."""

    callers: Mapping[str, Sequence[tuple[Pipeline, Job]]]
    """File of a pipeline → the jobs that call it."""

    @classmethod
    def of(cls, pipelines: Iterable[Pipeline]) -> "Calls":
        known = by_path(pipelines)
        callers: dict[str, list[tuple[Pipeline, Job]]] = {}
        for pipeline in known.values():
            for job in pipeline.jobs:
                target = called(pipeline, job, known)
                if target is not None:
                    callers.setdefault(target.path, []).append((pipeline, job))
        return cls(callers)

    def entries(self, pipeline: Pipeline) -> list[Entry]:
        """Every way the pipeline comes to run, followed through the calls of the same repository."""
        found: list[Entry] = []
        waiting: list[tuple[Pipeline, tuple[tuple[Pipeline, Job], ...]]] = [(pipeline, ())]
        while waiting and len(found) < MAX_WAYS:
            current, path = waiting.pop()
            hops = tuple(
                job.calls.evidence for _, job in path if job.calls is not None and job.calls.evidence is not None
            )
            found += [
                Entry(event, path, (evidence, *hops))
                for event, evidence in current.triggers.items()
                if event != "workflow_call"
            ]
            around = {pipeline.path, *(one.path for one, _ in path)}
            waiting += [
                (one, ((one, job), *path)) for one, job in self.callers.get(current.path, ()) if one.path not in around
            ]
        return found


def effective(pipeline: Pipeline, job: Job) -> Permissions | None:
    """What the job's token may do as far as it is written: the job's own word before the pipeline's."""
    return job.permissions if job.permissions is not None else pipeline.permissions


def may_write(permissions: Permissions | None) -> bool:
    """Whether any scope is writable; an unwritten one counts as it may be."""
    if permissions is None:
        return True
    return permissions.everything == "write-all" or any(text.value == "write" for text in permissions.scopes.values())


def same_repository_only(condition: str) -> bool:
    """Whether a condition keeps out what comes from forks."""
    return (
        re.search(
            r"head\.repo\.full_name\s*==\s*github\.repository|github\.repository\s*==\s*github\.event\.pull_request\.head\.repo",
            condition,
        )
        is not None
        or re.search(r"head\.repo\.fork\s*==\s*false|!\s*github\.event\.pull_request\.head\.repo\.fork", condition)
        is not None
        or re.search(r"head_repository\.full_name\s*==\s*github\.repository", condition) is not None
    )
