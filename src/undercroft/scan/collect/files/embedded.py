"""Files inside manifests: a ConfigMap's keys are file names, and their values configuration of the programs that mount them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from undercroft.model.evidence import FileEvidence
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Span

MAX_EMBEDDED = 64
"""Files read out of one object. A ConfigMap is at most 1 MiB."""


@dataclass(frozen=True)
class Embedded(Source):
    """The text of a block scalar. Its places are those of the manifest."""

    outer: Source | None = None
    above: int = 0
    """Lines of the manifest before its first."""
    left: int = 0
    """Columns of indentation."""

    def evidence(self, line: int, column: int = 1, known: Iterable[str] = ()) -> FileEvidence:
        """The place in the manifest."""
        assert self.outer is not None
        return self.outer.evidence(line + self.above, column + self.left, known)

    def span(self, line: int, start: int, end: int) -> Span:
        """The stretch in the manifest."""
        assert self.outer is not None
        return self.outer.span(line + self.above, start + self.left, end + self.left)

    def scalar_evidence(self, line: int, column: int, end: int, known: Iterable[str] = ()) -> FileEvidence:
        """The place of a scalar in the manifest."""
        assert self.outer is not None
        return self.outer.scalar_evidence(line + self.above, column + self.left, end + self.left, known)

    def scalar_span(self, line: int, start: int, end: int) -> Span | None:
        """The scalar in the manifest, where it can be replaced there."""
        assert self.outer is not None
        return self.outer.scalar_span(line + self.above, start + self.left, end + self.left)


def _inside(value: Node) -> Embedded | None:
    """A literal block scalar as a source of its own; other styles do not keep their lines."""
    outer, text = value.source, value.scalar
    head = outer.line(value.line).rstrip()
    if text is None or "\n" not in text or not head.endswith(("|", "|-", "|+")):
        return None
    first = next((line for line in outer.lines[value.line :] if line.strip()), "")
    left = len(first) - len(first.lstrip(" "))
    return Embedded(outer.path, text, tuple(text.split("\n")), outer, value.line, left)


def files(document: Node) -> Iterator[tuple[str, File]]:
    """(name, file) of every file a ConfigMap holds."""
    held = document.get("data")
    for count, (name, value) in enumerate(held.entries() if held is not None else ()):
        source = _inside(value) if count < MAX_EMBEDDED and "." in name else None
        if source is not None:
            yield name, File(source, lambda _: None, frozenset({name}))
