"""One scan for the loop: what was found, and what was looked at to find it."""

from collections.abc import Callable, Mapping

from undercroft.catalogue.schema import ComponentFact
from undercroft.loop.drift import Looked
from undercroft.scan.graph import Graph
from undercroft.scan.run import Request, is_path, scan


def look(
    request: Request, components: Mapping[str, ComponentFact], progress: Callable[[str], None] = lambda _: None
) -> tuple[Graph, Looked]:
    """The graph of all targets. Raises :class:`undercroft.scan.run.CannotRun`."""
    observed = scan(request, dict(components), progress)
    endpoints = [target for target in request.targets if not is_path(target)]
    unread = observed.result.could_not_read
    return observed.graph, Looked(len(endpoints) < len(request.targets), _asked(endpoints, components), unread)


def _asked(endpoints: list[str], components: Mapping[str, ComponentFact]) -> frozenset[str]:
    if not endpoints:
        return frozenset()
    from undercroft.scan.collect.network.target import TargetError, parse

    ports = sorted({p.number for fact in components.values() for p in fact.ports if p.protocol == "http"})
    asked: set[str] = set()
    for target in endpoints:
        try:
            asked |= {candidate.place for candidate in parse(target, ports)}
        except TargetError:
            continue  # the scan says so in what could not be read
    return frozenset(asked)
