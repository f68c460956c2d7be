"""One client connection: bytes to the reader, events to the conversation, commands to bytes. No judgement lives here."""

import asyncio
from typing import TYPE_CHECKING, cast

from undercroft.guard import wire
from undercroft.guard.adapters.upstream import Connection
from undercroft.guard.commands import (
    AbortUpstream,
    Command,
    Continue,
    CutOff,
    Emit,
    Finish,
    Forward,
    Reject,
    SendBody,
    SendEnd,
    SendHead,
)
from undercroft.guard.events import ClientGone, Connected, Draining, Event, Tick
from undercroft.guard.reader import RequestReader

if TYPE_CHECKING:
    from undercroft.guard.adapters.proxy import Proxy

LINGER_SECONDS = 1.0
"""How long a refused client may go on sending before its connection is closed."""
LINGER_BYTES = 1 << 20
"""How much of it is read away. Closing with unread bytes resets the connection, and the refusal would be lost with it."""
READ_AHEAD = 64 * 1024
"""Bytes of later requests taken in while one runs, before reading stops."""


class Front(asyncio.Protocol):
    """The adapter of one conversation."""

    def __init__(self, proxy: "Proxy") -> None:
        self._proxy = proxy
        self._reader = RequestReader(proxy.pipeline.context.limits.max_head)
        self.upstream: Connection | None = None
        self._chunked = False
        self._finished = False
        self._pumping = False
        self._lingered = -1
        self._write_paused = self._read_paused = False
        self._out: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's transports are none by inheritance
        peer = self.transport.get_extra_info("peername")
        now = self._proxy.now()
        self.conversation = self._proxy.pipeline.open(str(peer[0]) if peer else "", now)
        self._proxy.fronts.add(self)
        self._run(self.conversation.handle(Connected(), now))
        self.flush()

    def data_received(self, data: bytes) -> None:
        if self._lingered >= 0:
            self._lingered += len(data)
            if self._lingered > LINGER_BYTES:
                self.transport.abort()
            return
        self._pump(data)

    def _pump(self, data: bytes = b"") -> None:
        self._pumping = True
        while True:
            now = self._proxy.now()
            for event in self._reader.feed(data):
                self._run(self.conversation.handle(event, now))
                if self._over():
                    break
            if self._over() or not self._finished:
                break
            self._finished = False
            data, self._reader.rest = self._reader.rest, b""
            self._reader.restart()
            if not data:
                break
        self._pumping = False
        self.flush()
        ahead = len(self._reader.rest) > READ_AHEAD
        if ahead != self._read_paused and not self.transport.is_closing():
            self._read_paused = ahead
            if ahead:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()

    def _over(self) -> bool:
        return self._lingered >= 0 or self.transport.is_closing()

    def upstream_event(self, event: Event) -> None:
        """What the model server did. The caller flushes."""
        self._run(self.conversation.handle(event, self._proxy.now()))
        if self._finished and not self._pumping and not self._over():
            self._pump()

    def tick(self, now: float) -> None:
        """The conversation's deadline has come."""
        self._run(self.conversation.handle(Tick(), now))
        self.flush()

    def drain(self, now: float) -> None:
        """The guard stops."""
        self._run(self.conversation.handle(Draining(), now))

    def _run(self, commands: list[Command]) -> None:
        write = self._out.append
        for command in commands:
            kind = type(command)
            if kind is SendBody:
                data: bytes = command.data  # type: ignore[union-attr] # kind says so; isinstance costs on the streaming path
                if data:
                    write(wire.chunk(data) if self._chunked else data)
            elif isinstance(command, Forward):
                self._proxy.pool.send(self, wire.request(command, self._proxy.pool.host), self._proxy.now())
            elif isinstance(command, SendHead):
                self._chunked = command.length is None
                write(wire.response_head(command))
            elif isinstance(command, SendEnd):
                if self._chunked:
                    write(wire.LAST_CHUNK)
            elif isinstance(command, Reject):
                write(wire.refusal(command))
                if command.close:
                    self._linger()
            elif isinstance(command, Emit):
                self._proxy.emit(command.event)
            elif isinstance(command, Finish):
                self._finished = True
            elif isinstance(command, AbortUpstream):
                if self.upstream is not None:
                    self.upstream.abort()
            elif isinstance(command, CutOff):
                self.flush()
                if command.code:
                    self.transport.abort()
                else:
                    self.transport.close()
            elif isinstance(command, Continue):
                write(wire.CONTINUE)

    def flush(self) -> None:
        """Send what was written since the last time, together: a system call costs more than a request's checks."""
        if self._out:
            data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
            self._out.clear()
            if not self.transport.is_closing():
                self.transport.write(data)

    def _linger(self) -> None:
        if self._lingered >= 0 or self.transport.is_closing():
            return
        self._lingered = 0
        self.flush()
        if self._read_paused:
            self._read_paused = False
            self.transport.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self.transport.abort)

    def pause_writing(self) -> None:
        self._write_paused = True
        if self.upstream is not None:
            self.upstream.pause(paused=True)

    def resume_writing(self) -> None:
        self._write_paused = False
        if self.upstream is not None:
            self.upstream.pause(paused=False)

    def eof_received(self) -> None:
        """A client that closes its sending side is taken to be gone; asyncio closes the transport."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._proxy.fronts.discard(self)
        self._run_after_loss(self.conversation.handle(ClientGone(), self._proxy.now()))
        if self.upstream is not None:
            self.upstream.abort()
        self._proxy.lost()

    def _run_after_loss(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Emit):
                self._proxy.emit(command.event)
            elif isinstance(command, AbortUpstream) and self.upstream is not None:
                self.upstream.abort()
