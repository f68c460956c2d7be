"""From a conversation to a workload of the graph. Pure."""

import ipaddress
from collections.abc import Mapping
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.evidence import EndpointEvidence
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.result import Unread
from undercroft.model.setting import Origin, Setting
from undercroft.scan.collect.host.sockets import Sockets
from undercroft.scan.collect.network.client import Peer
from undercroft.scan.collect.network.target import Candidate
from undercroft.scan.graph import Listener, Running, Workload
from undercroft.scan.wire import Identity

UNRECOGNISED = "unrecognised HTTP server"
"""Name of what answers HTTP and is no product the catalogue is sure of."""


def exposure(candidate: Candidate, peer: Peer, sockets: Sockets) -> Exposure:
    """Who can reach what answered, as far as this machine can tell."""
    there = ipaddress.ip_address(peer.address.partition("%")[0])
    if there.is_loopback:
        return sockets.exposure(peer.address, peer.port)
    hop = (Hop(f"answered this machine at {candidate.place}"),)
    if there.is_global:
        return Exposure(
            Reach.INTERNET,
            hop,
            "it has a global address and answered; whether a firewall lets only this machine through was not tried",
        )
    return Exposure(
        Reach.PRIVATE,
        hop,
        "it has a private address and answered; whether something forwards the internet to it is not known",
    )


def _role(fact: ComponentFact | None, port: int) -> str:
    if fact is None:
        return ""
    known = [p.role for p in fact.ports if p.number == port]
    web = {p.role for p in fact.ports if p.protocol == "http"}
    return known[0] if known else web.pop() if len(web) == 1 else ""


def _observed(identity: Identity, peer: Peer, sockets: Sockets, head: EndpointEvidence) -> Mapping[str, Setting]:
    note = "the certificate was not verified" if peer.tls else ""
    found = {"tls": Setting("tls", "on" if peer.tls else "off", Origin.EXPLICIT, (head,), note), **identity.observed}
    if ipaddress.ip_address(peer.address.partition("%")[0]).is_loopback:
        bound = sockets.answering(peer.address, peer.port)
        if bound is not None:
            found.setdefault("bind", Setting("bind", bound.address, Origin.EXPLICIT, (bound.evidence,)))
    return found


def workload(candidate: Candidate, peer: Peer, identity: Identity, sockets: Sockets) -> Workload:
    """The workload that answered. Without a recognised product it has no ``running``, and its head says why."""
    head = identity.first or EndpointEvidence(peer.url, "", "")
    if identity.component is None:
        head = replace(head, response=f"{head.response}; {identity.reason}")
    component, fact = identity.component, identity.fact
    running: tuple[Running, ...] = ()
    if component is not None and fact is not None:
        running = (Running(component, fact, {}, _observed(identity, peer, sockets, head)),)
    name = fact.name if fact is not None else UNRECOGNISED
    asset = Asset(f"live:{candidate.place}", "endpoint", name, (component,) if component else ())
    listener = Listener(
        peer.port, _role(fact, peer.port), exposure(candidate, peer, sockets), (candidate.place,), evidence=head
    )
    return Workload(asset, "live", head, running=running, listeners=(listener,))


def doubts(candidate: Candidate, identity: Identity) -> list[Unread]:
    """What the conversation could not settle."""
    if identity.conflict:
        return [
            Unread(
                candidate.place,
                identity.reason,
                partial=True,
                remedy="report the product and its version: the catalogue is mistaken about one of them",
            )
        ]
    if not identity.answered:
        return [
            Unread(candidate.place, identity.reason, remedy="see that it runs and speaks HTTP/1.1, then scan again")
        ]
    silent = identity.asked - identity.answered
    if silent:
        return [
            Unread(
                candidate.place,
                f"{silent} of {identity.asked} questions were not answered",
                partial=True,
                remedy="scan it again when it is less busy",
            )
        ]
    return []
