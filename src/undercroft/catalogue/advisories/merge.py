"""Records of the same vulnerability become one: every alias once, one source's ranges, and a note where others differ.

The identifier is the CVE number where there is one, because KEV, EPSS and SSVC speak of CVE numbers; else the GHSA, else the
database's own. Records are the same vulnerability when their identifiers and aliases meet, however many records that takes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from undercroft.catalogue.advisories.draft import Draft, Report
from undercroft.catalogue.advisories.ecosystems import rules
from undercroft.catalogue.advisories.facts import Facts
from undercroft.catalogue.advisories.match import judge_spans
from undercroft.catalogue.advisories.schema import DOUBTFUL, INCLUSIVE, Entry, Source, Span, Vulnerability

PREFERRED = ("PyPA advisory database", "Go vulnerability database", "GitHub Advisory Database")
"""Whose ranges stand when sources differ, best first; any other source comes after, by name."""
_CVE = re.compile(r"CVE-(\d{4})-(\d{1,19})")


def _order(name: str) -> tuple[int, int, int, str]:
    """CVE by year and number, then GHSA, then the rest."""
    hit = _CVE.fullmatch(name)
    if hit:
        return 0, int(hit[1]), int(hit[2]), name
    return (1 if name.startswith("GHSA-") else 2), 0, 0, name


def _groups(drafts: Iterable[Draft]) -> list[list[Draft]]:
    """Drafts whose names meet, together."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    kept = list(drafts)
    for draft in kept:
        first = root(draft.names[0])
        for name in draft.names[1:]:
            parent[root(name)] = first
    groups: dict[str, list[Draft]] = defaultdict(list)
    for draft in kept:
        groups[root(draft.names[0])].append(draft)
    return list(groups.values())


def _vulnerability(group: list[Draft], facts: Facts) -> Vulnerability:
    names = tuple(sorted({name for draft in group for name in draft.names}, key=_order))
    known = facts.of(names)
    cvss = dict.fromkeys(vector for draft in group for vector in draft.cvss)
    days = [day for draft in group if (day := draft.published)]
    return Vulnerability(
        id=names[0],
        aliases=tuple(sorted(names[1:])),
        cvss=tuple(cvss) or ((known.cvss,) if known.cvss else ()),
        score=known.score,
        severity=known.severity,
        cwe=tuple(sorted({*known.cwe, *(c for draft in group for c in draft.cwe)})),
        published=min([*days, known.published] if known.published else days, default=""),
        modified=max((draft.modified for draft in group), default=""),
        kev=known.kev,
        epss=known.epss,
        ssvc=known.ssvc,
        exploits=tuple(sorted({*known.exploits, *(e for draft in group for e in draft.exploits)})),
    )


def _rank(source: str, drafts: list[Draft]) -> tuple[bool, int, str]:
    """Sources that say nothing readable come last."""
    silent = all(span.flags & DOUBTFUL for draft in drafts for span in draft.spans) and not any(
        d.versions for d in drafts
    )
    return silent, PREFERRED.index(source) if source in PREFERRED else len(PREFERRED), source


def _ends(drafts: list[Draft]) -> tuple[str, ...]:
    ends = {
        ("last " if span.flags & INCLUSIVE else "fixed ") + span.high
        for draft in drafts
        for span in draft.spans
        if span.high and not span.flags & DOUBTFUL
    }
    return tuple(sorted(ends)) or ("no fix",)


def _comparable(drafts: list[Draft]) -> frozenset[object]:
    """Ends as versions, so that 2.0 and 2.0.0 do not differ."""
    by = rules(drafts[0].ecosystem)
    assert by is not None
    spans = [s for draft in drafts for s in draft.spans if s.high and not s.flags & DOUBTFUL]
    return frozenset((s.flags & INCLUSIVE, by.parse(s.high)) for s in spans)


def _entry(
    one: Vulnerability, group: list[Draft], second: list[Draft], sources: dict[str, int], report: Report
) -> Entry:
    by_source: dict[str, list[Draft]] = defaultdict(list)
    for draft in group:
        by_source[draft.source].append(draft)
    ranked = sorted(by_source.items(), key=lambda item: _rank(*item))
    source, chosen = ranked[0]
    disagrees = []
    opinions = [
        (draft.source, [draft]) for draft in second if any(s.high and not s.flags & DOUBTFUL for s in draft.spans)
    ]
    for other, drafts in [*ranked[1:], *opinions]:
        if _comparable(drafts) != _comparable(chosen):
            said = f"{other} {drafts[0].record}: {', '.join(_ends(drafts))}"
            disagrees.append(said)
            report.add("disagreement", one.id, chosen[0].package, f"{source}: {', '.join(_ends(chosen))}; {said}")
    spans = tuple(dict.fromkeys(span for draft in chosen for span in draft.spans))
    listed = {text: parsed for draft in chosen for text, parsed in draft.versions.items()}
    return Entry(
        vulnerability=one,
        spans=spans,
        versions=tuple(
            sorted(text for text, parsed in listed.items() if not _held(parsed, spans, chosen[0].ecosystem))
        ),
        source=sources[source],
        records=tuple(sorted({draft.record for draft in chosen})),
        disagrees=tuple(dict.fromkeys([*(d for draft in chosen for d in draft.disagrees), *disagrees])),
        notes=tuple(sorted({note for draft in chosen for note in draft.notes})),
    )


def _held(version: object, spans: tuple[Span, ...], ecosystem: str) -> bool:
    """Whether a certain span holds ``version``, so that it need not be listed."""
    by = rules(ecosystem)
    assert by is not None
    return judge_spans(version, spans, by)


def merge(
    drafts: Iterable[Draft], facts: Facts, report: Report, second: Iterable[Draft] = ()
) -> tuple[dict[tuple[str, str], list[Entry]], tuple[Source, ...]]:
    """Packages with their entries, worst known first within each, and the sources the entries point at."""
    kept = list(drafts)
    licences = {draft.source: draft.licence for draft in kept}
    sources = {name: number for number, name in enumerate(sorted(licences))}
    packages: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    opinions: dict[tuple[str, str, str], list[Draft]] = defaultdict(list)
    for draft in second:
        opinions[draft.names[0], draft.ecosystem, draft.package].append(draft)
    for group in _groups(kept):
        one = _vulnerability(group, facts)
        by_package: dict[tuple[str, str], list[Draft]] = defaultdict(list)
        for draft in group:
            by_package[draft.ecosystem, draft.package].append(draft)
        for key, same in by_package.items():
            names = dict.fromkeys(name for draft in same for name in draft.names)
            heard = [draft for name in names for draft in opinions.get((name, *key), ())]
            packages[key].append(_entry(one, same, heard, sources, report))
    for entries in packages.values():
        entries.sort(key=lambda entry: _order(entry.vulnerability.id))
    records = {name: len({draft.record for draft in kept if draft.source == name}) for name in sources}
    return dict(packages), tuple(Source(name, licences[name], records[name]) for name in sorted(licences))
