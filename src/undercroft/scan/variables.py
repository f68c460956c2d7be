"""Files of variables that services are started with: ``.env`` and its kin. They hold most credentials of a Compose project."""

from collections.abc import Mapping
from dataclasses import dataclass

from undercroft.model.asset import Asset
from undercroft.scan.graph import Text


@dataclass(frozen=True, slots=True)
class VariableFile:
    """One of them."""

    asset: Asset
    variables: Mapping[str, Text]
    """Name → value, with its place; the last where a name is set twice."""
    example: bool = False
    """Whether its name says that it is a template to be copied."""
    ignored: bool = False
    """Whether a ``.gitignore`` beside or above keeps it out of the repository."""
