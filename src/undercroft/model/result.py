"""What a run leaves behind: findings, and with equal rank what could not be looked at, what was tried and what differs."""

from dataclasses import dataclass

from undercroft.model.evidence import Evidence
from undercroft.model.finding import Finding
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity, Verdict


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that was asked for and could not be looked at, whole or in part. Never the same as clean."""

    place: str
    """File relative to the scanned root, or endpoint."""
    reason: str
    """Why, with line and column where there is one."""
    partial: bool = False
    """Whether the rest of it was read."""
    remedy: str = ""
    """What would make it readable."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An asset the scan recognised, for the inventory."""

    asset: str
    """Key of the asset."""
    name: str
    component: str
    """Slug."""
    version: str | None
    reason: str
    """What recognition and version rest on."""
    depth: str
    """``deep`` or ``basic``: how much the catalogue knows about the component."""
    exposure: str
    """Label of the exposure."""
    addresses: tuple[str, ...]
    """``host:port`` at which it is declared or answered."""
    sources: tuple[str, ...]
    """``declared``, ``observed`` or both."""


@dataclass(frozen=True, slots=True)
class Held:
    """A package the scan met, for the bill of materials."""

    ecosystem: str
    """OSV's name: ``PyPI``, ``npm``, ``Go`` …; ``product`` for what no ecosystem packages."""
    package: str
    version: str | None
    """``None`` when it is unknown."""
    asset: str
    """Key of what holds it."""
    where: str
    """The place that tells."""
    reason: str
    """What the version rests on, or why it is unknown."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that somebody accepted, with the reason they gave. Counted, so that silence stays visible."""

    check: str
    asset: str
    """Key of the asset."""
    fingerprint: str
    reason: str
    """The reason as written. Never empty: a suppression without one does not count."""
    by: str
    """``comment`` (on the line) or ``baseline``."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an attack path."""

    what: str
    """Where one then stands, in a few words: ``internet``, ``MLflow without authentication (tracking)``. Never a secret."""
    how: str
    """Why the step can be taken, as a clause; empty where nothing needs saying, as for most first steps."""
    evidence: tuple[Evidence, ...]
    """What the step rests on. Never empty."""


@dataclass(frozen=True, slots=True)
class AttackPath:
    """A way from who can reach something to what is worth stealing."""

    steps: tuple[Step, ...]
    """From the entry to the goal; at least two."""
    risks: tuple[Risk, ...]
    """Rows of the register the steps belong to, in their order."""
    severity: Severity
    """How bad it is: the worst, brought down to who can take the first step."""
    why: str
    """The sentence that leads from the entry to the goal and to the severity."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """One scan."""

    targets: tuple[str, ...]
    """What was asked for, as typed."""
    scope: tuple[str, ...]
    """Network ranges that were in scope."""
    findings: tuple[Finding, ...]
    """Worst first. Verdict ``present`` or ``unknown``; ``absent`` is not a finding."""
    inventory: tuple[Seen, ...]
    could_not_read: tuple[Unread, ...]
    files: int
    """Files that were read."""
    endpoints: int
    """Endpoints that answered."""
    joined: tuple[str, ...] = ()
    """Sentences that say which declared and observed things were taken for one, and why."""
    suppressed: tuple[Suppressed, ...] = ()
    """Findings left out because somebody accepted them."""
    attack_paths: tuple[AttackPath, ...] = ()
    """What the findings lead to, worst first."""
    packages: tuple[Held, ...] = ()
    """Every package met, once for each version in each asset."""

    def at_least(self, severity: Severity, *, unknown: bool = False) -> tuple[Finding, ...]:
        """Findings at or above a severity; unknown verdicts only when asked for."""
        return tuple(
            f
            for f in self.findings
            if f.severity >= severity and (f.verdict is Verdict.PRESENT or (unknown and f.verdict is Verdict.UNKNOWN))
        )


@dataclass(frozen=True, slots=True)
class DrillResult:
    """One bounded attack on one's own endpoint."""

    drill: str
    """Name of the stimulus."""
    about: str
    """What was sent, in one sentence."""
    risk: Risk
    endpoint: str
    """URL without credentials."""
    verdict: Verdict
    """``present``: the weakness is there; ``absent``: the defence held."""
    reason: str
    """What came back."""
    sent: int
    """Bytes sent."""
    elapsed: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was expected."""

    kind: str
    """``unexpected``, ``missing``, ``changed``, or ``unknown`` where nobody can say."""
    subject: str
    """Name of the service."""
    field: str
    """What differs: ``service``, ``version``, ``exposure``, ``authentication`` …"""
    expected: str
    found: str
    risk: Risk
    severity: Severity
    path: str
    """How it is known: the path or the exchange, in one sentence."""
    evidence: tuple[Evidence, ...] = ()
