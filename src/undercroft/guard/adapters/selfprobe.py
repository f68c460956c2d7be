"""Before the port is announced, every limit is tried over a real loopback socket; one that does not hold keeps the guard from serving.

The probes run against private listeners: the same pipeline, policies, limits and proxy code as the public port will have, in
front of a small upstream of their own, with a key that exists only in memory. So they prove that this build, with this
configuration, on this machine, refuses what it must. They do not prove anything about the model server or the network in front.

All run at once, each against a listener of its own, so that the start takes about as long as the header deadline.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from undercroft.guard.adapters.drive import play
from undercroft.guard.adapters.proxy import Proxy
from undercroft.guard.adapters.upstream import Address
from undercroft.guard.codes import Code
from undercroft.guard.context import Context
from undercroft.guard.keyring import KeyRecord, KeyRing, digest, make
from undercroft.guard.limits import Limits
from undercroft.guard.pipeline import Pipeline
from undercroft.guard.policies import Policy
from undercroft.guard.probes import ENDLESS, NARROWED, STALL, Probe, hurried, probes
from undercroft.guard.profile import Profile, Route
from undercroft.model.event import Event
from undercroft.stimuli.stimulus import Observation, Stimulus, Target

_ANSWER = b'{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
_PATH = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe showed."""

    limit: str
    held: bool
    seen: str
    """What came back, for the message when it did not hold."""


class _Upstream(asyncio.Protocol):
    """Answers the guard's own, well-known writing of a request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, mark, body = self._data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
        if not mark or len(body) < length:
            return
        self._data = b""
        if STALL.encode() in body:
            return
        write = self._transport.write  # type: ignore[attr-defined] # a stream transport
        if ENDLESS.encode() in body:
            write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n6\r\n: on\n\n\r\n"
            )
        else:
            write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
                % (len(_ANSWER), _ANSWER)
            )


async def self_probe(
    limits: Limits, policies: tuple[Policy, ...] | None = None, only: frozenset[str] = frozenset()
) -> list[ProbeResult]:  # fmt: skip
    """Try every limit. ``policies``: those of the folder when not given; ``only`` names the limits to try, all when empty.

    Takes about ``limits.header_timeout + 1`` seconds. Raises :class:`OSError` when loopback cannot be listened on.
    """
    upstream = await asyncio.get_running_loop().create_server(_Upstream, "127.0.0.1", 0)
    address = Address("127.0.0.1", upstream.sockets[0].getsockname()[1])
    key = make("probe0", secrets.token_urlsafe(32))
    target = Target("127.0.0.1", _PATH, key=key)
    chosen = [probe for probe in probes(target, limits) if not only or probe.limit in only]
    try:
        return list(await asyncio.gather(*(_try(probe, limits, policies, address, key) for probe in chosen)))
    finally:
        upstream.close()


async def _try(
    probe: Probe, limits: Limits, policies: tuple[Policy, ...] | None, upstream: Address, key: str
) -> ProbeResult:
    used = limits if probe.real_time else hurried(limits)
    if probe.limit in NARROWED:
        used = NARROWED[probe.limit](used)
    route = Route(_PATH, frozenset({"POST"}), "openai.chat", health=False)
    ids = iter(range(1_000_000))
    context = Context(
        used, Profile("self-probe", {_PATH: route}, (), {}), KeyRing((KeyRecord("probe0", "self-probe", digest(key), 0.0),)),
        new_id=lambda: f"probe-{next(ids)}", epoch_offset=0.0,
    )  # fmt: skip
    events: list[Event] = []
    proxy = Proxy(Pipeline(context, policies), upstream, events.append, sweep_seconds=0.05)
    host, port = await proxy.start("127.0.0.1", 0)
    running: list[asyncio.Task[object]] = []
    try:
        for stimulus in probe.before:
            task: asyncio.Task[object] = asyncio.get_running_loop().create_task(play(stimulus, host, port))
            running.append(task)
            if probe.hold:
                await _until(lambda: context.ledger.in_flight_tokens > 0)
            else:
                await task
        if Code.RESPONSE_TIMEOUT in probe.codes:
            seen = await _read_on(probe.stimulus, host, port)
        else:
            seen = await play(probe.stimulus, host, port)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await proxy.stop(0.0)
    reasons = {event.reason for event in events if event.reason}
    if not probe.codes:
        return ProbeResult(
            probe.limit,
            seen.status == 200 and not reasons,
            f"status {seen.status}, {', '.join(reasons) or 'no refusal'}",
        )
    held = bool(reasons & {code.value.code for code in probe.codes}) and not seen.error
    return ProbeResult(
        probe.limit, held, seen.error or f"status {seen.status}, {', '.join(sorted(reasons)) or 'no refusal'}"
    )


async def _read_on(stimulus: Stimulus, host: str, port: int) -> Observation:
    """Send all of ``stimulus`` and read until the guard ends it: for limits that bind after the answer has begun."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    reader, writer = await asyncio.open_connection(host, port)
    closed = False
    try:
        async with asyncio.timeout(stimulus.deadline):
            writer.write(b"".join(step.send for step in stimulus.steps))
            with contextlib.suppress(OSError):
                while await reader.read(65_536):
                    pass
            closed = True
    except TimeoutError:
        pass
    finally:
        writer.transport.abort()
    return Observation(200, closed, loop.time() - start, stimulus.size)


async def _until(condition: Callable[[], bool], seconds: float = 1.0) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition() and loop.time() < end:  # noqa: ASYNC110 - the pipeline, whose number this is, knows no asyncio
        await asyncio.sleep(0.01)


def failed(results: list[ProbeResult]) -> list[str]:
    """A sentence for each limit that did not hold; also when nothing was tried."""
    if not results:
        return ["no limit was tried"]
    return [f"{result.limit} does not hold: {result.seen}" for result in results if not result.held]
