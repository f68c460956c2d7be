"""Connections to the model server: kept alive, used by one exchange at a time, broken off when nobody waits any more."""

import asyncio
import contextlib
import ssl
from collections import deque
from dataclasses import dataclass
from typing import Protocol, cast
from urllib.parse import urlsplit

from undercroft.guard.events import Event, UpstreamComplete, UpstreamFailed
from undercroft.guard.reader import ResponseReader

IDLE_SECONDS = 4.0
"""How long an unused connection is trusted. uvicorn closes after 5 s; a request sent into a closing connection is lost."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the model server is."""

    host: str
    port: int
    tls: bool = False

    @property
    def authority(self) -> str:
        """Value of the Host field."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Of ``http://host:port`` or ``https://host:port``. Raises :class:`ValueError` for anything else, a path included."""
        parts = urlsplit(url)
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.path not in {"", "/"}
            or parts.query
            or parts.username
        ):
            raise ValueError(
                f"upstream must look like http://host:port, without path or credentials, not {parts.scheme}://{parts.hostname}…"
            )
        return cls(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), parts.scheme == "https")


class Waiter(Protocol):
    """Who waits for an answer."""

    upstream: "Connection | None"

    def upstream_event(self, event: Event) -> None: ...

    def flush(self) -> None: ...


class Connection(asyncio.Protocol):
    """One connection to the model server."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._reader = ResponseReader()
        self.transport: asyncio.Transport | None = None
        self.waiter: Waiter | None = None
        self.idle_since = 0.0

    def send(self, waiter: Waiter, data: bytes) -> None:
        """Send a request for ``waiter``."""
        assert self.transport is not None
        self.waiter = waiter
        waiter.upstream = self
        self._reader.restart()
        self.transport.write(data)

    def unwanted(self) -> bool:
        """Whether nobody waits for it: given up while it was being connected."""
        return self.waiter is None

    def abort(self) -> None:
        """Break off: the model server sees its client gone and can stop working."""
        if self.waiter is not None:
            self.waiter.upstream = None
            self.waiter = None
        if self.transport is not None:
            self.transport.abort()

    def pause(self, paused: bool) -> None:
        """Stop or go on reading: the client is slower than the model server."""
        if self.transport is None or self.transport.is_closing():
            return
        if paused:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's transports are none by inheritance

    def data_received(self, data: bytes) -> None:
        if self.waiter is None:
            self.abort()  # bytes nobody asked for: the next request would take them for its answer
            return
        self._deliver(self._reader.feed(data))

    def eof_received(self) -> None:
        self._deliver(self._reader.eof())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._pool.forget(self)
        if self.waiter is not None:
            self._deliver(self._reader.eof() or [UpstreamFailed(reached=True)])

    def _deliver(self, events: list[Event]) -> None:
        first = self.waiter
        for event in events:
            waiter = self.waiter
            if waiter is None or waiter is not first:
                break
            if isinstance(event, UpstreamComplete | UpstreamFailed):
                # Freed first: what the waiter does next may need a connection.
                self.waiter = None
                waiter.upstream = None
                if isinstance(event, UpstreamComplete) and self._reader.keep:
                    self.pause(paused=False)
                    self._pool.put(self)
                elif self.transport is not None:
                    self.transport.abort()
            waiter.upstream_event(event)
        if first is not None:
            first.flush()


class Pool:
    """The connections to one model server."""

    def __init__(self, address: Address, connect_timeout: float) -> None:
        self._address = address
        self._timeout = connect_timeout
        self._idle: deque[Connection] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._tls = ssl.create_default_context() if address.tls else None
        self.host = address.authority.encode()

    def send(self, waiter: Waiter, data: bytes, now: float) -> None:
        """Send ``data`` over an idle connection or a new one. What becomes of it is told by ``waiter.upstream_event``."""
        while self._idle:
            connection = self._idle.pop()
            if connection.transport is None or connection.transport.is_closing():
                continue
            if now - connection.idle_since > IDLE_SECONDS:
                connection.abort()
                continue
            connection.send(waiter, data)
            return
        task = asyncio.get_running_loop().create_task(self._connect(waiter, data))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, waiter: Waiter, data: bytes) -> None:
        pending = Connection(self)
        pending.waiter, waiter.upstream = waiter, pending
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                await loop.create_connection(lambda: pending, self._address.host, self._address.port, ssl=self._tls)
        except (OSError, TimeoutError):
            if pending.waiter is not None:
                pending.waiter = None
                waiter.upstream = None
                waiter.upstream_event(UpstreamFailed(reached=False))
                waiter.flush()
            return
        if pending.unwanted():
            pending.abort()
            return
        pending.send(waiter, data)

    def put(self, connection: Connection) -> None:
        """Keep a connection whose exchange is over."""
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle.append(connection)

    def forget(self, connection: Connection) -> None:
        """The connection is gone."""
        with contextlib.suppress(ValueError):
            self._idle.remove(connection)

    async def close(self) -> None:
        """Close what is idle and give up what is being connected."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._idle:
            self._idle.pop().abort()
