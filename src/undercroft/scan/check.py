"""What a check is: metadata, examples and a question to the graph."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.finding import Finding, Vulnerability, fingerprint, weigh
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Persona, Severity, Verdict
from undercroft.scan import checks
from undercroft.scan.graph import Graph


@dataclass(frozen=True, slots=True)
class Example:
    """A file on which the check was decided, beside the check that decides it."""

    name: str
    """A sentence; a near-miss names the condition that fails."""
    verdict: Literal["present", "absent", "unknown"]
    text: str
    """The file."""
    file: str = "compose.yaml"
    """Name of the file; more files follow in ``more``."""
    more: tuple[tuple[str, str], ...] = ()
    """(name, text) of further files."""


@dataclass(frozen=True, slots=True)
class Check:
    """Metadata of a check. The id is the module's name."""

    title: str
    """What it finds, in a few words."""
    severity: Severity
    """Its own judgement, made for the internet."""
    risk: Risk
    references: tuple[str, ...]
    """CWE, OWASP Top 10:2025, ATT&CK or ATLAS ids, CIS sections, and addresses of documentation."""
    examples: tuple[Example, ...] = ()
    weighed: bool = True
    """Whether the exposure brings the severity down. Not for what matters wherever it stands, such as a written-out secret."""
    confidence: Confidence = Confidence.HIGH
    persona: Persona = Persona.REGULAR


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where the check has something to say."""

    asset: Asset
    title: str
    evidence: tuple[Evidence, ...]
    fix: Fix
    exposure: Exposure
    locator: str
    """What tells this hit from others of the same check on the same asset, without line numbers."""
    verdict: Verdict = Verdict.PRESENT
    settled_by: str = ""
    severity: Severity | None = None
    """Where this place deserves another judgement than the check's own."""
    risk: Risk | None = None
    """Where this place belongs to another row than the check's own."""
    why: str = ""
    """Where a check weighs for itself (``weighed=False``): the sentence that leads to its severity."""
    references: tuple[str, ...] = ()
    """References of this place beside the check's own."""
    vulnerability: Vulnerability | None = None
    confidence: Confidence | None = None
    """Where this place is less sure than the check is otherwise."""
    persona: Persona | None = None
    """Where this place is for other readers than the check's own."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A check as it was discovered."""

    id: str
    check: Check
    examine: Callable[[Graph], Iterator[Hit]]
    documentation: str
    """The module's docstring: the check's page."""


@cache
def discover() -> dict[str, Registered]:
    """Every module in ``checks/``, by id. A module without ``CHECK`` or ``examine`` is an ``AttributeError`` that names it."""
    found = {}
    for info in sorted(pkgutil.iter_modules(checks.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"{checks.__name__}.{info.name}")
        slug = info.name.replace("_", "-")
        found[slug] = Registered(slug, module.CHECK, module.examine, (module.__doc__ or "").strip())
    return found


def finding(registered: Registered, hit: Hit) -> Finding:
    """A hit with the check's metadata, weighed by the exposure."""
    check = registered.check
    base = hit.severity or check.severity
    if check.weighed:
        severity, why = weigh(base, hit.exposure)
    else:
        severity, why = base, hit.why or f"{base} wherever it stands"
    return Finding(
        registered.id, hit.title, hit.verdict, severity, hit.confidence or check.confidence, hit.persona or check.persona, hit.risk or check.risk, hit.asset, hit.exposure,
        why, hit.fix, hit.evidence, fingerprint(registered.id, hit.asset.key, hit.locator), (*check.references, *hit.references),
        hit.settled_by, hit.vulnerability,
    )  # fmt: skip


def judge(graph: Graph) -> list[Finding]:
    """Every check over the graph: worst first, then by asset, so that two scans of one tree read alike."""
    found = [finding(registered, hit) for registered in discover().values() for hit in registered.examine(graph)]
    unique = {f.fingerprint: f for f in reversed(found)}
    return sorted(
        unique.values(),
        key=lambda f: (
            -f.severity.rank,
            f.verdict is Verdict.UNKNOWN,
            tuple(-s for s in f.standing),
            f.asset.key,
            f.check,
            f.fingerprint,
        ),
    )
