"""What a template came out as, and where every piece of it was written.

Findings point at what a person can edit: the value in ``values.yaml`` where a value decides, the template's line otherwise.
Stretches that could not be resolved are kept as *holes*, so that "not written" is never mistaken for "not there".
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from undercroft.model.evidence import FileEvidence
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import HOLE
from undercroft.scan.graph import Span


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of output with its origin."""

    text: str
    source: Source | None = None
    """The file it was written in; ``None`` for what a function made."""
    line: int = 0
    column: int = 0
    value: bool = False
    """Whether it is a value that a template inserted."""
    exact: bool = False
    """Whether ``text`` stands there in just these characters, so that it can be replaced."""
    end: int = 0
    """Column behind it in its own file, for an exact value."""
    hole: int = 0
    """Column of the mapping or list in which something is missing here; 0 for ordinary text."""


@dataclass(frozen=True)
class Rendered(Source):
    """A rendered template, read like a file; its evidence leads back to the files it came from."""

    template: Source | None = None
    starts: tuple[tuple[tuple[int, Piece, int, int], ...], ...] = field(default=(), repr=False)
    """For each line: (first column, piece, line in the origin, column in the origin)."""
    missing: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    """(line, column) of every hole, in order."""

    def _at(self, line: int, column: int) -> tuple[int, Piece, int, int] | None:
        row = self.starts[line - 1] if 0 < line <= len(self.starts) else ()
        found = bisect_right([start for start, *_ in row], column) - 1
        return row[max(found, 0)] if row else None

    def evidence(self, line: int, column: int = 1, known: Iterable[str] = ()) -> FileEvidence:
        """The place in the template, or in the helper or values file, that this output came from."""
        for number in range(line, 0, -1):
            found = self._at(number, column if number == line else 1 << 30)
            if found is not None and found[1].source is not None:
                start, piece, at, first = found
                shift = max(column - start, 0) if number == line and not piece.value else 0
                return piece.source.evidence(at, first + shift, known)  # type: ignore[union-attr] # checked above
        return (self.template or self).evidence(1, 1, known) if self.template else super().evidence(line, column, known)

    def scalar_evidence(self, line: int, column: int, end: int, known: Iterable[str] = ()) -> FileEvidence:
        """The place of a scalar: the last value that went into it, for that is what somebody set."""
        row = self.starts[line - 1] if 0 < line <= len(self.starts) else ()
        values = [entry for entry in row if entry[1].value and entry[1].source is not None and column <= entry[0] < end]
        if values:
            _, piece, at, first = values[-1]
            assert piece.source is not None
            return piece.source.evidence(at, first, known)
        return self.evidence(line, column, known)

    def scalar_span(self, line: int, start: int, end: int) -> Span | None:
        """The scalar where it was written, when it is one piece of one file; ``None`` where it was put together."""
        found = self._at(line, start)
        if found is None:
            return None
        first, piece, at, column = found
        if piece.source is None or not piece.exact:
            return None
        if piece.value:
            whole = first == start and end - start == len(piece.text)
            return piece.source.span(at, column, piece.end) if whole and piece.end else None
        row = self.starts[line - 1]
        inside = not any(start < other[0] < end for other in row)
        return piece.source.span(at, column + start - first, column + end - first) if inside else None

    def doubtful(self, first: int, last: int, column: int) -> bool:
        """Whether something of a mapping or list at this column, on these lines, could not be resolved."""
        begin = bisect_right(self.missing, (first, -1))
        return any(column in (at, 0) for line, at in self.missing[begin:] if line <= last)


def assemble(template: Source, pieces: Iterable[Piece]) -> Rendered:
    """The pieces as one text with its map."""
    lines: list[str] = []
    rows: list[tuple[tuple[int, Piece, int, int], ...]] = []
    missing: list[tuple[int, int]] = []
    text: list[str] = []
    row: list[tuple[int, Piece, int, int]] = []
    width = 0
    for piece in pieces:
        if piece.hole:
            missing.append((len(lines) + 1, piece.hole))
            continue
        for i, part in enumerate(piece.text.split("\n")):
            if i:
                lines.append("".join(text))
                rows.append(tuple(row))
                text, row, width = [], [], 0
            if part:
                row.append((width + 1, piece, piece.line + i, piece.column if i == 0 else 1))
                text.append(part)
                width += len(part)
    lines.append("".join(text))
    rows.append(tuple(row))
    whole = "\n".join(lines)
    return Rendered(template.path, whole, tuple(lines), template, tuple(rows), tuple(missing))


def unknown(source: Source, line: int, column: int) -> Piece:
    """The mark of a scalar that could not be resolved."""
    return Piece(HOLE, source, line, column)
