"""A scan as one JSON object, and that object as a scan again.

This is the interface other programs build on, so its shape is published (``scan.schema.json``) and versioned in the
``schema`` field. :mod:`undercroft.report.parsed` reads it back.
"""

import json
from typing import Any

from undercroft import __version__
from undercroft.model.asset import Asset
from undercroft.model.evidence import EndpointEvidence, Evidence, FileEvidence, HostEvidence
from undercroft.model.exposure import Exposure
from undercroft.model.finding import Finding, Vulnerability
from undercroft.model.fix import Fix
from undercroft.model.result import AttackPath, ScanResult, Seen
from undercroft.model.verdict import Verdict
from undercroft.report.order import open_questions, severities
from undercroft.report.parsed import SCHEMA, UnreadableReport, parse

__all__ = ["SCHEMA", "UnreadableReport", "evidence_object", "parse", "render", "scan_object", "vulnerability_object"]


def render(result: ScanResult) -> str:
    r"""The scan as indented JSON, ASCII only: hostile characters arrive as ``\uXXXX`` and cannot act on a terminal."""
    return json.dumps(scan_object(result), indent=2) + "\n"


def scan_object(result: ScanResult) -> dict[str, Any]:
    """The scan as plain dictionaries and lists; ``scan.schema.json`` describes every field."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "undercroft", "version": __version__},
        "targets": list(result.targets),
        "scope": list(result.scope),
        "summary": _summary(result),
        "findings": [_finding(f) for f in result.findings],
        "unknowns": _unknowns(result),
        "could_not_read": [
            {"place": u.place, "reason": u.reason, "partial": u.partial, "remedy": u.remedy}
            for u in result.could_not_read
        ],
        "inventory": [_seen(s) for s in result.inventory],
        "joined": list(result.joined),
        "suppressed": [
            {"check": s.check, "asset": s.asset, "fingerprint": s.fingerprint, "reason": s.reason, "by": s.by}
            for s in result.suppressed
        ],
        "packages": [
            {
                "ecosystem": p.ecosystem,
                "package": p.package,
                "version": p.version,
                "asset": p.asset,
                "where": p.where,
                "reason": p.reason,
            }
            for p in result.packages
        ],
        "attack_paths": [_attack_path(p) for p in result.attack_paths],
    }


def _summary(result: ScanResult) -> dict[str, Any]:
    counts = severities(result.findings)
    return {
        "files": result.files,
        "endpoints": result.endpoints,
        "assets": len({f.asset.key for f in result.findings if f.verdict is Verdict.PRESENT}),
        "present": {s.value: n for s, n in counts.items()},
        "unknown": sum(f.verdict is Verdict.UNKNOWN for f in result.findings),
        "could_not_read": len(result.could_not_read),
        "worst": next((s.value for s, n in counts.items() if n), None),
    }


def _unknowns(result: ScanResult) -> dict[str, Any]:
    by_check: dict[str, int] = {}
    for finding in result.findings:
        if finding.verdict is Verdict.UNKNOWN:
            by_check[finding.check] = by_check.get(finding.check, 0) + 1
    return {
        "by_check": dict(sorted(by_check.items())),
        "would_settle": [
            {"settled_by": q.settled_by, "fingerprints": [f.fingerprint for f in q.findings]}
            for q in open_questions(result.findings)
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "verdict": finding.verdict.value,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "persona": finding.persona.value,
        "risk": finding.risk.value,
        "title": finding.title,
        "asset": _asset(finding.asset),
        "exposure": _exposure(finding.exposure),
        "why": finding.why,
        "fix": _fix(finding.fix),
        "evidence": [evidence_object(e) for e in finding.evidence],
        "references": list(finding.references),
        "settled_by": finding.settled_by,
        "fingerprint": finding.fingerprint,
    } | (vulnerability_object(finding.vulnerability) if finding.vulnerability else {})


def vulnerability_object(known: Vulnerability) -> dict[str, Any]:
    """What a finding about a vulnerability says beside everything else."""
    return {
        "package": known.package,
        "ecosystem": known.ecosystem,
        "version": known.version,
        "id": known.id,
        "aliases": list(known.aliases),
        "fixed": known.fixed,
        "upgrade": known.upgrade,
        "score": known.score,
        "cvss": known.cvss,
        "epss": known.epss,
        "exploited": known.exploited,
        "exploits": list(known.exploits),
        "published": known.published,
        "source": known.source,
    }


def _attack_path(path: AttackPath) -> dict[str, Any]:
    return {
        "severity": path.severity.value,
        "risks": [r.value for r in path.risks],
        "why": path.why,
        "steps": [
            {"what": s.what, "how": s.how, "evidence": [evidence_object(e) for e in s.evidence]} for s in path.steps
        ],
    }


def _asset(asset: Asset) -> dict[str, Any]:
    first = asset.components[0] if asset.components else None
    return {
        "key": asset.key,
        "kind": asset.kind,
        "name": asset.name,
        "component": first.slug if first else None,
        "version": first.version if first else None,
        "components": [
            {
                "component": c.slug,
                "version": c.version,
                "certainty": c.certainty.value,
                "reason": c.reason,
                "evidence": [evidence_object(e) for e in c.evidence],
            }
            for c in asset.components
        ],
    }


def _exposure(exposure: Exposure) -> dict[str, Any]:
    return {
        "reach": exposure.label,
        "path": [
            {"what": h.what, "evidence": evidence_object(h.evidence) if h.evidence else None} for h in exposure.path
        ],
        "reason": exposure.reason,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "summary": fix.summary,
        "note": fix.note,
        "patch": bool(fix.edits),
        "edits": [
            {
                "file": e.file,
                "line": e.line,
                "digest": e.digest,
                "start": e.start,
                "end": e.end,
                "new": e.new,
                "remove_lines": e.remove_lines,
            }
            for e in fix.edits
        ],
    }


def evidence_object(evidence: Evidence) -> dict[str, Any]:
    """One place: its kind shows in which of ``file``, ``endpoint`` and ``fact`` it has."""
    match evidence:
        case FileEvidence():
            return {"file": evidence.file, "line": evidence.line, "column": evidence.column, "text": evidence.text}
        case EndpointEvidence():
            return {"endpoint": evidence.endpoint, "request": evidence.request, "response": evidence.response}
        case HostEvidence():
            return {"fact": evidence.fact, "command": evidence.command, "text": evidence.text}


def _seen(seen: Seen) -> dict[str, Any]:
    return {
        "asset": seen.asset,
        "name": seen.name,
        "component": seen.component,
        "version": seen.version,
        "reason": seen.reason,
        "depth": seen.depth,
        "exposure": seen.exposure,
        "addresses": list(seen.addresses),
        "sources": list(seen.sources),
    }
