"""What a check says about an asset."""

import hashlib
import math
from dataclasses import dataclass, field

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure, Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Persona, Severity, Verdict

_STEPS_BELOW = {Reach.INTERNET: 0, Reach.PRIVATE: 1, Reach.CLUSTER: 2, Reach.HOST: 3, Reach.LOOPBACK: 4}


def weigh(base: Severity, exposure: Exposure) -> tuple[Severity, str]:
    """A check's own judgement, made for the internet, brought down to who can really reach the asset.

    No authentication on the internet is critical; the same on loopback is a note. An unknown exposure costs one step, and the
    sentence says so. Returns the severity and the sentence that explains it.
    """
    if exposure.reach is None:
        lowered = base.lowered(1)
        return lowered, f"{base} if reachable from the internet; who can reach it is unknown, so {lowered}"
    lowered = base.lowered(_STEPS_BELOW[exposure.reach])
    if lowered is base:
        return base, f"{base}: reachable from the {exposure.reach.label}"
    return lowered, f"{base} on the internet; here reachable from {exposure.reach.label}, so {lowered}"


def fingerprint(check: str, asset_key: str, locator: str) -> str:
    """An id for a finding that survives line shifts: it is made of names, not of positions."""
    return hashlib.sha256(f"{check}\x1f{asset_key}\x1f{locator}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A known vulnerability of a package, or the question whether it has one."""

    ecosystem: str
    """OSV's name: ``PyPI``, ``npm``, ``Go`` …; ``product`` for what no ecosystem packages."""
    package: str
    version: str | None
    """The version that was found, ``None`` when it is unknown."""
    id: str | None
    """CVE number where there is one; ``None`` when it is not known whether the package has any."""
    aliases: tuple[str, ...] = ()
    """Other identifiers of the same vulnerability."""
    fixed: str | None = None
    """Lowest version above the one found that no longer has it; ``None`` where no fix is known."""
    upgrade: str | None = None
    """Lowest version that no longer has any of the fixable vulnerabilities found in the package here."""
    score: float | None = None
    """CVSS base score, 0 to 10."""
    cvss: str = ""
    """CVSS vector."""
    epss: float | None = None
    """Probability of exploitation within 30 days, 0 to 1 (FIRST EPSS)."""
    exploited: bool = False
    """Whether it is known to be exploited: listed in CISA's KEV, or SSVC says ``active``."""
    exploits: tuple[str, ...] = ()
    """Public exploits by name, such as ``exploit-db:45933``."""
    published: str = ""
    """Day of first publication, ``YYYY-MM-DD``; empty when unknown."""
    source: str = ""
    """Whose version ranges decided."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A judgement about one asset, with what it rests on."""

    check: str
    """Id of the check: its file name, docs page and suppression word."""
    title: str
    """What is the matter, in one sentence about this asset."""
    verdict: Verdict
    """Whether the problem is there, or cannot be known."""
    severity: Severity
    """How bad it is here: the check's judgement brought down to the exposure."""
    confidence: Confidence
    """How sure the judgement is."""
    persona: Persona
    """Who wants to read it."""
    risk: Risk
    """The row of the register."""
    asset: Asset
    """What it is about."""
    exposure: Exposure
    """Who can reach it, and how that is known."""
    why: str
    """Why it matters here: the sentence that leads from judgement and exposure to severity."""
    fix: Fix
    """What to do."""
    evidence: tuple[Evidence, ...]
    """What it rests on, the telling place first."""
    fingerprint: str
    """Id that survives line shifts; see :func:`fingerprint`."""
    references: tuple[str, ...] = field(default=())
    """CWE, OWASP, ATT&CK and ATLAS ids and documentation addresses."""
    settled_by: str = ""
    """For ``unknown``: what would settle it."""
    vulnerability: Vulnerability | None = None
    """The vulnerability it is about, when it is about one."""

    @property
    def standing(self) -> tuple[bool, bool, bool, float]:
        """Where it stands among findings of its severity, the greatest first: exploited in the wild, a public exploit, reachable from
        the internet, CVSS times EPSS. Any other finding is a fact about this deployment, so it stands behind what is exploited and before
        everything that merely has a score. An unknown EPSS counts as 0.01: most vulnerabilities score less (FIRST).
        """
        known = self.vulnerability
        if known is None:
            return (False, False, True, math.inf)
        likely = 0.01 if known.epss is None else known.epss
        return (
            known.exploited,
            bool(known.exploits),
            self.exposure.reach is Reach.INTERNET,
            (known.score or 0.0) * likely,
        )
