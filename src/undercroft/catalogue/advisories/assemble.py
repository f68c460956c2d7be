"""An export's documents and the facts of others, put together as a snapshot's bytes."""

import re
from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from undercroft.catalogue.advisories import osv, snapshot
from undercroft.catalogue.advisories.draft import Draft, Report
from undercroft.catalogue.advisories.ecosystems import rules
from undercroft.catalogue.advisories.facts import BadFeed, Facts
from undercroft.catalogue.advisories.merge import merge
from undercroft.catalogue.advisories.schema import FORMAT, Header
from undercroft.catalogue.advisories.snapshot import Snapshot


def collect(documents: Iterable[tuple[str, bytes]], report: Report) -> list[Draft]:
    """Every package of every record. ``documents`` are (name, JSON).

    Raises :class:`BadFeed` for a document that is no OSV record, an identifier that comes twice, and an export without a
    record: half a feed would report half the vulnerabilities as all of them.
    """
    seen: dict[str, str] = {}
    found: list[Draft] = []
    for name, data in documents:
        try:
            record = osv.DECODER.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadFeed(f"{name} is no OSV record: {error}") from error
        if not record.id or len(record.id) > 128:
            raise BadFeed(f"{name} has no usable id")
        if record.id in seen:
            raise BadFeed(f"{name} and {seen[record.id]} both hold {record.id}; an export holds each record once")
        seen[record.id] = name
        found += osv.drafts(record, report)
    if not seen:
        raise BadFeed("the export holds no OSV record")
    if not found:
        raise BadFeed(f"none of the export's {len(seen)} records speaks of a package whose versions can be compared")
    return found


def assemble(
    drafts: list[Draft],
    facts: Facts,
    report: Report,
    today: date,
    complete: Iterable[str] = (),
    carried: Snapshot | None = None,
    second: Iterable[Draft] = (),
) -> bytes:
    """The snapshot. Ecosystems that ``drafts`` does not speak of are taken over from ``carried``, with their date.

    ``second`` are opinions of sources that are not asked for ranges; where they differ, the entry says so. A day after
    ``today`` (and one more, for the clock elsewhere) is not believed.
    """
    days: dict[str, str] = {}
    limit = (today + timedelta(days=1)).isoformat()
    for draft in drafts:
        day = max(draft.modified, draft.published, *map(_year, draft.names))
        if day <= limit:
            days[draft.ecosystem] = max(days.get(draft.ecosystem, ""), day)
        else:
            report.add("future-date", draft.record, draft.package, f"changed on {day}, which is still to come")
    if carried is not None:
        for ecosystem, names in carried.header.index.items():
            for name in names:
                for entry in carried.entries(ecosystem, name) or ():
                    facts.carry(entry.vulnerability)
    whole = set(complete)
    if carried is not None:
        fresh = {draft.ecosystem for draft in drafts}
        whole |= set(carried.header.complete) - fresh
        drafts = [*drafts, *_again(carried, fresh, days)]
    packages, sources = merge(drafts, facts, report, second)
    header = Header(
        format=FORMAT,
        date=max(days.values(), default=""),
        dates=days,
        built=today.isoformat(),
        sources=sources,
        complete=tuple(sorted(whole)),
        withdrawn=len(report.withdrawn),
        vulnerabilities=len({entry.vulnerability.id for entries in packages.values() for entry in entries}),
        digest="",
        index={},
    )
    return snapshot.encode(header, packages)


def _year(name: str) -> str:
    """First day of the year an identifier was given in: some databases date nothing, but a number of 2026 is of 2026."""
    hit = re.match(r"(?:CVE|GO|PYSEC)-((?:19|20)\d\d)-\d", name)
    return f"{hit[1]}-01-01" if hit else ""


def _again(carried: Snapshot, fresh: set[str], days: dict[str, str]) -> list[Draft]:
    """What ``carried`` says of ecosystems outside ``fresh``, as drafts, so that names meet those of the new records."""
    found = []
    for ecosystem, index in carried.header.index.items():
        by = rules(ecosystem)
        if ecosystem in fresh or by is None:
            continue
        days[ecosystem] = carried.header.dates.get(ecosystem, "")
        for package in index:
            for entry in carried.entries(ecosystem, package) or ():
                one, source = entry.vulnerability, carried.header.sources[entry.source]
                versions = {text: parsed for text in entry.versions if (parsed := by.parse(text)) is not None}
                found += [
                    Draft(
                        record=record,
                        names=(one.id, *one.aliases),
                        ecosystem=ecosystem,
                        package=package,
                        source=source.name,
                        licence=source.licence,
                        cvss=one.cvss,
                        published=one.published,
                        modified=one.modified,
                        spans=list(entry.spans),
                        versions=versions,
                        notes=set(entry.notes),
                        disagrees=entry.disagrees,
                    )
                    for record in entry.records
                ]
    return found
