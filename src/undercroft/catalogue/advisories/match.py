"""Is this version of this package affected? Yes, no, or nobody knows — and the last is never rounded to either side.

Ranges follow the OSV schema's evaluation ("Evaluation", OSV schema 1.7): a version is affected when a range or the list of
versions holds it. Somebody's own build of a release (PEP 440's local version, ``2.6.0+cu124``) is judged as that release, as
PEP 440 does for ``<=`` and ``==``, unless the bound itself names a build.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from undercroft.catalogue.advisories.ecosystems import Rules, rules
from undercroft.catalogue.advisories.schema import AFTER, DOUBTFUL, INCLUSIVE, Entry, Header, Span, Vulnerability
from undercroft.catalogue.advisories.snapshot import Snapshot
from undercroft.model.verdict import Verdict

STALE_DAYS = 30
"""Days after which a snapshot no longer says what is known today."""
REMEMBERED = 20_000
"""Answers kept: estates repeat the same few versions, and a package may have hundreds of entries."""


@dataclass(frozen=True, slots=True)
class Affected:
    """One vulnerability that the version has."""

    vulnerability: Vulnerability
    """Its facts."""
    fixed: str | None
    """Lowest later version that is free of it; ``None`` when the source names no fix."""
    source: str
    """Whose ranges these are."""
    licence: str
    """That source's licence, SPDX."""
    records: tuple[str, ...]
    """Identifiers of the records."""
    disagrees: tuple[str, ...]
    """Other sources that name other fixes."""


@dataclass(frozen=True, slots=True)
class Matches:
    """The answer for one package at one version."""

    ecosystem: str
    """As asked."""
    package: str
    """The name as the ecosystem compares it."""
    version: str | None
    """As asked."""
    verdict: Verdict
    """``PRESENT``: at least one vulnerability. ``ABSENT``: looked up, none. ``UNKNOWN``: cannot be said, ``reason`` says why."""
    affected: tuple[Affected, ...] = ()
    """What the version has; empty unless ``PRESENT``."""
    undecided: tuple[Vulnerability, ...] = ()
    """Vulnerabilities whose bounds around this version cannot be read. May stand beside ``affected``."""
    fixed: str | None = None
    """Lowest version that is free of everything in ``affected``; ``None`` when something there has no fix."""
    fixed_most: str | None = None
    """Lowest version free of everything in ``affected`` that has a fix at all."""
    unfixed: tuple[str, ...] = ()
    """Identifiers in ``affected`` without a fix."""
    reason: str = ""
    """Why the verdict is unknown."""
    recorded: int = 0
    """Vulnerabilities the snapshot holds for the package, at whatever version."""
    notes: tuple[str, ...] = ()
    """What was left out while judging, e.g. ``git-ranges-ignored``."""


_Fix = tuple[Any, str]
"""A fix, parsed, and as the source writes it."""


@dataclass(frozen=True, slots=True)
class _Span:
    low: Any | None
    high: Any | None
    flags: int

    def holds(self, full: Any, public: Any) -> bool:
        if self.low is not None:
            version = full if getattr(self.low, "local", None) else public
            if version < self.low or (self.flags & AFTER and version == self.low):
                return False
        if self.high is None:
            return True
        version = full if getattr(self.high, "local", None) else public
        return bool(version <= self.high if self.flags & INCLUSIVE else version < self.high)


def judge_spans(version: Any, spans: Iterable[Span], by: Rules) -> bool:
    """Whether a certain span of ``spans`` holds the parsed ``version``."""
    return any(span.holds(version, by.published(version)) for span in _parsed(spans, by) if not span.flags & DOUBTFUL)


def _parsed(spans: Iterable[Span], by: Rules) -> list[_Span]:
    return [_Span(by.parse(s.low) if s.low else None, by.parse(s.high) if s.high else None, s.flags) for s in spans]


class _Judge:
    """An entry with its bounds parsed."""

    __slots__ = ("doubtful", "entry", "fixes", "sure", "versions")

    def __init__(self, entry: Entry, by: Rules) -> None:
        self.entry = entry
        spans = _parsed(entry.spans, by)
        self.sure = [span for span in spans if not span.flags & DOUBTFUL]
        self.doubtful = [span for span in spans if span.flags & DOUBTFUL]
        self.versions = [parsed for parsed in map(by.parse, entry.versions) if parsed is not None]
        ends = [
            (span.high, raw.high)
            for span, raw in zip(spans, entry.spans, strict=True)
            if span.high is not None and not span.flags & (INCLUSIVE | DOUBTFUL)
        ]
        self.fixes: list[_Fix] = sorted(ends, key=_bound)

    def verdict(self, full: Any, public: Any) -> Verdict:
        if any(span.holds(full, public) for span in self.sure) or any(v in (full, public) for v in self.versions):
            return Verdict.PRESENT
        return Verdict.UNKNOWN if any(span.holds(full, public) for span in self.doubtful) else Verdict.ABSENT

    def fix(self, full: Any, by: Rules) -> _Fix | None:
        """The lowest fix above ``full`` that is free of this, bounds that cannot be read included."""
        for version, text in self.fixes:
            if version > full and self.verdict(version, by.published(version)) is Verdict.ABSENT:
                return version, text
        return None


