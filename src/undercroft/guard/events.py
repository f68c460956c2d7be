"""What happens to a conversation, told to the pipeline as values. Whoever owns the sockets makes them.

msgspec structs: several are made for each request and each streamed chunk.
"""

import msgspec

from undercroft.guard.codes import Code

Headers = tuple[tuple[bytes, bytes], ...]
"""Header fields in the order received, names in lower case."""


class _Event(msgspec.Struct, frozen=True, gc=False):
    pass


class Connected(_Event, frozen=True, gc=False):
    """The client's connection stands."""


class HeadStarted(_Event, frozen=True, gc=False):
    """The first byte of a request head arrived."""


class HeadersReceived(msgspec.Struct, frozen=True):
    """A complete, lexically sound request head."""

    method: bytes
    target: bytes
    """Request target, raw."""
    headers: Headers
    version: str = "1.1"
    upgrade: bool = False
    """Whether the parser says that the connection would change its protocol."""


class BodyChunk(_Event, frozen=True, gc=False):
    """A piece of the request body, framing removed."""

    data: bytes


class BodyComplete(_Event, frozen=True, gc=False):
    """The request body is complete; given for requests without a body, too."""

    trailers_dropped: int = 0
    """Trailer fields that were read past."""
    overrun: bool = False
    """Whether bytes that followed were lost, so that the connection cannot be kept."""


class Unreadable(_Event, frozen=True, gc=False):
    """The client's bytes cannot be understood as a request: nothing after them can be trusted."""

    code: Code
    detail: str = ""


class UpstreamHeaders(msgspec.Struct, frozen=True):
    """The upstream's response head."""

    status: int
    headers: Headers


class UpstreamChunk(_Event, frozen=True, gc=False):
    """A piece of the response body, framing removed."""

    data: bytes


class UpstreamComplete(_Event, frozen=True, gc=False):
    """The response is complete."""


class UpstreamFailed(_Event, frozen=True, gc=False):
    """The upstream cannot be reached, answered nonsense, or broke off."""

    reached: bool
    """Whether a connection stood, so that the request may have been worked on."""


class ClientGone(_Event, frozen=True, gc=False):
    """The client closed or lost its connection."""


class Tick(_Event, frozen=True, gc=False):
    """Time passed; deadlines are judged."""


class Draining(_Event, frozen=True, gc=False):
    """The guard stops: idle connections close, running exchanges finish."""


Event = (
    Connected
    | HeadStarted
    | HeadersReceived
    | BodyChunk
    | BodyComplete
    | Unreadable
    | UpstreamHeaders
    | UpstreamChunk
    | UpstreamComplete
    | UpstreamFailed
    | ClientGone
    | Tick
    | Draining
)
