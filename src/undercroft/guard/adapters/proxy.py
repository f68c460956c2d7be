"""The stand-alone proxy: it owns the listening socket, because nobody else enforces a deadline on a header.

Every connection's next deadline is a number in its conversation. One sweep compares them; a timer for each request would cost
more than the request's own checks.
"""

import asyncio
from collections.abc import Callable

from undercroft.guard.adapters.front import Front
from undercroft.guard.adapters.upstream import Address, Pool
from undercroft.guard.pipeline import Pipeline
from undercroft.model.event import Event

SWEEP_SECONDS = 0.25
"""How often deadlines are looked at: none is late by more than this."""


class Proxy:
    """A pipeline on a port."""

    def __init__(
        self, pipeline: Pipeline, upstream: Address, emit: Callable[[Event], None], sweep_seconds: float = SWEEP_SECONDS
    ) -> None:
        self.pipeline = pipeline
        self.emit = emit
        self.fronts: set[Front] = set()
        self.pool = Pool(upstream, pipeline.context.limits.connect_timeout)
        self._sweep_seconds = sweep_seconds
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._empty: asyncio.Event | None = None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen. Returns the address bound to. Raises :class:`OSError`."""
        loop = asyncio.get_running_loop()
        self.now = loop.time
        self._server = await loop.create_server(lambda: Front(self), host, port, backlog=1024)
        self._sweep()
        bound = self._server.sockets[0].getsockname()
        return bound[0], bound[1]

    def _sweep(self) -> None:
        now = self.now()
        for front in [front for front in self.fronts if front.conversation.deadline <= now]:
            front.tick(now)
        self._timer = asyncio.get_running_loop().call_later(self._sweep_seconds, self._sweep)

    def lost(self) -> None:
        """A client connection is gone."""
        if self._empty is not None and not self.fronts:
            self._empty.set()

    async def stop(self, grace: float) -> None:
        """Take no more connections, let running exchanges finish for ``grace`` seconds, then break off what is left."""
        if self._server is not None:
            self._server.close()
        self.pipeline.context.draining = True
        self._empty = asyncio.Event()
        for front in list(self.fronts):
            front.drain(self.now())
        if self.fronts:
            try:
                async with asyncio.timeout(grace):
                    await self._empty.wait()
            except TimeoutError:
                for front in list(self.fronts):
                    front.transport.abort()
                await self._empty.wait()
        if self._timer is not None:
            self._timer.cancel()
        await self.pool.close()
