"""Listeners that more than their own machine can reach, with the component that answers there. Shared by the checks of exposure."""

from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Reach
from undercroft.scan.graph import Graph, Listener, Running, Workload
from undercroft.scan.identify import ports

STORES = frozenset({"store", "vector-store"})
"""Kinds of the catalogue that hold data for others: databases, object stores, queues, caches, vector stores."""
_SERVICE = frozenset({"inference", "data", "web"})


def answering(workload: Workload, listener: Listener) -> Running | None:
    """The component behind a listener: the one that is known to listen there, else the workload's first."""
    for running in workload.running:
        if listener.port in ports((running,)) or listener.port in {p.number for p in running.fact.ports}:
            return running
    return workload.running[0] if workload.running else None


def beyond_the_host(listener: Listener) -> bool:
    """Whether others than the machine and its own network of containers reach it, by a publication and not by a cluster's route."""
    reach = listener.exposure.reach
    return (
        reach is not None
        and reach >= Reach.PRIVATE
        and not any("Service/" in hop.what for hop in listener.exposure.path)
    )


def opened(graph: Graph) -> Iterator[tuple[Workload, Running, Listener]]:
    """Every listener of a recognised component that is open beyond the host."""
    for workload in graph.workloads:
        for listener in workload.listeners:
            running = answering(workload, listener)
            if running is not None and beyond_the_host(listener):
                yield workload, running, listener


def is_store(running: Running, listener: Listener) -> bool:
    """Whether data is served there: a store's port that is neither its console nor its figures."""
    return running.fact.kind in STORES and listener.role not in {"administration", "metrics", "web"}


def default_login(workload: Workload, running: Running) -> bool:
    """Whether a fresh installation lets a documented account in, and nothing here replaces its password."""
    for each in running.fact.credentials:
        if not each.active or not each.user or each.versions:
            continue
        setting = running.settings.get(each.setting)
        written = workload.environment.get(each.setting)
        value = (
            written.value
            if written is not None
            else setting.value
            if setting is not None and setting.known
            else each.secret
        )
        if value in {each.secret, None} and (written is None or written.value is not None):
            return not any(name.upper().startswith(f"{each.setting}_") for name in workload.environment)
    return False


def is_administration(workload: Workload, running: Running, listener: Listener) -> bool:
    """Whether only administrators have business there: a console beside the service, or a page with a login everybody knows."""
    if listener.role == "administration":
        beside = any(port.role in _SERVICE and port.number != listener.port for port in running.fact.ports)
        return beside or running.fact.kind in {"dashboard", "system"}
    return listener.role == "web" and running.fact.kind == "dashboard" and default_login(workload, running)


def places(listener: Listener) -> tuple[Evidence, ...]:
    """Where the listener's opening is written."""
    if listener.evidence is not None:
        return (listener.evidence,)
    return tuple(hop.evidence for hop in listener.exposure.path if hop.evidence)


def named(listener: Listener) -> str:
    """The port for people."""
    return f"port {listener.port}" if listener.port is not None else "a port"
