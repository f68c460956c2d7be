"""What the pipeline wants done, as values: an adapter does it, a test compares it."""

import msgspec

from undercroft.guard.events import Headers
from undercroft.model.decision import Decision
from undercroft.model.event import Event


class Continue(msgspec.Struct, frozen=True):
    """Tell the client to send the body it announced (``100 Continue``)."""


class Forward(msgspec.Struct, frozen=True):
    """Send this request to the upstream. Every byte is the guard's own writing."""

    method: bytes
    target: bytes
    headers: Headers
    """All fields except ``Host`` and ``Content-Length``, which the adapter adds."""
    body: bytes


class Reject(msgspec.Struct, frozen=True):
    """Answer with a refusal."""

    decision: Decision
    id: str
    """Correlation id: the same in the answer and in the event."""
    close: bool
    """Whether the connection ends after it."""


class SendHead(msgspec.Struct, frozen=True):
    """Start the response."""

    status: int
    headers: Headers
    """All fields except framing and ``Connection``."""
    length: int | None
    """Bytes of the body; ``None``: not known, send in chunks."""
    close: bool
    """Whether the connection ends after this response."""


class SendBody(msgspec.Struct, frozen=True, gc=False):
    """Go on with the response."""

    data: bytes


class SendEnd(msgspec.Struct, frozen=True, gc=False):
    """The response is complete."""


class CutOff(msgspec.Struct, frozen=True):
    """Break the client's connection off, without another word."""

    code: str
    """Reason, empty for an idle connection."""


class AbortUpstream(msgspec.Struct, frozen=True):
    """Break the upstream's connection off: nobody waits for its answer."""


class Finish(msgspec.Struct, frozen=True):
    """The exchange is over: the connection takes the next request."""


class Emit(msgspec.Struct, frozen=True):
    """Write an event."""

    event: Event


Command = Continue | Forward | Reject | SendHead | SendBody | SendEnd | CutOff | AbortUpstream | Finish | Emit
