"""The scales a judgement is made on.

A verdict has three values because a scanner that rounds *unknown* to safe lies to the person who relies on it, and one
that rounds it to dangerous is switched off within a week.
"""

from enum import Enum, StrEnum


class Verdict(StrEnum):
    """What is known about a problem."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class _Ordered(Enum):
    """An enumeration whose members compare in the order they are written."""

    @property
    def rank(self) -> int:
        return list(type(self)).index(self)

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, type(self)) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.rank <= other.rank if isinstance(other, type(self)) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.rank > other.rank if isinstance(other, type(self)) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.rank >= other.rank if isinstance(other, type(self)) else NotImplemented

    def __str__(self) -> str:
        return str(self.value)


class Severity(_Ordered):
    """How bad it is, here, with this exposure; ascending."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    def lowered(self, steps: int) -> "Severity":
        """This severity ``steps`` lower, never below ``INFO``."""
        return list(Severity)[max(0, self.rank - steps)]


class Confidence(_Ordered):
    """How sure the judgement is; ascending."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Persona(StrEnum):
    """Who wants to read a finding: everybody, the thorough, or someone who must list everything (zizmor's axis)."""

    REGULAR = "regular"
    PEDANTIC = "pedantic"
    AUDITOR = "auditor"
