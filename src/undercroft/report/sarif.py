"""A scan as SARIF 2.1.0, for code hosts, editors and dashboards that already read it.

The specification is OASIS's: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. What GitHub adds on top
(``security-severity``, ``tags``) is told at
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from undercroft import __version__
from undercroft.model.evidence import EndpointEvidence, Evidence, FileEvidence
from undercroft.model.finding import Finding
from undercroft.model.fix import Edit
from undercroft.model.result import ScanResult, Unread
from undercroft.model.risk import RISK_TITLES
from undercroft.model.verdict import Severity, Verdict
from undercroft.report.json import vulnerability_object

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
"""Name of the base that relative paths start from; the customary one, which code hosts resolve to the checkout."""

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}
"""A number inside the range that GitHub shows under the same word: > 9.0 critical, 7.0 high, 4.0 medium, 0.1 low."""


@dataclass(frozen=True, slots=True)
class About:
    """What a check's documentation says, for the rule's page in a viewer."""

    title: str
    """What the check finds, in a few words."""
    documentation: str
    """The check's page as Markdown."""


def render(result: ScanResult, about: Mapping[str, About] | None = None) -> str:
    """The scan as indented JSON. ``about`` gives each check's documentation by id; a check without one speaks through its findings."""
    return json.dumps(sarif_object(result, about or {}), indent=2) + "\n"


def sarif_object(result: ScanResult, about: Mapping[str, About]) -> dict[str, Any]:
    """One run. Verdict ``unknown`` becomes kind ``open`` ("insufficient information to decide"), whose level has to be ``none``."""
    checks = sorted({f.check for f in result.findings})
    index = {check: i for i, check in enumerate(checks)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "Undercroft",
                "semanticVersion": __version__,
                "rules": [
                    _rule([f for f in result.findings if f.check == check], about.get(check)) for check in checks
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root that was scanned."}}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_notification(u) for u in result.could_not_read],
            }
        ],
        "results": [_result(f, index[f.check]) for f in result.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(findings: list[Finding], about: About | None) -> dict[str, Any]:
    first = findings[0]
    worst = max(f.severity for f in findings)
    cwe = [f"external/cwe/{r.lower()}" for r in first.references if r.upper().startswith("CWE-")]
    help_text = about.documentation if about else f"{RISK_TITLES[first.risk]}. {first.fix.summary}"
    if first.references:
        help_text += "\n\nReferences: " + ", ".join(first.references)
    return {
        "id": first.check,
        "name": "".join(word.capitalize() for word in first.check.split("-")),
        "shortDescription": {"text": _message(about.title if about else RISK_TITLES[first.risk])},
        "fullDescription": {"text": _message(f"{about.title if about else first.check}: {RISK_TITLES[first.risk]}")},
        "help": {"text": _message(help_text)} | ({"markdown": _message(help_text)} if about else {}),
        "defaultConfiguration": {"level": _LEVELS[worst]},
        "properties": {
            "security-severity": _SCORES[worst],
            "precision": first.confidence.value,
            "problem.severity": {"note": "recommendation"}.get(_LEVELS[worst], _LEVELS[worst]),
            "tags": ["security", first.risk.value, *cwe],
        },
    }


def _result(finding: Finding, rule_index: int) -> dict[str, Any]:
    is_open = finding.verdict is Verdict.UNKNOWN
    words = f"{finding.title.rstrip('.')}. {finding.why.rstrip('.')}. "
    words += (
        f"Would settle it: {finding.settled_by}" if is_open and finding.settled_by else f"Fix: {finding.fix.summary}"
    )
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "ruleIndex": rule_index,
        "kind": "open" if is_open else "fail",
        "level": "none" if is_open else _LEVELS[finding.severity],
        "message": {"text": _message(words)},
        "locations": [_location(e) for e in finding.evidence[:1]],
        "relatedLocations": [_location(e) for e in finding.evidence[1:]],
        "partialFingerprints": {"undercroft/v1": finding.fingerprint},
        "properties": {
            "risk": finding.risk.value,
            "severity": finding.severity.value,
            "security-severity": _SCORES[finding.severity],
            "confidence": finding.confidence.value,
            "persona": finding.persona.value,
            "asset": finding.asset.key,
            "exposure": finding.exposure.label,
            "exposurePath": [hop.what for hop in finding.exposure.path],
        },
    }
    if finding.vulnerability is not None:
        result["properties"] |= vulnerability_object(finding.vulnerability)
    if finding.fix.edits:
        result["fixes"] = [_fix(finding.fix.summary, finding.fix.edits)]
    return result


def _location(evidence: Evidence) -> dict[str, Any]:
    match evidence:
        case FileEvidence():
            region = {
                "startLine": max(1, evidence.line),
                "startColumn": max(1, evidence.column),
                "snippet": {"text": evidence.text},
            }
            return {"physicalLocation": {"artifactLocation": _artifact(evidence.file), "region": region}}
        case EndpointEvidence():
            said = _message(f"{evidence.request} → {evidence.response}")
            return {"logicalLocations": [_logical(evidence.endpoint, "resource")], "message": {"text": said}}
        case _:
            said = _message(f"{evidence.command}: {evidence.text}")
            return {"logicalLocations": [_logical(evidence.fact, "resource")], "message": {"text": said}}


def _artifact(file: str) -> dict[str, str]:
    return {"uri": quote(file.encode("utf-8", "surrogateescape"), safe="/-._~"), "uriBaseId": ROOT}


def _logical(name: str, kind: str) -> dict[str, str]:
    return {"fullyQualifiedName": name, "kind": kind}


def _notification(unread: Unread) -> dict[str, Any]:
    is_endpoint = "://" in unread.place
    where = (
        {"logicalLocations": [_logical(unread.place, "resource")]}
        if is_endpoint
        else {"physicalLocation": {"artifactLocation": _artifact(unread.place)}}
    )
    words = f"{'Partly read' if unread.partial else 'Could not read'} {unread.place}: {unread.reason}"
    return {
        "level": "warning" if unread.partial else "error",
        "message": {"text": _message(f"{words} {unread.remedy}".rstrip())},
        "locations": [where],
    }


def _fix(summary: str, edits: tuple[Edit, ...]) -> dict[str, Any]:
    by_file: dict[str, list[dict[str, Any]]] = {}
    for edit in edits:
        region = {"startLine": edit.line, "startColumn": edit.start, "endLine": edit.line, "endColumn": edit.end}
        if edit.remove_lines:
            region = {
                "startLine": edit.line,
                "startColumn": 1,
                "endLine": edit.line + edit.remove_lines,
                "endColumn": 1,
            }
        by_file.setdefault(edit.file, []).append({"deletedRegion": region, "insertedContent": {"text": edit.new}})
    changes = [{"artifactLocation": _artifact(file), "replacements": made} for file, made in by_file.items()]
    return {"description": {"text": _message(summary)}, "artifactChanges": changes}


def _message(text: str) -> str:
    """Text that cannot become a placeholder or a link: braces are doubled (3.11.5), ``](`` is parted (3.11.6)."""
    return text.replace("{", "{{").replace("}", "}}").replace("](", "] (")
