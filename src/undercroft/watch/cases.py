"""The lines a detection must fire on, and the near-misses it must not: ``cases.yaml`` beside each rule.

A case is a short script of log lines, since the detections are about many lines over time. Present in a checkout only.
"""

from datetime import UTC, datetime
from typing import Literal

import msgspec


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Step(_Strict, frozen=True):
    """One line, ``times`` times."""

    line: str
    """The line. ``{stamp}`` becomes an ISO 8601 time, ``{epoch}`` the same in seconds, ``{n}`` the number of the repetition,
    counted from 1. Braces of JSON are doubled."""
    times: int = 1
    every: float = 1.0
    """Seconds between repetitions."""
    after: float = 1.0
    """Seconds between the line before and the first repetition."""


class Case(_Strict, frozen=True):
    """A script and what must come of it."""

    name: str
    """A sentence; for a near-miss it names the condition that fails."""
    source: str
    """Slug of the log source."""
    steps: tuple[Step, ...]
    alerts: int
    """Alerts of this detection, and only of this one."""
    count: int | None = None
    """Events the first alert counts."""
    severity: Literal["info", "low", "medium", "high", "critical"] | None = None
    entities: dict[str, tuple[str, ...]] = {}
    """Kinds of entity of the first alert, in full."""
    unparsed: int = 0
    """Lines that must be reported as not understood."""


class DetectionCases(_Strict, frozen=True):
    """The file."""

    fires: tuple[Case, ...]
    near_misses: tuple[Case, ...]
    """One for each condition of the rule."""
    unknown: tuple[Case, ...]
    """Lines that cannot be understood: they neither raise an alert nor vanish."""


START = 1767225600.0
"""2026-01-01T00:00:00Z, when every script begins."""


def play(case: Case) -> list[str]:
    """The script's lines, in order of time."""
    lines, now = [], START
    for step in case.steps:
        now += step.after
        for n in range(1, step.times + 1):
            now += step.every if n > 1 else 0.0
            stamp = datetime.fromtimestamp(now, UTC).isoformat()
            lines.append(step.line.format(stamp=stamp, epoch=now, n=n))
    return lines
