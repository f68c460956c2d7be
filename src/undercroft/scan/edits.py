"""Edits for fixes, from the spans collectors keep."""

from undercroft.model.fix import Edit
from undercroft.scan.graph import Span


def replaced(span: Span, new: str) -> Edit:
    """The span's text replaced."""
    return Edit(span.file, span.line, span.digest, span.start, span.end, new)


def inserted(span: Span, new: str) -> Edit:
    """Text put in front of the span."""
    return Edit(span.file, span.line, span.digest, span.start, span.start, new)


def removed_line(span: Span) -> Edit:
    """The span's whole line taken away."""
    return Edit(span.file, span.line, span.digest, 1, 1, "", remove_lines=1)
