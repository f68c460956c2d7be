"""An alert as others read it: one flat JSON object, or a few lines of text."""

from datetime import UTC, datetime
from typing import Any

from undercroft.model.alert import Alert


def moment(time: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, to the millisecond where there is one.

    >>> moment(1767225600.0)
    '2026-01-01T00:00:00Z'
    """
    stamp = datetime.fromtimestamp(time, UTC)
    return stamp.isoformat(timespec="milliseconds" if stamp.microsecond else "seconds").replace("+00:00", "Z")


def to_dict(alert: Alert) -> dict[str, Any]:
    """The object that ``undercroft watch --format json`` writes. Keys are stable; times are ISO 8601 in UTC."""
    return {
        "detection": alert.detection,
        "risk": str(alert.risk),
        "severity": str(alert.severity),
        "confidence": str(alert.confidence),
        "title": alert.title,
        "first_seen": moment(alert.first_seen),
        "last_seen": moment(alert.last_seen),
        "entities": {kind: list(values) for kind, values in alert.entities.items()},
        "count": alert.count,
        "evidence": list(alert.evidence),
        "response": alert.response,
    }


def to_text(alert: Alert) -> str:
    """The alert for a terminal: what, when, what it rests on, what to do."""
    lines = [
        f"{alert.severity}: {alert.title}",
        f"  {alert.detection} · {alert.risk} · confidence {alert.confidence} · {moment(alert.first_seen)} to {moment(alert.last_seen)}",
    ]
    lines += [f"  │ {line}" for line in alert.evidence]
    if alert.response:
        lines.append(f"  → {alert.response}")
    return "\n".join(lines)
