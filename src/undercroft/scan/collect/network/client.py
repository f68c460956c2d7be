"""Asks one question over a socket of its own and reads one bounded answer. Read-only by construction.

Whatever the peer does, the answer is a :class:`Heard` or a :class:`Silent`: it may drip, flood, reset, speak another
protocol or never stop. Redirects are recorded and not followed, because they lead where nobody gave leave to go.
"""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass

import h11

from undercroft import __version__
from undercroft.scan.collect.network.limits import Limits
from undercroft.scan.exchange import Ask, Heard, Reply, Silent, printable

USER_AGENT = f"undercroft/{__version__} (+read-only scan)"
"""Says who asks. Not browser-like: Ray refuses those on its job API."""
_READ = 16 * 1024
_FRAMING = 128 * 1024
"""Bytes a response may spend on chunk framing and interim responses beyond head and body."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"user-agent", "accept-encoding", "connection", "content-length", "transfer-encoding"})


class NotReadOnlyError(RuntimeError):
    """A question that could change something. It is not sent: that it was asked at all is a mistake in the catalogue or in the caller."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Where questions go."""

    address: str
    """Address connected to; resolved and found in scope once, so that a name cannot move in between."""
    port: int
    host: str
    """Name or address as typed, for the Host header and SNI."""
    tls: bool = False
    base: str = ""
    """Path in front of every question."""

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{self.base}"


def allow(ask: Ask, reads: frozenset[Ask]) -> None:
    """Nothing for a question that cannot change state. Raises :class:`NotReadOnlyError` for any other."""
    if ask.method in _SAFE and not ask.body:
        return
    if ask.method == "POST" and ask in reads:
        return
    raise NotReadOnlyError(
        f"{ask.method} {ask.path} is no read call of the catalogue; the scan sends GET, HEAD, OPTIONS and documented reads"
    )


def trusting() -> ssl.SSLContext:
    """TLS that reads from any certificate. Nothing secret is sent, and a bad certificate is a finding, not a reason to look away."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def request(ask: Ask, peer: Peer) -> tuple[h11.Request, bytes]:
    """The request's head and body. Raises ``h11.LocalProtocolError`` where path or headers cannot be sent."""
    headers = {"host": peer.authority, "user-agent": USER_AGENT, "accept": "*/*"}
    headers.update((name, value) for name, value in ask.headers if name not in _OURS)
    headers |= {"accept-encoding": "identity", "connection": "close"}
    body = ask.body.encode()
    if ask.method == "POST":
        headers.setdefault("content-type", "application/json")
        headers["content-length"] = str(len(body))
    return h11.Request(method=ask.method, target=peer.base + ask.path, headers=list(headers.items())), body


async def read(reader: asyncio.StreamReader, talk: h11.Connection, limits: Limits) -> Reply:
    """The answer to the request ``talk`` has sent, bounded in every part. Raises ``h11.RemoteProtocolError``."""
    response: h11.Response | None = None
    body = bytearray()
    wire = 0
    cut = False
    while not cut:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            if wire > limits.head + limits.body + _FRAMING:
                if response is None:
                    return Silent("it sends interim responses without end")
                cut = True
                continue
            chunk = await reader.read(_READ)
            wire += len(chunk)
            if not chunk and not wire:
                return Silent("the connection was closed without an answer")
            talk.receive_data(chunk)
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body += event.data
            cut = len(body) > limits.body
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed) or event is h11.PAUSED:
            break
    if response is None:
        return Silent("the connection was closed without an answer")
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers)
    return Heard(response.status_code, headers, bytes(body[: limits.body]), cut)


async def _converse(ask: Ask, peer: Peer, limits: Limits, context: ssl.SSLContext | None) -> Reply:
    head, body = request(ask, peer)
    talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.head)
    try:
        async with asyncio.timeout(limits.connect):
            reader, writer = await asyncio.open_connection(
                peer.address, peer.port, ssl=context, server_hostname=peer.host if context else None, limit=2 * _READ
            )
    except TimeoutError:
        return Silent(f"no connection within {limits.connect:g} s")
    try:
        writer.write(
            (talk.send(head) or b"")
            + (talk.send(h11.Data(data=body)) or b"" if body else b"")
            + (talk.send(h11.EndOfMessage()) or b"")
        )
        await writer.drain()
        return await read(reader, talk, limits)
    finally:
        writer.transport.abort()  # no lingering close: a peer that does not read must not hold the scan
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


def plainly(error: OSError) -> str:
    """What went wrong with a socket, in words."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "the connection was reset"
    if isinstance(error, ssl.SSLError):
        return f"no TLS: {error.reason or 'handshake failed'}"
    return (error.strerror or type(error).__name__).lower()


async def exchange(
    ask: Ask, peer: Peer, limits: Limits, reads: frozenset[Ask], context: ssl.SSLContext | None
) -> Reply:
    """The reply to one question. Raises :class:`NotReadOnlyError`, and nothing else, whatever the peer does.

    ``reads`` are the POST questions that may be sent; ``context`` is the TLS to use where the peer speaks it.
    """
    allow(ask, reads)
    try:
        async with asyncio.timeout(limits.exchange):
            return await _converse(ask, peer, limits, context if peer.tls else None)
    except TimeoutError:
        return Silent(f"no complete answer within {limits.exchange:g} s")
    except OSError as error:
        return Silent(plainly(error))
    except h11.RemoteProtocolError as error:
        return Silent(f"not an HTTP/1.1 answer: {printable(str(error))}")
    except h11.LocalProtocolError as error:
        return Silent(f"the question cannot be sent: {error}")
    except (ValueError, UnicodeError) as error:  # a host name that is none, to the resolver or to TLS
        return Silent(f"cannot connect: {error}")
