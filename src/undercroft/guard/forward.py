"""What is sent to the model server, and what is kept of its answer: the two places where an exchange touches bytes."""

import msgspec

from undercroft.guard import openai
from undercroft.guard.commands import Forward
from undercroft.guard.context import Context, Mode
from undercroft.guard.exchange import Exchange

_FORWARDED = frozenset({b"accept", b"user-agent", b"traceparent", b"tracestate"})
"""Request header fields that reach the upstream. The rest is the guard's business or nobody's."""
_encode = msgspec.json.Encoder().encode
_WHOLE = 1 << 20
"""Bytes of an answer that are kept to read its usage."""


def forward(exchange: Exchange, context: Context) -> Forward:
    """The request as the upstream gets it, encoded from what was checked. The exchange lets go of its body."""
    headers = [field for field in exchange.headers if field[0] in _FORWARDED]
    headers.append((b"x-request-id", exchange.id.encode()))
    if context.upstream_key:
        headers.append((b"authorization", b"Bearer " + context.upstream_key.encode()))
    elif context.mode is Mode.OBSERVE:
        headers += [field for field in exchange.headers if field[0] == b"authorization"]
    body = exchange.body
    if exchange.method == "POST":
        headers.append((b"content-type", b"application/json"))
        # Where enforcement would have refused the body there is nothing typed: observe mode passes on what came.
        if exchange.typed is not None and not exchange.would:
            body = _encode(exchange.typed)
            if exchange.extras:
                body = body[:-1] + b"," + _encode(exchange.extras)[1:]
    target = exchange.path.encode() if exchange.path and not exchange.would else exchange.target
    exchange.body, exchange.document, exchange.typed = b"", None, None
    return Forward(exchange.method.encode(), target, tuple(headers), body)


class Tail:
    """What is kept of an answer to read its usage: all of a small one, the end of a stream."""

    __slots__ = ("_pieces", "_size", "_stream", "_whole")

    def __init__(self, *, stream: bool) -> None:
        self._stream = stream
        self._pieces: list[bytes] = []
        self._size = 0
        self._whole = True

    def keep(self, data: bytes) -> None:
        """Another piece of the answer."""
        if not self._whole:
            return
        self._pieces.append(data)
        self._size += len(data)
        if self._stream:
            while self._size - len(self._pieces[0]) >= openai.TAIL:
                self._size -= len(self._pieces.pop(0))
        elif self._size > _WHOLE:
            self._pieces, self._whole = [], False

    def tokens(self) -> int | None:
        """Tokens the answer says it cost; ``None`` when it does not say, or was too large to keep."""
        if not self._whole:
            return None
        text = b"".join(self._pieces)
        return openai.tokens_used(text[-openai.TAIL :] if self._stream else text, stream=self._stream)
