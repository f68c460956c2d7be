"""Looks at network targets: finds what is open, speaks to it, and reports what could not be looked at.

Ports that are closed are the ordinary case in a range and a finding of their own when somebody named them.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.result import Unread
from undercroft.scan.collect.host import sockets
from undercroft.scan.collect.network import client, live
from undercroft.scan.collect.network.limits import Limits
from undercroft.scan.collect.network.pace import Pace
from undercroft.scan.collect.network.scope import Scope, ScopeError
from undercroft.scan.collect.network.scope import address as literal
from undercroft.scan.collect.network.target import Candidate, TargetError, parse
from undercroft.scan.exchange import LATE, Ask, Heard, Reply, Silent
from undercroft.scan.graph import Workload
from undercroft.scan.wire import Identity, converse, read_calls

Progress = Callable[[int, int, str], None]
"""Called with endpoints done, endpoints in all, and the one just done."""


@dataclass(slots=True)
class _Sweep:
    components: Mapping[str, ComponentFact]
    scope: Scope
    limits: Limits
    token: str
    sockets: sockets.Sockets
    context: ssl.SSLContext = field(default_factory=client.trusting)
    workloads: list[Workload] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    answered: int = 0
    seen: dict[tuple[str, int], str] = field(default_factory=dict)
    """Address and port → place, so that two names of one endpoint are looked at once."""
    paces: dict[str, Pace] = field(default_factory=dict)
    reads: frozenset[Ask] = frozenset()

    def pace(self, address: str) -> Pace:
        if address not in self.paces:
            loopback = ipaddress.ip_address(address.partition("%")[0]).is_loopback
            self.paces[address] = Pace(self.limits.loopback_rate if loopback else self.limits.rate)
        return self.paces[address]

    async def resolve(self, candidate: Candidate) -> list[str]:
        """The addresses of a host, in the resolver's order. Raises ``OSError``."""
        try:
            return [str(ipaddress.ip_address(candidate.host))]
        except ValueError:
            if candidate.host.lower() == "localhost":
                return ["127.0.0.1", "::1"]
        found = await asyncio.get_running_loop().getaddrinfo(candidate.host, candidate.port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    async def opens(self, candidate: Candidate, address: str) -> str:
        """Why no connection opens; empty when one does."""
        await self.pace(address).wait()
        try:
            async with asyncio.timeout(self.limits.connect):
                _, writer = await asyncio.open_connection(address, candidate.port)
        except TimeoutError:
            return f"no connection within {self.limits.connect:g} s"
        except OSError as error:
            return client.plainly(error)
        writer.transport.abort()
        return ""

    async def ask(self, ask: Ask, peer: client.Peer, until: float) -> Reply:
        pace = self.pace(peer.address)
        try:
            async with asyncio.timeout_at(until):
                await pace.wait()
                if ask.path != LATE:
                    return await client.exchange(ask, peer, self.limits, self.reads, self.context)
                async with pace.late:
                    return await client.exchange(ask, peer, self.limits, self.reads, self.context)
        except TimeoutError:
            return Silent(f"the {self.limits.endpoint:g} s for one endpoint are used up")

    async def talk(self, candidate: Candidate, address: str) -> tuple[client.Peer, Identity]:
        """The conversation, over plain HTTP or TLS, whichever is spoken."""
        until = asyncio.get_running_loop().time() + self.limits.endpoint
        peer = client.Peer(address, candidate.port, candidate.host, candidate.scheme == "https", candidate.base)
        conversation = converse(self.components, self.token, peer.url)
        ask = next(conversation)
        reply = await self.ask(ask, peer, until)
        if candidate.scheme is None and _wants_tls(reply):
            secure = client.Peer(address, candidate.port, candidate.host, tls=True, base=candidate.base)
            other = await self.ask(ask, secure, until)
            if isinstance(other, Heard):
                peer, reply = secure, other
                conversation = converse(self.components, self.token, peer.url)
                next(conversation)
        while True:
            try:
                ask = conversation.send(reply)
            except StopIteration as end:
                identity: Identity = end.value
                return peer, identity
            reply = await self.ask(ask, peer, until)

    async def look(self, candidate: Candidate) -> None:
        try:
            addresses = await self.resolve(candidate)
        except OSError as error:
            self.unread.append(
                Unread(candidate.place, f"the name cannot be resolved: {error.strerror}", remedy="check its spelling")
            )
            return
        outside = [a for a in addresses if not self.scope.holds(candidate.host, a)]
        if outside:
            reason = (
                f"{outside[0]} is not in scope"
                if outside[0] == candidate.host
                else f"it resolves to {outside[0]}, which is not in scope"
            )
            self.unread.append(
                Unread(candidate.place, reason, remedy=f"if it is yours to scan, add --scope {outside[0]}")
            )
            return
        closed = ""
        for address in addresses:
            why = await self.opens(candidate, address)
            if why:
                closed = closed or why
                continue
            first = self.seen.setdefault((address, candidate.port), candidate.place)
            if first != candidate.place:
                return
            peer, identity = await self.talk(candidate, address)
            self.unread += live.doubts(candidate, identity)
            if identity.answered:
                self.answered += 1
                self.workloads.append(live.workload(candidate, peer, identity, self.sockets))
            return
        if candidate.named or closed.startswith("no connection within"):
            self.unread.append(
                Unread(candidate.place, closed, remedy="see that it runs and that nothing filters the port")
            )


def _wants_tls(reply: Reply) -> bool:
    """Whether an answer to plain HTTP looks like that of a TLS port: silence, garbage, or nginx's and Go's 400 that says so."""
    if isinstance(reply, Silent):
        return "within" not in reply.reason
    return reply.status == 400 and b"https" in reply.body[:4096].lower()


def _parsed(targets: Sequence[str], components: Mapping[str, ComponentFact]) -> tuple[list[Candidate], list[Unread]]:
    ports = sorted({p.number for fact in components.values() for p in fact.ports if p.protocol == "http"})
    candidates: dict[tuple[str, int], Candidate] = {}
    unread = []
    for target in targets:
        try:
            for candidate in parse(target, ports):
                key = (candidate.host, candidate.port)
                if key not in candidates or (candidate.named and not candidates[key].named):
                    candidates[key] = candidate
        except TargetError as error:
            unread.append(
                Unread(
                    target,
                    str(error),
                    remedy="write a URL, host:port, a host, or a range such as 10.0.0.0/28:8000-8010",
                )
            )
    return list(candidates.values()), unread


async def gather(
    targets: Sequence[str],
    components: Mapping[str, ComponentFact],
    *,
    scope: Scope,
    limits: Limits,
    token: str,
    progress: Progress | None = None,
) -> tuple[list[Workload], list[Unread], int]:
    """Workloads of format ``live``, what could not be looked at, and how many endpoints answered.

    What is out of scope is not spoken to and comes back as an :class:`Unread`, like a target that cannot be understood.
    """
    candidates, unread = _parsed(targets, components)
    sweep = _Sweep(components, scope, limits, token, sockets.read(), unread=unread, reads=read_calls(components))
    gate = asyncio.Semaphore(limits.connections)
    done = 0

    async def one(candidate: Candidate) -> None:
        nonlocal done
        async with gate:
            await sweep.look(candidate)
        done += 1
        if progress is not None:
            progress(done, len(candidates), candidate.place)

    tasks = {asyncio.create_task(one(candidate)): candidate for candidate in candidates}
    if tasks:
        finished, late = await asyncio.wait(tasks, timeout=limits.total)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        reason = f"the {limits.total:g} s for the network scan ran out before"
        sweep.unread += [
            Unread(c.place, reason, remedy="scan fewer targets at a time") for t, c in tasks.items() if t in late
        ]
        for task in finished:
            task.result()
    order = {candidate.place: i for i, candidate in enumerate(candidates)}
    sweep.workloads.sort(key=lambda w: order[w.listeners[0].addresses[0]])
    sweep.unread.sort(key=lambda u: order.get(u.place, -1))
    return sweep.workloads, sweep.unread, sweep.answered


def permit(targets: Sequence[str], scope: Sequence[str]) -> Scope:
    """The scope, once every target is understood and no address written out lies beyond it. Nothing is sent.

    Raises :class:`ScopeError` and :class:`TargetError`, both ``ValueError``, with the remedy. A name is resolved when its turn comes; where it then leads out of scope it is an ``Unread``.
    """
    granted = Scope.of(scope)
    for target in targets:
        for candidate in parse(target, (80,)):
            try:
                literal(candidate.host)
            except ValueError:
                continue  # a name
            if not granted.holds(candidate.host, candidate.host):
                raise ScopeError(
                    f"{target}: {candidate.host} is not in scope; if it is yours to scan, add --scope {candidate.host}"
                )
    return granted


def collect(
    targets: Sequence[str],
    components: Mapping[str, ComponentFact],
    *,
    scope: Scope,
    limits: Limits,
    token: str,
    progress: Progress | None = None,
) -> tuple[list[Workload], list[Unread], int]:
    """What answers at ``targets``: workloads of format ``live``, what could not be looked at, and how many endpoints answered.

    ``token`` is the random part (letters and digits) of the path nobody has. Raises nothing for a peer or a target: what cannot
    be understood or is out of scope is an :class:`Unread` with its remedy; :func:`permit` finds those before anything is sent.
    Must not be called inside a running event loop; use :func:`gather` there.
    """
    return asyncio.run(gather(targets, components, scope=scope, limits=limits, token=token, progress=progress))
