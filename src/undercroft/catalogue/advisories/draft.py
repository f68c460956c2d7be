"""What one record says of one package, before records of the same vulnerability are put together; and what was wrong with it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from undercroft.catalogue.advisories.schema import Span


@dataclass(slots=True)
class Draft:
    """One record about one package."""

    record: str
    """The record's own identifier."""
    names: tuple[str, ...]
    """Its identifier and its aliases."""
    ecosystem: str
    """As OSV writes it, or ``product``."""
    package: str
    """Normalised name."""
    source: str
    """The database."""
    licence: str
    """SPDX, or empty."""
    cvss: tuple[str, ...] = ()
    """CVSS vectors."""
    cwe: tuple[str, ...] = ()
    """Weaknesses."""
    published: str = ""
    """``YYYY-MM-DD`` or empty."""
    modified: str = ""
    """``YYYY-MM-DD`` or empty."""
    exploits: tuple[str, ...] = ()
    """Public exploits the record's references name."""
    spans: list[Span] = field(default_factory=list)
    """Ranges."""
    versions: dict[str, Any] = field(default_factory=dict)
    """Listed versions, text → parsed."""
    notes: set[str] = field(default_factory=set)
    """See ``Entry.notes``."""
    disagrees: tuple[str, ...] = ()
    """See ``Entry.disagrees``: differences found in an earlier snapshot."""


@dataclass(slots=True)
class Report:
    """What a build found wrong, for people."""

    lines: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(kind, record, package, what)."""
    withdrawn: set[str] = field(default_factory=set)
    """Records left out because their database withdrew them."""
    withdrawn_names: set[str] = field(default_factory=set)
    """Those records' identifiers and aliases."""

    def add(self, kind: str, record: str, package: str, what: str) -> None:
        """One line."""
        self.lines.append((kind, record, package, what[:300]))

    def counts(self) -> Counter[str]:
        """Lines a kind."""
        return Counter(kind for kind, *_ in self.lines)
