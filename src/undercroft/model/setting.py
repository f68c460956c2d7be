"""A setting of a component: what it is set to, and how that is known."""

from dataclasses import dataclass
from enum import StrEnum

from undercroft.model.evidence import Evidence

Value = str | int | float | bool | tuple[str, ...] | None
"""What a setting can be set to. ``None`` means "not set", never "not known": that is ``Origin.UNKNOWN``."""


class Origin(StrEnum):
    """How a value is known."""

    EXPLICIT = "explicit"
    """Written down in a file, or answered by the running component."""
    DEFAULT = "default"
    """Nobody set it; the catalogue knows what the component then does."""
    UNKNOWN = "unknown"
    """It cannot be known: a template that does not resolve, or a default that changed over versions we cannot tell apart."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it stands for one asset."""

    name: str
    """The catalogue's name for it, the same for every component: ``authentication``, ``bind``, ``tls`` …"""
    value: Value
    """The value in the setting's own terms; meaningless when the origin is ``unknown``."""
    origin: Origin
    """How the value is known."""
    evidence: tuple[Evidence, ...] = ()
    """Where it was read. For a default: the place that starts the component without setting it."""
    reason: str = ""
    """Why it is unknown, or which default applies and whose word that is."""

    @property
    def known(self) -> bool:
        return self.origin is not Origin.UNKNOWN
