"""Alerts for people at a terminal, and as one JSON object a line for programs."""

import json
from datetime import UTC, datetime

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from undercroft.model.alert import Alert
from undercroft.report.terminal import STYLES, on_console
from undercroft.report.words import counted, listed, shown


def when(seconds: float) -> str:
    """Seconds since the epoch as RFC 3339 in UTC, to the millisecond; ``unknown`` for a time no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return "unknown"


def render(alerts: tuple[Alert, ...], *, width: int = 100, colour: bool = False) -> str:
    """Every alert in a few lines, worst first."""
    return on_console(lambda console: write(console, alerts), width=width, colour=colour)


def write(console: Console, alerts: tuple[Alert, ...]) -> None:
    """Prints the alerts and their count on ``console``."""
    for alert in sorted(alerts, key=lambda a: (-a.severity.rank, a.first_seen, a.detection)):
        _write_one(console, alert)
    console.print(Text(f"{counted(len(alerts), 'alert')}.", "bold"))


def _write_one(console: Console, alert: Alert) -> None:
    head = Text().append(f" {alert.severity.value.upper()} ", STYLES[alert.severity])
    head.append(f" {shown(alert.detection, 80)}", "bold").append(
        f"  {alert.risk.value} · confidence {alert.confidence}", "dim"
    )
    console.print(head)
    body = Text().append(shown(alert.title), "bold")
    body.append(f"\n{when(alert.first_seen)} to {when(alert.last_seen)}, {counted(alert.count, 'event')}")
    for kind, names in alert.entities.items():
        body.append(f"\n{shown(kind, 40)}: {shown(listed(names))}")
    for line in alert.evidence[:3]:
        body.append(f"\n│ {shown(line, 200)}", "dim")
    if alert.response:
        body.append(f"\ndo: {shown(alert.response)}", "green")
    console.print(Padding(body, (0, 0, 1, 2)))


def line(alert: Alert) -> str:
    """One JSON object without line breaks: the interface of ``undercroft watch --format json``. Times are RFC 3339, UTC."""
    return json.dumps(
        {
            "detection": alert.detection,
            "title": alert.title,
            "risk": alert.risk.value,
            "severity": alert.severity.value,
            "confidence": alert.confidence.value,
            "first_seen": when(alert.first_seen),
            "last_seen": when(alert.last_seen),
            "entities": {kind: list(names) for kind, names in alert.entities.items()},
            "count": alert.count,
            "evidence": list(alert.evidence),
            "response": alert.response,
        }
    )
