"""Who can reach a listener, and by which path."""

from dataclasses import dataclass
from enum import IntEnum

from undercroft.model.evidence import Evidence


class Reach(IntEnum):
    """The widest circle of clients that can open a connection; ascending."""

    LOOPBACK = 0
    HOST = 1
    CLUSTER = 2
    PRIVATE = 3
    INTERNET = 4

    @property
    def label(self) -> str:
        """The word people see."""
        return ("loopback", "host", "cluster", "private network", "internet")[self]


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the path from a client to the listener."""

    what: str
    """The step in words: ``published port 0.0.0.0:8888 → 8888``, ``Service/vllm type LoadBalancer`` …"""
    evidence: Evidence | None = None
    """Where that step is written or was seen."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who can reach a listener. ``reach`` is ``None`` where nobody can say; ``reason`` then tells what would settle it."""

    reach: Reach | None
    """The widest circle, or ``None`` for unknown."""
    path: tuple[Hop, ...] = ()
    """The steps that make it so, outermost first."""
    reason: str = ""
    """Why the reach is unknown, or what was assumed."""

    @property
    def label(self) -> str:
        return "unknown" if self.reach is None else self.reach.label

    def wider(self, other: "Exposure") -> "Exposure":
        """The more exposed of two. Unknown gives way to whatever is known to reach beyond the host."""
        if self.reach is None or other.reach is None:
            known = other if self.reach is None else self
            return (
                known
                if known.reach is not None and known.reach > Reach.HOST
                else (self if self.reach is None else other)
            )
        return other if other.reach > self.reach else self


UNKNOWN_EXPOSURE = Exposure(None, (), "nothing read so far says who can reach it")
"""The exposure of something whose surroundings were not scanned."""