class Advisories:
    """An opened snapshot, with the rules to ask it. Cheap to make; packages are decoded when they are asked for."""

    __slots__ = ("_answers", "_judges", "_snapshot")

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._judges: dict[tuple[str, str], list[_Judge] | None] = {}
        self._answers: dict[tuple[str, str, str], Matches] = {}

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot itself."""
        return self._snapshot

    @property
    def header(self) -> Header:
        """Dates, sources, counts, digest."""
        return self._snapshot.header

    def age_days(self, today: date, ecosystem: str | None = None) -> int | None:
        """Days since the newest change in the data (of ``ecosystem``). ``None`` when there is no such data or no date."""
        stamp = self.header.date if ecosystem is None else self.header.dates.get(ecosystem, "")
        try:
            return max(0, (today - date.fromisoformat(stamp)).days)
        except ValueError:
            return None

    def stale(self, today: date, ecosystem: str | None = None) -> bool:
        """Whether the data is missing or older than :data:`STALE_DAYS`."""
        age = self.age_days(today, ecosystem)
        return age is None or age > STALE_DAYS

    def vulnerabilities(self, ecosystem: str, name: str) -> tuple[Vulnerability, ...]:
        """Everything recorded of the package, at whatever version."""
        by = rules(ecosystem)
        entries = self._snapshot.entries(ecosystem, by.normalise(name)) if by else None
        return tuple(entry.vulnerability for entry in entries or ())

    def _judged(self, ecosystem: str, name: str, by: Rules) -> list[_Judge] | None:
        key = (ecosystem, name)
        if key not in self._judges:
            if len(self._judges) >= REMEMBERED:
                self._judges.clear()
            entries = self._snapshot.entries(ecosystem, name)
            self._judges[key] = None if entries is None else [_Judge(entry, by) for entry in entries]
        return self._judges[key]

    def match(self, ecosystem: str, name: str, version: str | None) -> Matches:
        """Which vulnerabilities ``version`` of the package has.

        ``ecosystem`` as OSV writes it, or ``product`` for servers that are no package, under the catalogue's component slug.
        An unknown or unreadable version lists nothing as affected. Raises
        :class:`undercroft.catalogue.advisories.snapshot.BadSnapshot` when the package's block is damaged.
        """
        by = rules(ecosystem)
        if by is None:
            reason = f"the version rules of {ecosystem!r} are not known here"
            return Matches(ecosystem, name, version, Verdict.UNKNOWN, reason=reason)
        package = by.normalise(name)
        key = (ecosystem, package, version or "")
        found = self._answers.get(key)
        if found is None:
            if len(self._answers) >= REMEMBERED:
                self._answers.clear()
            found = self._answers[key] = self._answer(ecosystem, package, version, by)
        return found

    def _answer(self, ecosystem: str, package: str, version: str | None, by: Rules) -> Matches:
        judges = self._judged(ecosystem, package, by)
        if judges is None:
            if ecosystem.partition(":")[0] in self.header.complete or ecosystem in self.header.complete:
                return Matches(ecosystem, package, version, Verdict.ABSENT)
            reason = "the advisory snapshot does not cover this package"
            return Matches(ecosystem, package, version, Verdict.UNKNOWN, reason=reason)
        full = by.parse(version) if version else None
        notes = tuple(sorted({note for judge in judges for note in judge.entry.notes}))
        if full is None:
            reason = f"{version!r} is no version of {ecosystem}" if version else "the version is not known"
            return Matches(
                ecosystem, package, version, Verdict.UNKNOWN, reason=reason, recorded=len(judges), notes=notes
            )
        public = by.published(full)
        hits, undecided = [], []
        for judge in judges:
            verdict = judge.verdict(full, public)
            if verdict is Verdict.PRESENT:
                hits.append(judge)
            elif verdict is Verdict.UNKNOWN:
                undecided.append(judge.entry.vulnerability)
        fixes = [judge.fix(full, by) for judge in hits]
        affected = tuple(self._affected(judge, fix) for judge, fix in zip(hits, fixes, strict=True))
        most = _lowest([(judge, fix) for judge, fix in zip(hits, fixes, strict=True) if fix is not None], by)
        unfixed = tuple(one.vulnerability.id for one in affected if one.fixed is None)
        reason = "" if affected or not undecided else "the advisories' bounds around this version cannot be read"
        return Matches(
            ecosystem,
            package,
            version,
            Verdict.PRESENT if affected else Verdict.UNKNOWN if undecided else Verdict.ABSENT,
            affected,
            tuple(undecided),
            None if unfixed else most,
            most,
            unfixed,
            reason,
            len(judges),
            notes,
        )

    def _affected(self, judge: _Judge, fix: _Fix | None) -> Affected:
        entry = judge.entry
        source = self.header.sources[entry.source]
        text = fix[1] if fix else None
        return Affected(entry.vulnerability, text, source.name, source.licence, entry.records, entry.disagrees)


def _lowest(fixable: list[tuple[_Judge, _Fix]], by: Rules) -> str | None:
    """The lowest fix that is free of everything in ``fixable``: none can lie below the highest of their own lowest fixes."""
    if not fixable:
        return None
    least = max((fix for _, fix in fixable), key=_bound)
    others = {text: version for judge, _ in fixable for version, text in judge.fixes if version > least[0]}
    for version, text in [least, *sorted(((v, t) for t, v in others.items()), key=_bound)]:
        public = by.published(version)
        if all(judge.verdict(version, public) is Verdict.ABSENT for judge, _ in fixable):
            return text
    return None


def _bound(fix: _Fix) -> Any:
    return fix[0]
