"""What the snapshot holds. Records are arrays in the file, so the order of fields is the format: append, never reorder."""

import msgspec

FORMAT = 1
"""The number of this format. A reader refuses every other."""

INCLUSIVE, AFTER, DOUBTFUL = 1, 2, 4
"""What a span's ``flags`` may say; see :class:`Span`."""


class Span(msgspec.Struct, frozen=True, array_like=True):
    """Versions from ``low`` to ``high``."""

    low: str = ""
    """First affected version; empty: from the first release on."""
    high: str = ""
    """The bound; empty: no end is known."""
    flags: int = 0
    """``INCLUSIVE``: ``high`` is itself affected (OSV's ``last_affected``), else it is the fix. ``AFTER``: ``low`` itself is
    not affected. ``DOUBTFUL``: the source's bound cannot be read, versions in here are neither affected nor not."""


class Vulnerability(msgspec.Struct, frozen=True, array_like=True):
    """One vulnerability, whatever number of databases speak of it."""

    id: str
    """The CVE number where there is one, else the GHSA, else the database's own identifier."""
    aliases: tuple[str, ...] = ()
    """Every other identifier, sorted; none stands in two vulnerabilities."""
    cvss: tuple[str, ...] = ()
    """CVSS vectors as published."""
    score: float | None = None
    """CVSS base score, 0 to 10, as the facts' source gives it."""
    severity: str = ""
    """``LOW`` to ``CRITICAL``, as the facts' source gives it; empty when it does not."""
    cwe: tuple[str, ...] = ()
    """Weaknesses, ``CWE-…``."""
    published: str = ""
    """Day of first publication, ``YYYY-MM-DD``; empty when unknown."""
    modified: str = ""
    """Day of the last change."""
    kev: str = ""
    """Known to be exploited (CISA KEV): the day it was added, or ``yes`` when the source gives no day; empty: not listed."""
    epss: float | None = None
    """Probability of exploitation within 30 days, 0 to 1 (FIRST EPSS), where known."""
    ssvc: str = ""
    """CISA's SSVC exploitation value: ``none``, ``poc`` or ``active``; empty when not assessed."""
    exploits: tuple[str, ...] = ()
    """Public exploits a source names: ``exploit-db:45933``, ``nuclei:…``, ``metasploit:…``, ``packetstorm:…``."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """What one vulnerability means for one package."""

    vulnerability: Vulnerability
    spans: tuple[Span, ...] = ()
    versions: tuple[str, ...] = ()
    """Affected versions that no span holds."""
    source: int = 0
    """Index into the header's ``sources``: whose ranges these are."""
    records: tuple[str, ...] = ()
    """Identifiers of the records these ranges come from."""
    disagrees: tuple[str, ...] = ()
    """``SOURCE RECORD: fixed …``: other sources that name other fixes. The preferred source's stand."""
    notes: tuple[str, ...] = ()
    """``git-ranges-ignored``: ranges between commits are not compared with versions."""


class Source(msgspec.Struct, frozen=True):
    """Where facts come from."""

    name: str
    licence: str
    """SPDX identifier; empty when the source does not say."""
    records: int = 0
    """Records used, without withdrawn ones."""


class Header(msgspec.Struct, frozen=True):
    """What is known without decoding a package."""

    format: int
    date: str
    """Day of the newest change in the data, ``YYYY-MM-DD``: as old as this is what the snapshot knows."""
    dates: dict[str, str]
    """The same for each ecosystem."""
    built: str
    """Day the file was made."""
    sources: tuple[Source, ...]
    complete: tuple[str, ...]
    """Ecosystems of which every advisory is here. Elsewhere a package that is not in the index was simply not looked at."""
    withdrawn: int
    """Withdrawn records that were left out."""
    vulnerabilities: int
    digest: str
    """SHA-256 of everything after the header, hexadecimal."""
    index: dict[str, dict[str, tuple[int, int]]]
    """Ecosystem → normalised package name → offset and length of its block after the header."""
