"""What goes into an image while it is built: everybody who may pull the image, or read its history, has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.scan.graph import Text


@dataclass(frozen=True, slots=True)
class Copied:
    """A file or an address that is copied into the image."""

    source: Text
    """Path in the build context, or an address."""
    target: str
    """Path in the image, as written."""
    verified: bool = False
    """Whether a checksum is given."""


@dataclass(frozen=True, slots=True)
class Build:
    """One Dockerfile."""

    asset: Asset
    head: Evidence
    """The instruction it begins with."""
    arguments: Mapping[str, Text] = field(default_factory=dict)
    """Build arguments with their defaults; without one, the value is empty."""
    copied: tuple[Copied, ...] = ()
    """Files and addresses that reach the last stage, from outside the build."""

    environment: Mapping[str, Text] = field(default_factory=dict)
    """Variables of the last stage and of those it is built on."""
