"""An export's documents and the facts of others, put together as a snapshot's bytes."""

import re
from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from undercroft.catalogue.advisories import osv, snapshot
from undercroft.catalogue.advisories.draft import Draft, Report
from undercroft.catalogue.advisories.facts import BadFeed, Facts
from undercroft.catalogue.advisories.merge import merge
from undercroft.catalogue.advisories.schema import FORMAT, Entry, Header, Source
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
    packages, sources = merge(drafts, facts, report, second)
    whole = set(complete)
    if carried is not None:
        sources = _take_over(packages, sources, days, carried)
        whole |= {e for e in carried.header.complete if e not in {draft.ecosystem for draft in drafts}}
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


def _take_over(
    packages: dict[tuple[str, str], list[Entry]],
    sources: tuple[Source, ...],
    days: dict[str, str],
    carried: Snapshot,
) -> tuple[Source, ...]:
    """Adds the old snapshot's other ecosystems to ``packages`` and ``days``; the sources of both."""
    fresh = {ecosystem for ecosystem, _ in packages}
    every = {source.name: source for source in carried.header.sources} | {source.name: source for source in sources}
    names = sorted(every)
    now = {number: names.index(source.name) for number, source in enumerate(sources)}
    then = {number: names.index(source.name) for number, source in enumerate(carried.header.sources)}
    for key, entries in packages.items():
        packages[key] = [msgspec.structs.replace(entry, source=now[entry.source]) for entry in entries]
    for ecosystem, index in carried.header.index.items():
        if ecosystem in fresh:
            continue
        days[ecosystem] = carried.header.dates.get(ecosystem, "")
        for name in index:
            old = carried.entries(ecosystem, name) or []
            packages[ecosystem, name] = [msgspec.structs.replace(entry, source=then[entry.source]) for entry in old]
    used = {entry.source for entries in packages.values() for entry in entries}
    kept = [number for number in range(len(names)) if number in used]
    place = {number: new for new, number in enumerate(kept)}
    for key, entries in packages.items():
        packages[key] = [msgspec.structs.replace(entry, source=place[entry.source]) for entry in entries]
    return tuple(every[names[number]] for number in kept)
