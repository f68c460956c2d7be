"""One request and its answer, as the policies see and change it."""

from dataclasses import dataclass, field
from typing import Any

from undercroft.guard.events import Headers
from undercroft.guard.keyring import KeyRecord
from undercroft.guard.profile import Route


@dataclass(slots=True)
class Exchange:
    """Filled from left to right as the stages run. Policies of one stage may rely on what earlier stages filled in."""

    id: str
    """Correlation id, the guard's own: in the refusal, in ``X-Request-Id`` both ways, in the event."""
    source: str
    """Client address."""
    started: float
    """Monotonic seconds at which the head was complete."""
    method: str
    target: bytes
    headers: Headers
    version: str = "1.1"
    upgrade: bool = False
    path: str = ""
    """Raw path without query, set by the endpoint policy."""
    route: Route | None = None
    expects_continue: bool = False
    content_length: int | None = None
    """What the head announces: ``None`` for chunked framing, 0 for no body."""
    key: KeyRecord | None = None
    """Who asks; ``None`` for health checks."""
    claimed: str = ""
    """Public id of the key that was presented, good or not."""
    body: bytes = b""
    document: Any = None
    """The decoded body, before it is typed."""
    typed: Any = None
    """The typed body; what is forwarded is encoded from it."""
    extras: dict[str, Any] = field(default_factory=dict)
    """Known extra fields that pass."""
    dropped: list[str] = field(default_factory=list)
    """Names of fields and other things that were left out."""
    model: str = ""
    input_tokens: int = 0
    """Upper bound of the input's cost."""
    output_tokens: int = 0
    """Upper bound of the output's cost, over all completions."""
    reserved: int = 0
    """Tokens taken by the cost stage."""
    used: int | None = None
    """Tokens spent, once known; ``None``: not known, so the reservation counts as spent."""
    ends: float = 0.0
    """Monotonic seconds at which the exchange ended."""
    status: int = 0
    """Status sent to the client."""
    reason: str = ""
    """Code of a refusal or an abort."""
    would: list[str] = field(default_factory=list)
    """Codes that enforcement would have refused with, in observe mode."""

    def header(self, name: bytes) -> bytes | None:
        """Value of the header field ``name`` (lower case), of the first one if there are several."""
        return next((value for key, value in self.headers if key == name), None)

    def values(self, name: bytes) -> list[bytes]:
        """Values of all fields called ``name``."""
        return [value for key, value in self.headers if key == name]
