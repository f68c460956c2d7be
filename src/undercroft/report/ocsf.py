"""Alerts as OCSF Detection Finding (class 2004), the shape security lakes and SIEMs take in.

Class, attributes and enumerations: https://schema.ocsf.io/1.6.0/classes/detection_finding (Apache-2.0).
"""

import hashlib
import json
from typing import Any

from undercroft import __version__
from undercroft.model.alert import Alert
from undercroft.model.risk import RISK_TITLES
from undercroft.model.verdict import Confidence, Severity

VERSION = "1.6.0"
"""Version of the schema these objects follow."""

_CATEGORY, _CLASS, _CREATE = 2, 2004, 1
_SEVERITIES = {
    Severity.INFO: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_CONFIDENCES = {Confidence.LOW: (1, "Low"), Confidence.MEDIUM: (2, "Medium"), Confidence.HIGH: (3, "High")}
_OBSERVABLES = {"source": (2, "IP Address"), "principal": (4, "User Name")}
"""Kinds of entity that OCSF names; every other kind is 99, Other."""


def render(alerts: tuple[Alert, ...]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(detection_finding(alert)) + "\n" for alert in alerts)


def uid(alert: Alert) -> str:
    """An id that a second run over the same log gives again: detection, entities and first event."""
    entities = sorted((kind, *sorted(names)) for kind, names in alert.entities.items())
    return hashlib.sha256(json.dumps([alert.detection, entities, alert.first_seen]).encode()).hexdigest()[:32]


def detection_finding(alert: Alert) -> dict[str, Any]:
    """The alert as one Detection Finding. Times are milliseconds since the epoch, as OCSF has them."""
    severity_id, severity = _SEVERITIES[alert.severity]
    confidence_id, confidence = _CONFIDENCES[alert.confidence]
    first, last = round(alert.first_seen * 1000), round(alert.last_seen * 1000)
    found: dict[str, Any] = {
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Detection Finding",
        "activity_id": _CREATE,
        "activity_name": "Create",
        "type_uid": _CLASS * 100 + _CREATE,
        "time": last,
        "start_time": first,
        "end_time": last,
        "count": alert.count,
        "message": alert.title,
        "severity_id": severity_id,
        "severity": severity,
        "confidence_id": confidence_id,
        "confidence": confidence,
        "status_id": 1,
        "status": "New",
        "is_alert": alert.severity is not Severity.INFO,
        "metadata": {
            "version": VERSION,
            "product": {"name": "Undercroft", "vendor_name": "Undercroft", "version": __version__},
        },
        "finding_info": {
            "uid": uid(alert),
            "title": alert.title,
            "types": [alert.risk.value],
            "desc": RISK_TITLES[alert.risk],
            "first_seen_time": first,
            "last_seen_time": last,
            "analytic": {"uid": alert.detection, "name": alert.detection, "type_id": 1, "type": "Rule"},
        },
        "observables": [_observable(kind, name) for kind, names in alert.entities.items() for name in names],
        "evidences": [{"data": {"line": line}} for line in alert.evidence],
    }
    if alert.response:
        found["remediation"] = {"desc": alert.response}
    return found


def _observable(kind: str, value: str) -> dict[str, Any]:
    type_id, type_name = _OBSERVABLES.get(kind, (99, "Other"))
    return {"name": kind, "type_id": type_id, "type": type_name, "value": value}
