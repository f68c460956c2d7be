"""One OSV record → bounds that can be compared, and a line in the report for each that cannot.

Databases carry bounds no release ever had: CPE's ``2.6.0-NA``, commit hashes, ends before their beginnings. A bound that is
silently dropped turns a range into "everything" or "nothing", so what cannot be read becomes a doubtful span instead.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from undercroft.catalogue.advisories.draft import Draft, Report
from undercroft.catalogue.advisories.ecosystems import Rules, rules
from undercroft.catalogue.advisories.schema import AFTER, DOUBTFUL, INCLUSIVE, Span

_HASH = re.compile(r"(?=.*[a-f])(?=.*\d)[0-9a-f]{7,40}")
_DATE = re.compile(r"(19|20)\d{6}")
_EXPLOITS = (
    (re.compile(r"exploit-db\.com/exploits/(\d{1,8})"), "exploit-db:"),
    (re.compile(r"packetstorm(?:security\.com|\.news)/files/(?:id/)?(\d{1,8})"), "packetstorm:"),
    (re.compile(r"nuclei-templates/(?:blob|tree)/[^/]+/([\w./-]{1,200}?)\.ya?ml"), "nuclei:"),
    (re.compile(r"metasploit-framework/(?:blob|tree)/[^/]+/modules/([\w./-]{1,200}?)\.rb"), "metasploit:"),
)
SOURCES = {
    "PYSEC": ("PyPA advisory database", "CC-BY-4.0"),
    "GO": ("Go vulnerability database", "CC-BY-4.0"),
    "GHSA": ("GitHub Advisory Database", "CC-BY-4.0"),
    "MAL": ("OpenSSF malicious packages", "Apache-2.0"),
    "RUSTSEC": ("RustSec advisory database", "CC0-1.0"),
    "OSV": ("OSS-Fuzz vulnerabilities", "CC-BY-4.0"),
}
"""Prefix of a record's identifier → its database and licence, as osv.dev's page of data sources lists them."""


class _Package(msgspec.Struct):
    ecosystem: str
    name: str


class _Range(msgspec.Struct):
    type: str
    events: list[dict[str, str]] = []


class _Severity(msgspec.Struct):
    type: str
    score: str


class _Affected(msgspec.Struct):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None
    severity: list[_Severity] | None = None


class _Reference(msgspec.Struct):
    url: str = ""


class Record(msgspec.Struct):
    """The part of the OSV schema that is read. Everything else, all prose included, is never decoded into a value."""

    id: str
    modified: str
    affected: list[_Affected] | None = None
    published: str = ""
    withdrawn: str | None = None
    aliases: list[str] | None = None
    severity: list[_Severity] | None = None
    references: list[_Reference] | None = None
    database_specific: dict[str, Any] | None = None


DECODER = msgspec.json.Decoder(Record)
"""Raises ``msgspec.MsgspecError`` for bytes that are no OSV record."""


def _day(stamp: str) -> str:
    """The day of an RFC 3339 time stamp; empty for none, and for the year 1 that stands for "unknown" in some databases."""
    return stamp[:10] if re.fullmatch(r"(19[7-9]\d|20\d\d)-[01]\d-[0-3]\d", stamp[:10]) else ""


def _number(version: Any) -> int:
    release = getattr(version, "release", None)
    return int(release[0]) if release else int(getattr(version, "major", 0))


def _why_unreadable(text: str, parsed: Any | None, newest: int | None) -> str:
    """What is wrong with a bound; empty when nothing is."""
    if _HASH.fullmatch(text):
        return "is a commit, not a version"
    if parsed is None:
        return "is no version of the ecosystem"
    number = _number(parsed)
    if newest is not None and number > newest + 10_000:
        return f"lies beyond any release (the highest listed begins with {newest})"
    if newest is None and number >= 100_000 and not _DATE.match(text.lstrip("v")):
        return "lies beyond any release"
    return ""


def spans(events: Iterable[tuple[str, str]], by: Rules, newest: int | None, say: Any) -> list[Span]:
    """``events`` (kind, version) of one range as spans, by the OSV schema's evaluation: sorted, each switching on or off.

    ``newest`` is the highest first number of any listed version, ``say(kind, text)`` writes to the report.
    """
    bounds: list[tuple[Any | None, str, str]] = []
    bad: list[tuple[str, str]] = []
    for kind, raw in events:
        text = raw.strip()
        if kind == "introduced" and text == "0":
            bounds.append((None, kind, ""))
            continue
        if text.endswith("-NA") and by.parse(text[:-3]) is not None:
            say("repaired", f"{kind} {raw}: CPE's mark for a release without update reads as {text[:-3]}")
            text = text[:-3]
        parsed = by.parse(text)
        why = _why_unreadable(text, parsed, newest)
        if why:
            say("rejected", f"{kind} {raw} {why}")
            bad.append((kind, text))
        else:
            bounds.append((parsed, kind, text))
    first = [bound for bound in bounds if bound[0] is None]
    bounds = first + sorted((bound for bound in bounds if bound[0] is not None), key=_version)
    return _doubted(bounds, bad, by) if bad else _walked(bounds, say)


def _version(bound: tuple[Any | None, str, str]) -> Any:
    return bound[0]


def _doubted(bounds: list[tuple[Any | None, str, str]], bad: list[tuple[str, str]], by: Rules) -> list[Span]:
    """A range with an unreadable bound: certain up to the release the bound begins with, where it begins with one."""
    low = next((text for _, kind, text in bounds if kind == "introduced"), "")
    if len(bounds) == 1 and bounds[0][1] == "introduced" and len(bad) == 1:
        base = bad[0][1].partition("-")[0]
        early = f"{base}.dev0"
        if base != bad[0][1] and by.parse(base) is not None and by.parse(early) is not None:
            return [Span(low, early), Span(early, base, INCLUSIVE | DOUBTFUL)]
    return [Span(low, "", DOUBTFUL)]


def _walked(bounds: list[tuple[Any | None, str, str]], say: Any) -> list[Span]:
    found: list[Span] = []
    low: str | None = None
    opened: Any | None = None
    idle_fix = False
    for parsed, kind, text in bounds:
        if kind == "introduced":
            if low is None:
                low, opened = text, parsed
        elif low is not None:
            if kind == "fixed" and opened is not None and parsed == opened:
                say("contradictory", f"introduced and fixed in {text}: no version is affected")
            else:
                found.append(Span(low, text, INCLUSIVE if kind == "last_affected" else 0))
            low = None
        elif kind == "last_affected" and found and found[-1].flags & INCLUSIVE:
            say("contradictory", f"affected up to {found[-1].high} and up to {text}: what lies between is doubtful")
            found.append(Span(found[-1].high, text, INCLUSIVE | AFTER | DOUBTFUL))
        else:
            idle_fix = True
            say("contradictory", f"{kind} {text} ends nothing")
    if low is not None:
        lost = idle_fix and not found
        if lost:
            say("contradictory", f"introduced in {low}, after its own end: the range is doubtful")
        found.append(Span(low, "", DOUBTFUL if lost else 0))
    return found


def drafts(record: Record, report: Report) -> list[Draft]:
    """The record's packages. Withdrawn records give none. Ecosystems without rules here are counted in the report."""
    if record.withdrawn:
        report.withdrawn.add(record.id)
        report.withdrawn_names.update((record.id, *(record.aliases or ())))
        return []
    source, licence = SOURCES.get(record.id.partition("-")[0], (record.id.partition("-")[0], ""))
    specific = record.database_specific or {}
    cwe = specific.get("cwe_ids")
    urls = [ref.url for ref in record.references or () if len(ref.url) <= 2000]
    exploits = {prefix + hit[1] for url in urls for pattern, prefix in _EXPLOITS if (hit := pattern.search(url))}
    found: list[Draft] = []
    for one in record.affected or ():
        if one.package is None:
            continue
        by = rules(one.package.ecosystem)
        if by is None:
            report.add(
                "no-rules", record.id, one.package.name, f"version rules of {one.package.ecosystem} are not known"
            )
            continue
        cvss = [s.score for s in (*(record.severity or ()), *(one.severity or ())) if s.type.startswith("CVSS")]
        draft = Draft(
            record=record.id,
            names=(record.id, *(record.aliases or ())),
            ecosystem=one.package.ecosystem,
            package=by.normalise(one.package.name),
            source=source,
            licence=licence,
            cvss=tuple(dict.fromkeys(cvss)),
            cwe=tuple(c for c in cwe if isinstance(c, str)) if isinstance(cwe, list) else (),
            published=_day(record.published),
            modified=_day(record.modified),
            exploits=tuple(sorted(exploits)),
        )
        _fill(draft, one, by, report)
        found.append(draft)
    return found


def _fill(draft: Draft, one: _Affected, by: Rules, report: Report) -> None:
    def say(kind: str, text: str) -> None:
        report.add(kind, draft.record, draft.package, text)

    listed = {}
    for text in one.versions or ():
        parsed = by.parse(text)
        if parsed is None:
            say("unreadable-version", f"listed version {text} cannot be compared")
        else:
            listed[text] = parsed
    newest = max(map(_number, listed.values()), default=None)
    for span in one.ranges or ():
        if span.type == "GIT":
            draft.notes.add("git-ranges-ignored")
            continue
        events = [(kind, text) for event in span.events for kind, text in event.items()]
        known = [(kind, text) for kind, text in events if kind in {"introduced", "fixed", "last_affected"}]
        if not any(kind == "introduced" for kind, _ in known):
            say("rejected", "a range without a beginning")
            continue
        draft.spans += [s for s in spans(known, by, newest, say) if s not in draft.spans]
    draft.versions = listed
    if not draft.spans and not listed:
        say("rejected", "neither a range nor a version that can be compared: it says nothing certain")
        draft.spans = [Span("", "", DOUBTFUL)]
