"""Drives a scan: targets in, one result out. What could not be looked at comes out with what could."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from undercroft.catalogue import store
from undercroft.catalogue.advisories.match import Advisories
from undercroft.catalogue.schema import ComponentFact
from undercroft.model.evidence import EndpointEvidence, FileEvidence
from undercroft.model.finding import Finding
from undercroft.model.result import Held, ScanResult, Seen, Suppressed, Unread
from undercroft.scan import feed
from undercroft.scan.check import judge
from undercroft.scan.collect.files import collect as files
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.host import environment
from undercroft.scan.graph import Graph, Workload
from undercroft.scan.inventory import installed
from undercroft.scan.paths import attack_paths

_IGNORE = re.compile(r"#\s*undercroft:\s*ignore\[(?P<checks>[\w\-, ]+)\]\s*(?P<reason>.*)$")


class CannotRun(ValueError):
    """The scan cannot be started: a target that is not there or out of scope. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to scan."""

    targets: tuple[str, ...]
    """Paths, URLs, ``host:port`` or CIDR ranges, as typed."""
    scope: tuple[str, ...] = ()
    """Network ranges beyond loopback that may be asked."""
    token: str = "undercroft"  # noqa: S105 - a path segment, no credential
    """Random part of the path that is asked first, to know servers that answer 200 to everything."""
    environments: tuple[str, ...] = ()
    """Python environments whose packages are looked at: interpreters or the folders they stand in."""
    today: date | None = None
    """The day by which advisories are called stale; ``None``: their age is not judged."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The graph behind a result, for those who go on with it (drift, harden)."""

    graph: Graph
    result: ScanResult


def is_path(target: str) -> bool:
    """Whether a target names files. What exists is a path; so is what looks like one."""
    return (
        Path(target).exists()
        or target.startswith((".", "/", "~"))
        or not re.search(r"[:/]|^\d+\.\d+|^localhost$", target)
    )


def _suppressed(finding: Finding, sources: dict[str, Source]) -> str | None:
    """The reason for which a finding is ignored on its own line, or ``None``. A suppression without a reason does not count."""
    for evidence in finding.evidence:
        if not isinstance(evidence, FileEvidence) or evidence.file not in sources:
            continue
        match = _IGNORE.search(sources[evidence.file].line(evidence.line))
        if match and finding.check in {c.strip() for c in match["checks"].split(",")} and match["reason"].strip():
            return match["reason"].strip()
    return None


def inventory(graph: Graph) -> tuple[Seen, ...]:
    """Recognised components, one entry for each workload they run in."""
    found = []
    for workload, running in graph.components():
        seen = (
            any(isinstance(e, EndpointEvidence) for s in running.observed.values() for e in s.evidence)
            or workload.format == "live"
        )
        declared = isinstance(workload.head, FileEvidence)
        addresses = tuple(a for listener in workload.listeners for a in listener.addresses)
        sources = (*(("declared",) if declared else ()), *(("observed",) if seen else ()))
        component = running.component
        found.append(
            Seen(
                workload.asset.key, workload.asset.name, component.slug, component.version, component.reason, running.fact.depth,
                workload.exposure.label, addresses, sources,
            )
        )  # fmt: skip
    return tuple(found)


def _network(
    targets: Sequence[str], request: Request, components: Mapping[str, ComponentFact], progress: Callable[[str], None]
) -> tuple[list[Workload], list[Unread], int]:
    try:
        from undercroft.scan.collect.network.limits import Limits
        from undercroft.scan.collect.network.sweep import collect, permit
    except ImportError as error:
        needed = "pip install 'undercroft[live]'"
        raise CannotRun(f"scanning {targets[0]} needs the live extra: {needed} ({error.name} is missing)") from error
    try:
        scope = permit(targets, request.scope)
    except ValueError as error:
        raise CannotRun(str(error)) from error
    return collect(
        targets,
        components,
        scope=scope,
        limits=Limits(),
        token=request.token,
        progress=lambda _done, _of, place: progress(place),
    )


def _held(graph: Graph) -> tuple[Held, ...]:
    """Every package, for the bill of materials; products that no ecosystem packages under their component's name."""
    every = installed(graph)
    packaged = {(p.asset.key, p.written) for p in every if p.ecosystem != "product" and p.written}
    packaged |= {(p.asset.key, p.name) for p in every if p.ecosystem != "product"}
    return tuple(
        Held(p.ecosystem, p.name, p.version, p.asset.key, p.evidence.where, p.reason)
        for p in every
        if p.ecosystem != "product" or (p.asset.key, p.name) not in packaged
    )


def _informed(graph: Graph, advisories: Advisories | None, today: date | None) -> Graph:
    """The graph with a feed, when it has packages to ask about. Advisories that cannot be opened are a feed that says so."""
    if not installed(graph):
        return graph
    try:
        opened = store.load() if advisories is None else store.Opened(advisories, store.SHIPPED, shipped=False)
        given = feed.of(opened.advisories, today, opened.note)
    except (OSError, ValueError, RuntimeError) as error:
        given = feed.missing(f"the advisories cannot be opened ({error}); run undercroft advisories update")
    return replace(graph, feeds=(given,))


def scan(
    request: Request,
    components: Mapping[str, ComponentFact],
    progress: Callable[[str], None] = lambda _: None,
    advisories: Advisories | None = None,
) -> Observed:
    """Scan all targets into one graph and judge it, by ``advisories`` or those that are installed.

    Raises :class:`CannotRun` before anything is read or sent.
    """
    paths = [Path(target).expanduser() for target in request.targets if is_path(target)]
    endpoints = [target for target in request.targets if not is_path(target)]
    for path in paths:
        if not files.readable(path):
            raise CannotRun(
                f"{path}: no such file or folder, or it may not be read; give an existing path, a URL or host:port"
            )
    try:
        environments = [environment.collect(place) for place in request.environments]
    except environment.NoEnvironment as error:
        raise CannotRun(str(error)) from error
    graph, unread, sources, read = files.collect(paths, components, progress)
    graph = Graph.joined((graph, *environments))
    joined: tuple[str, ...] = ()
    answered = 0
    if endpoints:
        from undercroft.scan.join import join

        live, missed, answered = _network(endpoints, request, components, progress)
        unread += missed
        workloads, joined = join((*graph.workloads, *live))
        graph = replace(graph, workloads=workloads)
    graph = _informed(graph, advisories, request.today)
    findings, suppressed = [], []
    for found in judge(graph):
        reason = _suppressed(found, sources)
        if reason is None:
            findings.append(found)
        else:
            suppressed.append(Suppressed(found.check, found.asset.key, found.fingerprint, reason, "comment"))
    result = ScanResult(
        request.targets, ("127.0.0.0/8", "::1", *request.scope) if endpoints else (), tuple(findings), inventory(graph), tuple(unread),
        read, answered, joined, tuple(suppressed), attack_paths(graph), packages=_held(graph),
    )  # fmt: skip
    return Observed(graph, result)
