"""What other sources know of a vulnerability by its identifier: exploited (KEV), likely to be (EPSS), assessed (SSVC), scored."""

import csv
import io
from dataclasses import dataclass, field, replace
from itertools import dropwhile

import msgspec

from undercroft.catalogue.advisories.schema import Vulnerability


class BadFeed(ValueError):
    """A feed that is not what it should be. The message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Facts about one identifier; empty where the source does not know."""

    kev: str = ""
    """Day it was added to CISA KEV, or ``yes``."""
    epss: float | None = None
    """FIRST EPSS, 0 to 1."""
    ssvc: str = ""
    """CISA SSVC exploitation value."""
    cvss: str = ""
    """CVSS vector."""
    score: float | None = None
    """CVSS base score."""
    severity: str = ""
    """Word for it."""
    published: str = ""
    """``YYYY-MM-DD``."""
    cwe: tuple[str, ...] = ()
    """Weaknesses."""
    exploits: tuple[str, ...] = ()
    """Public exploits."""

    def over(self, other: "Fact") -> "Fact":
        """This fact, with what it does not know taken from ``other``."""
        mine = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return replace(other, **{name: value for name, value in mine.items() if value not in (None, "", ())})


@dataclass(slots=True)
class Facts:
    """Facts by identifier."""

    by_name: dict[str, Fact] = field(default_factory=dict)
    """CVE, GHSA or record identifier → what is known."""

    def add(self, name: str, fact: Fact) -> None:
        """Note ``fact``; what is newly known goes over what was."""
        self.by_name[name] = fact.over(self.by_name.get(name, Fact()))

    def of(self, names: tuple[str, ...]) -> Fact:
        """All that is known of one vulnerability under any of its names, the first name's word first."""
        known = Fact()
        for name in names:
            if name in self.by_name:
                known = known.over(self.by_name[name])
        return known

    def carry(self, one: Vulnerability) -> None:
        """Note what an older snapshot knew, under what is known already."""
        old = Fact(one.kev, one.epss, one.ssvc, "", one.score, one.severity, "", one.cwe, one.exploits)
        if old != Fact():
            for name in (one.id, *one.aliases):
                self.by_name[name] = self.by_name.get(name, Fact()).over(old)


def read_epss(text: str, facts: Facts) -> int:
    """FIRST's EPSS CSV (``#`` comment, then ``cve,epss,percentile``); rows read. Raises :class:`BadFeed`."""
    rows = csv.DictReader(dropwhile(lambda line: line.startswith("#"), io.StringIO(text)))
    if not {"cve", "epss"} <= set(rows.fieldnames or ()):
        raise BadFeed("the EPSS file has no columns cve and epss; give the CSV that FIRST publishes, unpacked")
    count = 0
    for row in rows:
        try:
            value = float(row["epss"])
        except (TypeError, ValueError):
            value = -1.0
        if not 0.0 <= value <= 1.0 or not (row["cve"] or "").startswith("CVE-"):
            raise BadFeed(f"the EPSS file's row {count + 1} holds no CVE with a probability between 0 and 1")
        facts.add(row["cve"], Fact(epss=value))
        count += 1
    if not count:
        raise BadFeed("the EPSS file holds no row")
    return count


class _Kev(msgspec.Struct):
    cveID: str  # noqa: N815 - CISA's spelling
    dateAdded: str  # noqa: N815 - CISA's spelling
    cwes: list[str] = []


class _Catalogue(msgspec.Struct):
    vulnerabilities: list[_Kev]


def read_kev(data: bytes, facts: Facts) -> int:
    """CISA's Known Exploited Vulnerabilities catalogue, JSON; entries read. Raises :class:`BadFeed`."""
    try:
        kev = msgspec.json.decode(data, type=_Catalogue)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadFeed(f"the KEV file is not CISA's JSON catalogue: {error}") from error
    if not kev.vulnerabilities:
        raise BadFeed("the KEV file holds no entry")
    for one in kev.vulnerabilities:
        facts.add(one.cveID, Fact(kev=one.dateAdded or "yes", cwe=tuple(one.cwes)))
    return len(kev.vulnerabilities)
