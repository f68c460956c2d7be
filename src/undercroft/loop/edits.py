"""Applies the edits of fixes to a file's bytes. Pure.

An edit is written against a line as it was scanned. A line that has changed since is never touched, and whatever lies outside
the spans comes back byte for byte: line ends, byte order mark, a missing last line end.
"""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

from undercroft.model.fix import Edit, line_digest

_ODD_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
"""Breaks that YAML 1.1 counts as lines (https://yaml.org/spec/1.1/#b-generic) and editors do not: line numbers would disagree."""
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class EditRefused(ValueError):
    """An edit that must not be made. The message says which and why."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file's bytes as text, with what is needed to get the same bytes back."""

    mark: bytes
    """The byte order mark, empty without one."""
    encoding: str
    text: str

    @classmethod
    def of(cls, data: bytes, name: str) -> "Document":
        """``data`` decoded the way the scan decodes it. Raises :class:`EditRefused` for bytes that are no text."""
        mark, encoding = next((m for m in _MARKS if data.startswith(m[0])), (b"", "utf-8"))
        try:
            return cls(mark, encoding, data[len(mark) :].decode(encoding))
        except UnicodeDecodeError as error:
            raise EditRefused(
                f"{name}: byte {error.start} is not {encoding.upper()}; store the file as UTF-8"
            ) from error

    def encoded(self, text: str) -> bytes:
        """Other text in this document's encoding."""
        return self.mark + text.encode(self.encoding)


@dataclass(frozen=True, slots=True, order=True)
class _Change:
    start: int
    end: int
    new: str


def _change(text: str, starts: list[int], edit: Edit) -> _Change:
    """An edit as a stretch of the whole text. Raises :class:`EditRefused`."""
    where = f"{edit.file}:{edit.line}"
    if not 1 <= edit.line < len(starts):
        raise EditRefused(f"{where}: the file no longer has this line; scan it again")
    begin, following = starts[edit.line - 1], starts[edit.line]
    line = text[begin:following].rstrip("\r\n")
    if line_digest(line) != edit.digest:
        raise EditRefused(f"{where}: the line has changed since it was scanned; scan it again")
    new = edit.new
    if text[begin:following].endswith("\r\n"):
        new = re.sub("\r?\n", "\r\n", new)
    if edit.remove_lines:
        last = edit.line - 1 + edit.remove_lines
        if last >= len(starts):
            raise EditRefused(f"{where}: {edit.remove_lines} lines are to go and the file ends before; scan it again")
        end = starts[last]
        if end == len(text) and not text.endswith("\n") and not new:  # the last line goes with the break in front of it
            begin -= 2 if text[:begin].endswith("\r\n") else min(1, begin)
        return _Change(begin, end, new)
    if not 1 <= edit.start <= edit.end <= len(line) + 1:
        raise EditRefused(f"{where}: columns {edit.start} to {edit.end} are not in the line; scan it again")
    return _Change(begin + edit.start - 1, begin + edit.end - 1, new)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """``text`` with all edits made, or none: :class:`EditRefused` for a stale line, a place that is not there, or an overlap.

    Edits are of one file; their order does not matter, and the same edit twice is one.
    """
    wanted = list(edits)
    if not wanted:
        return text
    odd = _ODD_BREAK.search(text)
    if odd is not None:
        line = text.count("\n", 0, odd.start()) + 1
        raise EditRefused(
            f"{wanted[0].file}:{line}: a line break that editors and YAML count differently; use \\n or \\r\\n"
        )
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    if starts[-1] != len(text):
        starts.append(len(text))
    changes = {_change(text, starts, edit): edit for edit in wanted}
    before: _Change | None = None
    for change in sorted(changes):
        if before is not None and (change.start < before.end or change.start == before.start):
            edit = changes[change]
            raise EditRefused(f"{edit.file}:{edit.line}: two fixes want the same place; apply one, then run again")
        before = change
    for change in sorted(changes, reverse=True):
        text = text[: change.start] + change.new + text[change.end :]
    return text
