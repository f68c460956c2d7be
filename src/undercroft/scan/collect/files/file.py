"""A file on its way through the formats: read once, parsed once, its neighbours at hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from undercroft.scan.collect.files import aligned, tree
from undercroft.scan.collect.files.source import Source


@dataclass(frozen=True)
class File:
    """One scanned file."""

    source: Source
    beside: Callable[[str], str | None] = field(repr=False)
    """Text of a file by its path relative to this one's folder; ``None`` when it is not there, not text, or outside the root."""
    paths: frozenset[str] = field(default=frozenset(), repr=False)
    """Every path of the scanned root."""
    partial: list[str] = field(default_factory=list, repr=False)
    """Why the file was read in part only."""

    @property
    def path(self) -> str:
        """Path relative to the scanned root."""
        return self.source.path

    @cached_property
    def documents(self) -> list[tree.Node]:
        """The file as YAML documents, parsed once for all formats; a chart's template as it comes out. Raises ``tree.Unreadable``."""
        from undercroft.scan.collect.files.helm import chart  # it reads files of this type

        source = chart.render(self) if chart.is_template(self.path) else self.source
        try:
            return tree.read(source)
        except tree.Unreadable as error:
            documents = aligned.read(source, error)
            self.partial.append(f"list items that are not aligned with their keys were read as if they were ({error})")
            return documents
