"""Lists whose items are not aligned with their own keys, read as they were meant.

``-   name: a`` with the next key two columns in is no YAML, and Kubernetes refuses it; yet published examples have it, and a reader
sees what is wrong with them all the same. Only that one slip is mended, and the result is told as a partial read.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from undercroft.model.evidence import FileEvidence
from undercroft.scan.collect.files import tree
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Span

_ITEM = re.compile(r"^(?P<before> *)-(?P<gap> {2,})(?P<rest>[\w\"'{].*)$")


@dataclass(frozen=True)
class Aligned(Source):
    """The mended text. Evidence shows the line as it stands in the file."""

    original: Source | None = None
    moved: frozenset[int] = field(default=frozenset(), repr=False)
    """Lines whose columns are not the file's."""

    def evidence(self, line: int, column: int = 1, known: Iterable[str] = ()) -> FileEvidence:
        """The place in the file."""
        return (
            (self.original or self).evidence(line, column, known)
            if self.original
            else super().evidence(line, column, known)
        )

    def scalar_span(self, line: int, start: int, end: int) -> Span | None:
        """The scalar's stretch, where the line was not touched."""
        return None if line in self.moved else super().scalar_span(line, start, end)


def read(source: Source, error: tree.Unreadable) -> list[tree.Node]:
    """The documents of a file whose list items are misaligned. Raises ``error`` when that is not what is wrong with it."""
    lines, moved = [], set()
    for number, line in enumerate(source.lines, start=1):
        match = _ITEM.match(line)
        following = source.line(number + 1)
        indent = len(following) - len(following.lstrip(" "))
        # Aligned items stay: their next key stands below their first.
        if (
            match is not None
            and following.strip()
            and indent == len(match["before"]) + 2
            and not following.lstrip().startswith("-")
        ):
            lines.append(f"{match['before']}- {match['rest']}")
            moved.add(number)
        else:
            lines.append(line)
    if not moved:
        raise error
    mended = Aligned(source.path, "\n".join(lines), tuple(lines), source, frozenset(moved))
    try:
        return tree.read(mended)
    except tree.Unreadable:
        raise error from None
