"""A scanned file as text with places: the one way evidence and spans are made, so that redaction cannot be forgotten."""

from collections.abc import Iterable
from dataclasses import dataclass

from undercroft.model.evidence import FileEvidence
from undercroft.model.fix import line_digest
from undercroft.scan.graph import Span


@dataclass(frozen=True, slots=True)
class Source:
    """One file's text."""

    path: str
    """Path relative to the scanned root, with forward slashes."""
    text: str
    """Content, decoded."""
    lines: tuple[str, ...]
    """Its lines without their ends."""

    @classmethod
    def of(cls, path: str, text: str) -> "Source":
        return cls(path, text, tuple(line.removesuffix("\r") for line in text.split("\n")))

    def line(self, number: int) -> str:
        """Line ``number``, counted from 1; empty beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def evidence(self, line: int, column: int = 1, known: Iterable[str] = ()) -> FileEvidence:
        """The place as evidence, with ``known`` secret values masked."""
        return FileEvidence(self.path, line, column, self.line(line).strip(), tuple(known))

    def span(self, line: int, start: int, end: int) -> Span:
        """The stretch ``[start, end)`` of a line, columns from 1."""
        return Span(self.path, line, start, end, line_digest(self.line(line)))

    def scalar_evidence(self, line: int, column: int, end: int, known: Iterable[str] = ()) -> FileEvidence:  # noqa: ARG002 - rendered text needs the end
        """The place of a scalar ``[column, end)``. The same as ``evidence``, save in text that was put together from several files."""
        return self.evidence(line, column, known)

    def scalar_span(self, line: int, start: int, end: int) -> Span | None:
        """The stretch of a scalar where a fix can replace it; ``None`` where the text was put together."""
        return self.span(line, start, end)

    def doubtful(self, first: int, last: int, column: int) -> bool:  # noqa: ARG002 - only rendered text has holes
        """Whether something of the mapping or list at ``column`` on these lines could not be resolved."""
        return False
