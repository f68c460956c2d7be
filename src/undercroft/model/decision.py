"""What the guard says about a request."""

from dataclasses import dataclass
from enum import StrEnum

from undercroft.model.risk import Risk


class Verb(StrEnum):
    """The answers a guard has."""

    ADMIT = "admit"
    QUEUE = "queue"
    REJECT = "reject"
    CUT_OFF = "cut-off"


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer, with its reason."""

    verb: Verb
    """What happens to the request."""
    code: str
    """Stable reason code; clients and detections match on it. Empty for an admission."""
    status: int
    """HTTP status sent to the client; 0 for an admission."""
    message: str
    """One sentence for the client. Never says whether a key exists, never names the upstream."""
    risk: Risk | None = None
    """The row of the register this answer defends."""
    retry_after: float | None = None
    """Seconds after which another try can succeed; ``None`` when waiting does not help."""
    close: bool = False
    """Whether the connection must end: framing is in doubt, or a deadline passed."""
    reserved: int = 0
    """Cost units taken from the identity's budgets when admitted."""


ADMIT = Decision(Verb.ADMIT, "", 0, "")
"""The plain admission."""
