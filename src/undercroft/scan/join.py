"""Declared and observed things that are one thing. Pure.

A listener declared in a file and one that answered are the same where they stand on the same host and port. Failing that, a
scanned host name that is a declared workload's own name is that workload. Products that contradict each other are never
joined: something else answering where vLLM was declared is news, and a sentence says so.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import replace

from undercroft.model.asset import Certainty, Component
from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.scan.graph import Listener, Running, Workload

DECLARED = frozenset({"compose", "kubernetes"})
"""Formats that say where something listens. A Dockerfile is an image, not a deployment."""
_LOOPBACK = "loopback"


def _split(place: str) -> tuple[str, str]:
    host, _, port = place.rpartition(":")
    return host.strip("[]").lower().rstrip("."), port


def place(address: str) -> str:
    """``host:port`` in one spelling: every loopback and wildcard address is the same machine's."""
    host, port = _split(address)
    if host == "localhost":
        return f"{_LOOPBACK}:{port}"
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return f"{host}:{port}"
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    found = mapped or found
    return f"{_LOOPBACK if found.is_loopback or found.is_unspecified else found}:{port}"


def _places(workload: Workload) -> frozenset[str]:
    return frozenset(place(address) for listener in workload.listeners for address in listener.addresses)


def _slugs(workload: Workload) -> frozenset[str]:
    return frozenset(running.component.slug for running in workload.running)


def _own_name(declared: Workload) -> str:
    """The workload's name without kind, container or namespace: ``Deployment/mlflow (server)`` is ``mlflow``."""
    return declared.asset.name.partition(" (")[0].rpartition("/")[2].lower()


def _named(declared: Workload, live: Workload) -> bool:
    """Whether the scanned host name is the declared workload's, on a port it has or does not tell."""
    ports = {listener.port for listener in declared.listeners if listener.port is not None}
    for listener in live.listeners:
        for address in listener.addresses:
            host, port = _split(address)
            if host.partition(".")[0] == _own_name(declared) and (not ports or int(port) in ports):
                return True
    return False


def _component(declared: Component, observed: Component) -> Component:
    evidence = tuple(dict.fromkeys((*declared.evidence, *observed.evidence)))
    if observed.certainty is Certainty.EXACT or declared.version is None:
        return replace(observed, evidence=evidence)
    return replace(declared, evidence=evidence)


def _running(declared: Workload, live: Workload) -> tuple[Running, ...]:
    seen = {running.component.slug: running for running in live.running}
    joined = []
    for each in declared.running:
        other = seen.pop(each.component.slug, None)
        if other is not None:
            component = _component(each.component, other.component)
            joined.append(replace(each, component=component, observed={**each.observed, **other.observed}))
        else:
            joined.append(each)
    return (*joined, *seen.values())


def _listeners(declared: Workload, live: Workload) -> tuple[Listener, ...]:
    rest = list(live.listeners)
    joined = []
    for listener in declared.listeners:
        places = {place(address) for address in listener.addresses}
        merged = listener
        for other in [
            o for o in rest if places & {place(a) for a in o.addresses} or (not places and o.port == listener.port)
        ]:
            rest.remove(other)
            merged = replace(
                merged,
                role=merged.role or other.role,
                exposure=other.exposure
                if merged.exposure is UNKNOWN_EXPOSURE
                else merged.exposure.wider(other.exposure),
                addresses=tuple(dict.fromkeys((*merged.addresses, *other.addresses))),
                evidence=merged.evidence or other.evidence,
            )
        joined.append(merged)
    return (*joined, *rest)


def _join(declared: Workload, live: Workload) -> Workload:
    running = _running(declared, live)
    asset = replace(declared.asset, components=tuple(r.component for r in running) or declared.asset.components)
    return replace(declared, asset=asset, running=running, listeners=_listeners(declared, live))


def _versions(declared: Workload, live: Workload) -> str:
    """The words for a version that is not the declared one; empty where they agree or one is unknown."""
    written = {r.component.slug: r.component.version for r in declared.running}
    for running in live.running:
        before, now = written.get(running.component.slug), running.component.version
        if before and now and before != now and running.component.certainty is Certainty.EXACT:
            return f"; it declares {running.fact.name} {before} and runs {now}"
    return ""


def _products(workload: Workload) -> str:
    return " and ".join(running.fact.name for running in workload.running)


def _match(declared: Sequence[Workload], live: Workload) -> tuple[list[int], str]:
    """Indices of the declared workloads a live one may be, and the words for why."""
    there = _places(live)
    same = [i for i, each in enumerate(declared) if each.format in DECLARED and _places(each) & there]
    if same:
        return same, f"both are at {live.listeners[0].addresses[0]}"
    named = [i for i, each in enumerate(declared) if each.format in DECLARED and _named(each, live)]
    return named, f"the host scanned as {live.listeners[0].addresses[0]} has its name"


def join(workloads: Sequence[Workload]) -> tuple[tuple[Workload, ...], tuple[str, ...]]:
    """The workloads with every live one folded into the declaration it belongs to, and sentences that say which and why.

    The declared asset's key survives. A live workload that belongs to no declaration, or contradicts it, stays as it is.
    """
    kept = [w for w in workloads if w.format != "live"]
    alone: list[Workload] = []
    sentences: list[str] = []
    for live in (w for w in workloads if w.format == "live"):
        if not live.listeners or not live.listeners[0].addresses:
            alone.append(live)
            continue
        here = live.listeners[0].addresses[0]
        candidates, why = _match(kept, live)
        agreeing = [i for i in candidates if not _slugs(kept[i]) or not _slugs(live) or _slugs(kept[i]) & _slugs(live)]
        agreeing.sort(key=lambda i: not _slugs(kept[i]) & _slugs(live))
        sentences += [
            f"{kept[i].asset.key} declares {_products(kept[i])} and {_products(live)} answers at {here}: not taken for one"
            for i in candidates
            if i not in agreeing
        ]
        if not agreeing:
            alone.append(live)
            continue
        chosen = agreeing[0]
        others = ", ".join(kept[i].asset.key for i in agreeing[1:])
        what = _products(live) or live.asset.name
        sentences.append(
            f"{kept[chosen].asset.key} and {what} at {here} are taken for one: {why}{_versions(kept[chosen], live)}"
            + (f"; {others} would fit as well" if others else "")
        )
        kept[chosen] = _join(kept[chosen], live)
    return (*kept, *alone), tuple(sentences)
