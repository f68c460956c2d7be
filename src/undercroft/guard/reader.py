"""Bytes to events, for both directions; llhttp (through httptools) reads the grammar, the bounds are kept here.

A head is collected up to its empty line and bounded *before* the parser sees a byte of it: llhttp itself has no limits. What
llhttp would let pass is refused lexically first: bare line feeds, NUL, folded lines, empty lines before the request line.

Three traps of httptools decide the shape of this module. Trailers come through ``on_header``, so fields after the head are
counted and dropped. A ``Transfer-Encoding`` that is not ``chunked`` completes the head and *then* raises, so an event is only
made of a head when feeding it raised nothing. One feed may parse a second, pipelined message, so a body of known length is cut
off here, and anything after a chunked body closes the connection (``overrun``).
"""

import httptools

from undercroft.guard.codes import Code
from undercroft.guard.events import (
    BodyChunk,
    BodyComplete,
    Event,
    HeadersReceived,
    HeadStarted,
    Unreadable,
    UpstreamChunk,
    UpstreamComplete,
    UpstreamFailed,
    UpstreamHeaders,
)

_H2_PREFACE = b"PRI * HTTP/2.0"
_TLS_HANDSHAKE = 0x16
_CHUNK_OVERHEAD = 64 * 1024
"""Bytes of chunk framing (sizes, extensions, trailers) taken beyond eight for each byte of body: one-byte chunks need six."""


def lexical_fault(head: bytes | bytearray, start: int = 0) -> str:
    """What is wrong with the characters of a head, complete or not, looked at from ``start``; empty when nothing is."""
    part = head[start:]
    if b"\0" in part:
        return "NUL in the head"
    # A line feed at the start was judged with what stood before it.
    fresh = part[1:] if start and part.startswith(b"\n") else part
    if fresh.count(b"\n") != fresh.count(b"\r\n"):
        return "line feed without carriage return"
    if b"\n " in part or b"\n\t" in part:
        return "folded header line"
    return ""


class RequestReader:
    """One client connection's bytes, one request at a time."""

    def __init__(self, max_head: int) -> None:
        self._max_head = max_head
        self.rest = b""
        """What came after the request that is complete: the beginning of the next."""
        self.overrun = False
        """Whether bytes after a chunked body were lost: the connection cannot be kept."""
        self._dead = False
        self.restart()

    def restart(self) -> None:
        """Begin the next request. The caller feeds ``rest`` again."""
        self._head = bytearray()
        self._in_head = True
        self._left = 0
        self._chunked = False
        self._done = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._target = b""
        self._head_complete = False
        self._complete = False
        self._trailers = 0
        self._fed = self._taken = 0
        self._events: list[Event] = []

    def feed(self, data: bytes) -> list[Event]:
        """Events in ``data``. After an ``Unreadable`` there are no more; after a ``BodyComplete`` bytes go to ``rest``."""
        if self._dead or not data:
            return []
        if self._done:
            self.rest += data
            return []
        if not self._in_head:
            return self._read_body(data)
        started = not self._head
        scanned = max(0, len(self._head) - 2)
        self._head += data
        events: list[Event] = [HeadStarted()] if started else []
        if self._head[0] == _TLS_HANDSHAKE:
            return [*events, self._fail(Code.TLS_ON_PLAIN_PORT)]
        if self._head.startswith(_H2_PREFACE):
            return [*events, self._fail(Code.HTTP_VERSION, "This port speaks HTTP/1.1 only, not HTTP/2.")]
        if self._head[0] in b"\r\n":
            return [*events, self._fail(Code.MALFORMED)]
        end = self._head.find(b"\r\n\r\n", max(0, scanned - 1))
        size = end + 4 if end >= 0 else len(self._head)
        if fault := lexical_fault(self._head[: min(size, self._max_head)], scanned):
            return [*events, self._fail(Code.MALFORMED, f"The request is not well-formed HTTP/1.1: {fault}.")]
        if size > self._max_head:
            return [*events, self._fail(Code.HEADERS_TOO_LARGE)]
        if end < 0:
            return events
        raw, rest = bytes(self._head[:size]), bytes(self._head[size:])
        self._head = bytearray()
        events += self._parse_head(raw)
        if rest and not self._dead:
            events += self.feed(rest)
        return events

    def _fail(self, code: Code, detail: str = "") -> Unreadable:
        self._dead = True
        self._head = bytearray()
        return Unreadable(code, detail)

    def _parse_head(self, raw: bytes) -> list[Event]:
        self._in_head = False
        self._parser = httptools.HttpRequestParser(self)
        upgrade = False
        try:
            self._parser.feed_data(raw)
        except httptools.HttpParserUpgrade:
            upgrade = True
        except httptools.HttpParserError:
            lower = raw.lower()  # the offending field itself was not handed out
            framing = b"\r\ntransfer-encoding" in lower or lower.count(b"\r\ncontent-length") > 1
            return [self._fail(Code.AMBIGUOUS_FRAMING if framing else Code.MALFORMED)]
        if not self._head_complete:
            return [self._fail(Code.MALFORMED)]
        headers = tuple(self._headers)
        event = HeadersReceived(
            self._parser.get_method(), self._target, headers, self._parser.get_http_version(), upgrade
        )
        lengths = [value for name, value in headers if name == b"content-length"]
        self._chunked = any(name == b"transfer-encoding" for name, _ in headers)
        if self._chunked and not upgrade:
            return [event]
        # Anything but one plain number is refused by the framing policy before this matters.
        self._left = int(lengths[0]) if len(lengths) == 1 and lengths[0].isdigit() and len(lengths[0]) <= 18 else 0
        if self._left:
            return [event]
        self._done = True
        return [event, BodyComplete()]

    def _read_body(self, data: bytes) -> list[Event]:
        if not self._chunked:
            taken, self.rest = data[: self._left], data[self._left :]
            self._left -= len(taken)
            if self._left:
                return [BodyChunk(taken)]
            self._done = True
            return [BodyChunk(taken), BodyComplete()]
        self._fed += len(data)
        events: list[Event] = []
        self._events = events
        failed = False
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            failed = not self._complete
            self.overrun = self._complete
        if failed:
            return [*events, self._fail(Code.AMBIGUOUS_FRAMING, "The chunked body is malformed.")]
        if self._complete:
            self._done = True
            return [*events, BodyComplete(self._trailers, self.overrun)]
        if self._fed - self._taken > _CHUNK_OVERHEAD + 8 * self._taken:
            return [*events, self._fail(Code.BODY_TOO_LARGE, "The chunk framing is larger than the body.")]
        return list(events)

    # What httptools calls. Callbacks after the message is complete belong to a pipelined one.

    def on_message_begin(self) -> None:
        self.overrun = self.overrun or self._complete

    def on_url(self, url: bytes) -> None:
        if not self._complete:
            self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_complete:
            self._trailers += not self._complete
        else:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._head_complete = True

    def on_body(self, data: bytes) -> None:
        if not self._complete:
            self._taken += len(data)
            self._events.append(BodyChunk(data))

    def on_message_complete(self) -> None:
        self._complete = True


