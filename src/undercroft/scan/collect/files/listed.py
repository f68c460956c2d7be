"""Packages that a file lists, as nouns with their places. Shared by the formats of lists and locks."""

import bisect
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from undercroft.model.asset import Asset, Certainty
from undercroft.scan.collect.files import tree
from undercroft.scan.collect.files.source import Source
from undercroft.scan.inventory import Asked, Package, normal, requirement

MOST = 200_000
"""Packages of one file; the largest locks of the field hold some thousands."""


def asset(source: Source) -> Asset:
    """The list itself."""
    return Asset(f"file:{source.path}", "file", source.path)


def locked(
    source: Source, ecosystem: str, name: str, version: str | None, line: int, reason: str = "", column: int = 1
) -> Package:
    """A package that a lock says."""
    kind = Certainty.EXACT if version else Certainty.UNKNOWN
    told = reason or (f"locked in {source.path}" if version else "the lock does not say a version")
    return Package(
        ecosystem,
        normal(ecosystem, name),
        version,
        kind,
        told,
        source.evidence(line, column),
        asset(source),
        locked=True,
    )


def asked(source: Source, text: str, line: int, *, hashed: bool = False, marker: str = "") -> Package | None:
    """A requirement somebody wrote; the span of its version where no hash depends on it."""
    found = requirement(text)
    if found is None:
        return None
    return placed(source, found, line, hashed=hashed, marker=marker)


def placed(source: Source, found: Asked, line: int, *, hashed: bool = False, marker: str = "") -> Package:
    """A requirement with its place on a line."""
    shown = source.line(line)
    pattern = re.sub(r"-", "[-_.]+", re.escape(found.name).replace(r"\-", "-"))
    at = re.search(rf"(?i)(?<![\w.\-]){pattern}(?![\w])", shown)
    column = at.start() + 1 if at else 1
    span = None
    if found.version is not None and not hashed:
        version = re.compile(rf"===?\s*(?P<version>{re.escape(found.version)})(?![\w.+!])").search(shown, column - 1)
        if version is not None:
            span = source.span(line, version.start("version") + 1, version.end("version") + 1)
    condition = " and ".join(part for part in (found.marker, marker) if part)
    return Package(
        "PyPI", found.name, found.version, found.certainty, found.reason, source.evidence(line, column), asset(source), span,
        condition,
    )  # fmt: skip


def toml(source: Source) -> dict[str, Any]:
    """The file as TOML. Raises ``tree.Unreadable`` with the place."""
    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise tree.Unreadable(f"no TOML: {error}") from error
    except RecursionError as error:
        raise tree.Unreadable("nested deeper than the parser goes") from error


def lines(source: Source, pattern: "re.Pattern[str]") -> Iterator[tuple[int, "re.Match[str]"]]:
    """Lines on which the pattern matches, with their numbers, in order."""
    for number, line in enumerate(source.lines, start=1):
        match = pattern.match(line)
        if match is not None:
            yield number, match


class Places:
    """Where texts stand in a file: each look-up is a search from where the last one ended, and from the top when it failed."""

    def __init__(self, source: Source) -> None:
        self._text = source.text
        self._starts = [0]
        for match in re.finditer("\n", source.text):
            self._starts.append(match.end())
        self._at = 0

    def find(self, text: str) -> tuple[int, int]:
        """Line and column of ``text``, the next one in the file; the top where it is written otherwise."""
        at = self._text.find(text, self._at)
        if at < 0 and self._at:
            at = self._text.find(text, 0, self._at)
        if at < 0:
            return 1, 1
        self._at = at + len(text)
        line = bisect.bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1
