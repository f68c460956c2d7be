"""Commands to bytes. Every byte either side reads was written here."""

import math
from http import HTTPStatus

import msgspec

from undercroft.guard.commands import Forward, Reject, SendHead
from undercroft.guard.events import Headers
from undercroft.guard.policies.upstream_headers import SECURITY_HEADERS

_encode = msgspec.json.Encoder().encode
_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


def _fields(headers: Headers) -> bytes:
    return b"".join([b"%b: %b\r\n" % field for field in headers])


_SECURITY = _fields(SECURITY_HEADERS)


def request(command: Forward, host: bytes) -> bytes:
    """The request as the upstream gets it. A body always has a length."""
    length = b"content-length: %d\r\n" % len(command.body) if command.method == b"POST" else b""
    return b"%b %b HTTP/1.1\r\nhost: %b\r\n%b%b\r\n%b" % (
        command.method, command.target, host, _fields(command.headers), length, command.body
    )  # fmt: skip


def refusal(command: Reject) -> bytes:
    """A refusal: ``{"error": {"code", "message", "id"}}``, with Retry-After rounded up to whole seconds (RFC 9110 §10.2.3)."""
    decision = command.decision
    body = _encode({"error": {"code": decision.code, "message": decision.message, "id": command.id}})
    extra = b""
    if decision.retry_after is not None:
        extra += b"retry-after: %d\r\n" % max(1, math.ceil(decision.retry_after))
    if decision.status == HTTPStatus.UNAUTHORIZED:
        extra += b'www-authenticate: Bearer realm="undercroft"\r\n'
    if command.close:
        extra += b"connection: close\r\n"
    return b"HTTP/1.1 %d %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%b%bx-request-id: %b\r\n\r\n%b" % (
        decision.status, _PHRASES.get(decision.status, b"Refused"), len(body), extra, _SECURITY, command.id.encode(), body
    )  # fmt: skip


def response_head(command: SendHead) -> bytes:
    """The head of a passed-on response, framed anew."""
    framing = (
        b"transfer-encoding: chunked\r\n" if command.length is None else b"content-length: %d\r\n" % command.length
    )
    closing = b"connection: close\r\n" if command.close else b""
    return b"HTTP/1.1 %d %b\r\n%b%b%b\r\n" % (
        command.status, _PHRASES.get(command.status, b"OK"), _fields(command.headers), framing, closing
    )  # fmt: skip


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; ``data`` is not empty."""
    return b"%x\r\n%b\r\n" % (len(data), data)
