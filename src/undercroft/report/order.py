"""The order in which people read findings: the worst asset first, and in it the worst finding first.

Unknown verdicts stand apart: they ask for an answer, not for a repair.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from undercroft.model.asset import Asset
from undercroft.model.exposure import Exposure, Reach
from undercroft.model.finding import Finding
from undercroft.model.result import ScanResult
from undercroft.model.verdict import Severity, Verdict
from undercroft.report.words import counted


@dataclass(frozen=True, slots=True)
class Group:
    """What was found about one asset."""

    asset: Asset
    findings: tuple[Finding, ...]
    """Worst first; never empty."""

    @property
    def exposure(self) -> Exposure:
        """The widest exposure any of its findings rests on."""
        return max((f.exposure for f in self.findings), key=lambda e: -1 if e.reach is None else e.reach)

    @property
    def worst(self) -> Severity:
        return self.findings[0].severity


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing to mend that accounts for several findings: the same check says the same of the same product, or of the same line."""

    findings: tuple[Finding, ...]
    """Worst first; never empty."""

    @property
    def first(self) -> Finding:
        return self.findings[0]

    @property
    def assets(self) -> int:
        return len({f.asset.key for f in self.findings})


@dataclass(frozen=True, slots=True)
class Open:
    """One question that would settle some unknown verdicts."""

    settled_by: str
    """What would settle them."""
    findings: tuple[Finding, ...]


def _rank(finding: Finding) -> tuple[int, tuple[float, ...], int, str, str]:
    standing = tuple(-part for part in finding.standing)
    return (-finding.severity.rank, standing, -finding.confidence.rank, finding.check, finding.fingerprint)


def reach_in_words(exposure: Exposure) -> str:
    """``reachable from the internet`` and its like; says so where nobody can tell."""
    if exposure.reach is None:
        return "who can reach it is unknown"
    return f"reachable from {'' if exposure.reach is Reach.LOOPBACK else 'the '}{exposure.label}"


def by_asset(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Findings whose problem is present, grouped by asset key, worst first."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.verdict is Verdict.PRESENT:
            groups.setdefault(finding.asset.key, []).append(finding)
    made = [Group(found[0].asset, tuple(sorted(found, key=_rank))) for found in groups.values()]
    return tuple(sorted(made, key=lambda g: (-g.worst.rank, -len(g.findings), g.asset.key)))


def causes(findings: Iterable[Finding]) -> tuple[Cause, ...]:
    """Findings whose problem is present by root cause, the one that matters most first: by severity, then by how much it explains.

    Findings have one cause when the same check says the same sentence, up to numbers and names of the asset, and offers the same fix;
    known vulnerabilities when the same upgrade of the same package mends them.
    """
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        if finding.verdict is Verdict.PRESENT:
            said, remedy = re.sub(r"\d+", "#", finding.title.replace(finding.asset.name, "@")), finding.fix.summary
            if (known := finding.vulnerability) is not None:  # one upgrade mends all that a package has
                said, remedy = known.package, known.upgrade or ""
            groups.setdefault((finding.check, said, remedy), []).append(finding)
    made = [Cause(tuple(sorted(found, key=_rank))) for found in groups.values()]
    return tuple(
        sorted(
            made,
            key=lambda c: (
                -c.first.severity.rank,
                _rank(c.first)[1],
                -len(c.findings),
                c.first.check,
                c.first.fingerprint,
            ),
        )
    )


def open_questions(findings: Iterable[Finding]) -> tuple[Open, ...]:
    """Unknown verdicts, grouped by what would settle them, the question that settles most first."""
    questions: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.verdict is Verdict.UNKNOWN:
            questions.setdefault(finding.settled_by, []).append(finding)
    made = [Open(text, tuple(sorted(found, key=_rank))) for text, found in questions.items()]
    return tuple(sorted(made, key=lambda q: (-len(q.findings), q.settled_by)))


def severities(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many findings with a present problem there are of each severity, worst first, zeros included."""
    counts = dict.fromkeys(reversed(Severity), 0)
    for finding in findings:
        if finding.verdict is Verdict.PRESENT:
            counts[finding.severity] += 1
    return counts


def in_a_sentence(result: ScanResult) -> str:
    """The counts of one scan, as a paragraph."""
    counts = {s: n for s, n in severities(result.findings).items() if n}
    groups = by_asset(result.findings)
    total = sum(counts.values())
    unknown = sum(f.verdict is Verdict.UNKNOWN for f in result.findings)
    looked = f"{counted(result.files, 'file was', 'files were')} read, {counted(result.endpoints, 'endpoint')} answered"
    if total:
        parts = ", ".join(f"{n} {s}" for s, n in counts.items())
        said = f"{counted(total, 'finding')} on {counted(len(groups), 'asset')}: {parts}."
    else:
        said = "No findings in what could be read."
    asks = f" {counted(unknown, 'question')} could not be answered." if unknown else ""
    missed = counted(len(result.could_not_read), "place")
    unread = (
        f" {missed} could not be read, whole or in part; nothing is said about {'it' if len(result.could_not_read) == 1 else 'them'}."
        if result.could_not_read
        else ""
    )
    accepted = (
        f" {counted(len(result.suppressed), 'finding')} accepted by somebody, with a reason."
        if result.suppressed
        else ""
    )
    return f"{looked}. {said}{asks}{unread}{accepted}"
