"""A small model server and a guard in front of it, on ephemeral loopback ports, for tests over real sockets."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from guard_playbook import context

from undercroft.guard.adapters.proxy import Proxy
from undercroft.guard.adapters.upstream import Address
from undercroft.guard.limits import Limits
from undercroft.guard.pipeline import Pipeline
from undercroft.model.event import Event

USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def _completion(text: str) -> bytes:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    return json.dumps(
        {"id": "c", "object": "chat.completion", "created": 1, "model": "demo", "choices": [choice], "usage": USAGE}
    ).encode()


def _delta(text: str) -> bytes:
    choice = {"index": 0, "finish_reason": None, "delta": {"content": text}}
    piece = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "demo", "choices": [choice]}
    return b"data: " + json.dumps(piece).encode() + b"\n\n"


@dataclass
class ModelServer:
    """Behaves by the name of the model it is asked for."""

    seen: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Head and body of every request that arrived."""
    connections: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a connection is lost while it answers ``endless``."""
    release: asyncio.Event = field(default_factory=asyncio.Event)
    """``slow`` answers when this is set."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    written: int = 0
    """Bytes of ``flood`` that were taken."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
                body = await reader.readexactly(length)
                self.seen.append((head, body))
                self.arrived.set()
                await self._answer(writer, json.loads(body)["model"] if body else "models")
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, model: str) -> None:
        start = b"HTTP/1.1 %b\r\nServer: leaky/1.2.3\r\nAccess-Control-Allow-Origin: *\r\n"
        if model == "slow":
            await self.release.wait()
        if model in {"stream", "endless", "flood"}:
            writer.write(start % b"200 OK" + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            pieces = [
                _delta("Hel"),
                _delta("lo"),
                b"data: "
                + json.dumps(
                    {
                        "id": "c",
                        "object": "chat.completion.chunk",
                        "created": 1,
                        "model": "demo",
                        "choices": [],
                        "usage": USAGE,
                    }
                ).encode()
                + b"\n\n",
                b"data: [DONE]\n\n",
            ]
            for piece in pieces if model == "stream" else ():
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            if model == "flood":
                block = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
                for _ in range(512):
                    writer.write(block)
                    await writer.drain()
                    self.written += len(block)
            if model == "endless":
                try:
                    while not writer.transport.is_closing():
                        writer.write(b"3\r\n:a\n\r\n")
                        await writer.drain()
                        await asyncio.sleep(0.01)
                finally:
                    self.gone.set()
                raise ConnectionResetError
            writer.write(b"0\r\n\r\n")
        elif model == "broken":
            writer.write(start % b"500 Oops" + b"Content-Length: 9\r\n\r\nTraceback")
        elif model == "half":
            writer.write(start % b"200 OK" + b"Content-Length: 900\r\n\r\nhalf")
            await writer.drain()
            raise ConnectionResetError
        else:
            body = json.dumps({"object": "list", "data": []}).encode() if model == "models" else _completion("pong")
            writer.write(
                start % b"200 OK"
                + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )


@dataclass
class Guarded:
    """A guard that runs."""

    host: str
    port: int
    proxy: Proxy
    upstream: ModelServer
    events: list[Event]

    async def talk(self, *pieces: bytes) -> bytes:
        """Send the pieces, read until the guard closes."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            with contextlib.suppress(OSError):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
            data = b""
            with contextlib.suppress(OSError):
                while piece := await reader.read(65_536):
                    data += piece
            return data
        finally:
            writer.transport.abort()


@contextlib.asynccontextmanager
async def guarded(limits: Limits | None = None, **more) -> AsyncIterator[Guarded]:
    upstream = ModelServer()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    events: list[Event] = []
    address = Address("127.0.0.1", server.sockets[0].getsockname()[1])
    proxy = Proxy(Pipeline(context(limits, **more)), address, events.append, sweep_seconds=0.02)
    host, port = await proxy.start("127.0.0.1", 0)
    try:
        yield Guarded(host, port, proxy, upstream, events)
    finally:
        await proxy.stop(0.0)
        server.close()
        upstream.release.set()
