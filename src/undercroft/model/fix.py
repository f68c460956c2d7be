"""How to mend a finding: in words always, as edits of the file where one can be written.

An edit names a span, never the text that stands there: that text may hold a secret. Whoever applies it reads the file
again and refuses when the line's digest no longer agrees.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache


@lru_cache(maxsize=8192)
def line_digest(line: str) -> str:
    """The digest by which an edit knows that the line is still the one that was scanned."""
    return hashlib.sha256(line.rstrip("\r\n").encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace part of one line, or insert lines after it. Comments and formatting elsewhere stay as they are."""

    file: str
    """Path relative to the scanned root."""
    line: int
    """Line the edit starts at, counted from 1."""
    digest: str
    """``line_digest`` of that line when it was scanned."""
    start: int
    """First column replaced, counted from 1."""
    end: int
    """Column behind the last one replaced; equal to ``start`` for an insertion."""
    new: str
    """What stands there afterwards. May hold line breaks."""
    remove_lines: int = 0
    """Whole lines removed, starting with this one; the span is then ignored and ``new`` (with its own breaks) takes their place."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do about a finding."""

    summary: str
    """One imperative sentence."""
    edits: tuple[Edit, ...] = ()
    """The change, when it can be written; empty when a person has to decide something first."""
    note: str = ""
    """What else has to be done for the edits to work, such as setting a variable."""
