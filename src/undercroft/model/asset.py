"""What a finding is about, and which product it is."""

from dataclasses import dataclass
from enum import StrEnum

from undercroft.model.evidence import Evidence


class Certainty(StrEnum):
    """How sure a version is."""

    EXACT = "exact"
    RANGE = "range"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Component:
    """A recognised product. Recognition is the catalogue's; this is its result."""

    slug: str
    """The catalogue's id for the product, such as ``vllm``."""
    version: str | None
    """The version as its ecosystem writes it, a range such as ``>=2,<3``, or ``None`` when unknown."""
    certainty: Certainty
    """How sure the version is."""
    reason: str
    """What the recognition and the version rest on, or why the version is unknown."""
    evidence: tuple[Evidence, ...] = ()
    """Where it was recognised."""


@dataclass(frozen=True, slots=True)
class Asset:
    """Something deployed: a container, a server process, a host, a file's pipeline."""

    key: str
    """Stable identity inside one scan and across scans, such as ``compose:deploy/compose.yaml#model``."""
    kind: str
    """``workload``, ``endpoint``, ``image``, ``service`` or ``host``."""
    name: str
    """What people call it."""
    components: tuple[Component, ...] = ()
    """The products recognised in it; more than one where one image holds several."""
