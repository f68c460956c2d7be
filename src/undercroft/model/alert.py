"""What a detection says: somebody is doing something, since then, with these lines as proof."""

from dataclasses import dataclass

from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Severity


@dataclass(frozen=True, slots=True)
class Alert:
    """An incident in the making. Exported as OCSF Detection Finding (2004)."""

    detection: str
    """Id of the detection: its folder's name."""
    title: str
    """What happened, in one sentence about these entities."""
    risk: Risk
    """The row of the register."""
    severity: Severity
    """How bad; ``info`` marks an operational note."""
    confidence: Confidence
    """How sure."""
    first_seen: float
    """Time of the first event that counts, seconds since the epoch, UTC."""
    last_seen: float
    """Time of the latest event that counts."""
    entities: dict[str, tuple[str, ...]]
    """Who and what takes part, by kind: ``source``, ``principal``, ``target``, ``component``."""
    count: int
    """Events that count towards it."""
    evidence: tuple[str, ...]
    """A few of the lines it rests on, control characters escaped."""
    response: str = ""
    """What to do now."""
