"""What a check says about an asset."""

import hashlib
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
