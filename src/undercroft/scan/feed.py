"""What is known about vulnerabilities, as a check may ask it: a question with three answers, and how far to trust them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from undercroft.catalogue.advisories.match import Advisories, Affected
from undercroft.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Known:
    """One vulnerability that affects the version asked about, with its facts as :mod:`undercroft.catalogue.advisories` holds them."""

    id: str
    """CVE number where there is one."""
    aliases: tuple[str, ...] = ()
    fixed: str | None = None
    """Lowest version that no longer has it, going up from the one asked about; ``None`` where no fix is known."""
    score: float | None = None
    """CVSS base score, 0 to 10."""
    vectors: tuple[str, ...] = ()
    severity: str = ""
    """``LOW`` to ``CRITICAL`` where a source says it."""
    weaknesses: tuple[str, ...] = ()
    """``CWE-…``."""
    published: str = ""
    """Day, ``YYYY-MM-DD``."""
    exploited: str = ""
    """Known to be exploited: since when, or ``yes``."""
    likelihood: float | None = None
    """EPSS, 0 to 1."""
    exploitation: str = ""
    """SSVC: ``none``, ``poc``, ``active``."""
    exploits: tuple[str, ...] = ()
    """Public exploits by name."""
    source: str = ""
    """Whose ranges decided."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known about one version of one package."""

    affecting: tuple[Known, ...] = ()
    """Vulnerabilities the version has."""
    undecided: int = 0
    """Vulnerabilities of the package of which nobody can say whether the version has them; all of them when the version is unknown."""
    reason: str = ""
    """Why they are undecided."""
    upgrade: str | None = None
    """Lowest version free of everything in ``affecting`` that has a fix."""
    covered: bool = True
    """Whether the advisories speak of the package at all, or of every package of its ecosystem. Without that, nothing found means nothing."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The advisories a scan goes by."""

    look: Callable[[str, str, str | None], Answer]
    """(ecosystem, package, version) → answer. Pure."""
    date: str = ""
    """Day of the newest fact in it, ``YYYY-MM-DD``."""
    problem: str = ""
    """Why it cannot be relied on, as a sentence with the remedy; empty when it can: ``the advisories are of …, 60 days old``."""


def _known(one: Affected) -> Known:
    facts = one.vulnerability
    return Known(
        facts.id, facts.aliases, one.fixed, facts.score, facts.cvss, facts.severity, facts.cwe, facts.published, facts.kev, facts.epss,
        facts.ssvc, facts.exploits, one.source,
    )  # fmt: skip


def of(advisories: Advisories, today: date | None = None, note: str = "") -> Feed:
    """A feed that asks ``advisories``. With ``today``, data that is older than its own limit is called stale.

    ``note``: why others that were meant to be used are not.
    """

    def look(ecosystem: str, package: str, version: str | None) -> Answer:
        found = advisories.match(ecosystem, package, version)
        unsure = found.recorded if version is None or not found.recorded else len(found.undecided)
        if found.verdict is Verdict.UNKNOWN and found.recorded and not found.undecided:
            unsure = found.recorded  # the text is no version of this ecosystem
        covered = bool(found.recorded) or found.verdict is Verdict.ABSENT
        return Answer(tuple(_known(one) for one in found.affected), unsure, found.reason, found.fixed_most, covered)

    problem = note
    if today is not None and advisories.stale(today):
        age = advisories.age_days(today)
        told = f"of {advisories.header.date}, {age} days old" if age is not None else "of an unknown day"
        problem = f"the advisories at hand are {told}; run undercroft advisories update"
    return Feed(look, advisories.header.date, problem)


def missing(reason: str) -> Feed:
    """The feed of a scan without advisories: it knows of no package."""
    return Feed(lambda _ecosystem, _package, _version: Answer((), 0, reason, covered=False), "", reason)