class ResponseReader:
    """One upstream connection's bytes, one response at a time. Any doubt is an ``UpstreamFailed``."""

    def __init__(self, max_head: int = 64 * 1024) -> None:
        self._max_head = max_head
        self.restart()

    def restart(self) -> None:
        """Begin the next response."""
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._events: list[Event] = []
        self._head_complete = self.complete = self._broken = False
        self._second = False
        """Whether another answer began behind this one: nobody asked for it."""
        self.keep = False
        """Whether the connection can take another request; known once ``complete``."""
        self._fed = 0

    def feed(self, data: bytes) -> list[Event]:
        """Events in ``data``."""
        if self._broken or self.complete:
            self._broken, self.keep = True, False  # bytes nobody asked for: not a connection to use again
            return []
        self._events = []
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, httptools.HttpParserCallbackError):
            return self._after_error()
        if not self._head_complete and self._fed > self._max_head:
            return self._fail()
        self.keep = self.keep and not self._second
        return self._events

    def _after_error(self) -> list[Event]:
        if not self.complete:
            return self._fail()
        self.keep = False
        return self._events

    def eof(self) -> list[Event]:
        """The upstream closed. A response that is framed by the end of the connection is complete by it; others are broken."""
        if self.complete or self._broken:
            return []
        names = {name for name, _ in self._headers}
        if self._head_complete and not names & {b"content-length", b"transfer-encoding"}:
            self.complete, self.keep = True, False
            return [UpstreamComplete()]
        self._broken = True
        return [UpstreamFailed(reached=True)]

    def _fail(self) -> list[Event]:
        self._broken = True
        return [*self._events, UpstreamFailed(reached=True)]

    def on_message_begin(self) -> None:
        self._second = self.complete

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._head_complete:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self.complete or self._broken:
            return
        if 100 <= status < 200:  # interim answers are not passed on: nothing they can say was asked for
            self._headers = []
            return
        self._head_complete = True
        names = [name for name, _ in self._headers]
        if names.count(b"content-length") + names.count(b"transfer-encoding") > 1:
            self._broken = True
            self._events.append(UpstreamFailed(reached=True))
            return
        self._events.append(UpstreamHeaders(status, tuple(self._headers)))

    def on_body(self, data: bytes) -> None:
        if self._head_complete and not self.complete and not self._broken:
            self._events.append(UpstreamChunk(data))

    def on_message_complete(self) -> None:
        if self._head_complete and not self.complete and not self._broken:
            self.complete = True
            self.keep = self._parser.should_keep_alive()
            self._events.append(UpstreamComplete())
