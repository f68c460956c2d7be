"""Findings somebody accepted for the time being: a file of fingerprints, each with its reason. Pure; the command line reads and writes it.

A baseline without a reason is refused: what nobody can explain nobody accepted.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from undercroft.model.finding import Finding
from undercroft.model.result import ScanResult, Suppressed

SCHEMA = "urn:undercroft:baseline:1"


class BaselineError(ValueError):
    """A baseline that cannot be used. The message says where and what to do."""


def parse(text: str) -> dict[str, str]:
    """Fingerprint → reason. Raises :class:`BaselineError`."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"not JSON: {error}; write one with --write-baseline") from None
    if (
        not isinstance(document, Mapping)
        or document.get("schema") != SCHEMA
        or not isinstance(document.get("accepted"), list)
    ):
        raise BaselineError(f"not a baseline of this version ({SCHEMA}); write one with --write-baseline")
    accepted: dict[str, str] = {}
    for i, entry in enumerate(document["accepted"]):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("fingerprint"), str):
            raise BaselineError(f"accepted[{i}] has no fingerprint")
        reason = entry.get("reason")
        if not isinstance(reason, str) or not reason.strip():
            raise BaselineError(
                f"accepted[{i}] ({entry.get('check')}) has no reason; say why it is accepted, or take it out"
            )
        accepted[entry["fingerprint"]] = reason.strip()
    return accepted


def written(findings: Iterable[Finding], reason: str) -> str:
    """A baseline that accepts these findings, all for one reason. Sorted, so that it can be reviewed as a diff."""
    rows = [
        {"fingerprint": f.fingerprint, "check": f.check, "asset": f.asset.key, "title": f.title, "reason": reason}
        for f in sorted(findings, key=lambda f: (f.asset.key, f.check, f.fingerprint))
    ]
    return json.dumps({"schema": SCHEMA, "accepted": rows}, indent=2) + "\n"


def apply(result: ScanResult, accepted: Mapping[str, str]) -> ScanResult:
    """The result without what the baseline accepts; what it accepted is counted."""
    left = tuple(f for f in result.findings if f.fingerprint not in accepted)
    taken = tuple(
        Suppressed(f.check, f.asset.key, f.fingerprint, accepted[f.fingerprint], "baseline")
        for f in result.findings
        if f.fingerprint in accepted
    )
    return replace(result, findings=left, suppressed=(*result.suppressed, *taken))
