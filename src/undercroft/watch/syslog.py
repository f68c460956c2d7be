"""Takes the envelope off a syslog line: when, which host, which program, what it said.

Three spellings are read: the traditional one (RFC 3164, section 4.1.1, with or without a priority), the same with an ISO
8601 stamp as rsyslog and journald write it, and RFC 5424. The program's name is taken from its place in the envelope and
nowhere else: text that looks like an envelope inside a message stays text.
"""

import re
from datetime import UTC, datetime

from undercroft.watch.source import Clock

_MONTHS = {
    name: i
    for i, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)
}
_DAY = 86400.0
_HALF_A_YEAR = 180 * _DAY

ENVELOPE = re.compile(
    r"""(?x) (?:<\d{1,3}>(?:1[ ])?)?
    (?: (?P<minute>[A-Z][a-z]{2}[ ]{1,2}\d{1,2}[ ]\d\d:\d\d):(?P<second>\d\d)(?:\.\d+)?
      | (?P<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) )
    [ ] (?P<host>[^\s]{1,255}) [ ]
    (?: (?P<program>[^\s:\[\]]{1,64})(?:\[\d+\])?:[ ]?
      | (?P<program5424>[^\s:\[\]]{1,64})[ ](?:\d+|-)[ ][^\s]{1,32}[ ](?:-|(?:\[[^\]"]*(?:"(?:[^"\\]|\\.)*"[^\]"]*)*\])+)[ ]? )
    (?P<message>.*)""",
    re.DOTALL,
)
"""One anchored pattern for all three. Groups ``minute`` and ``second``, or ``iso``; ``host``; ``program`` or ``program5424``."""


class Stamps:
    """Turns the stamps of one file into seconds since the epoch, UTC.

    A traditional stamp has no year and no zone. The first one gets the year it was told, or the latest year in which it is
    not more than a day after the file was written; each further one the year that brings it nearest to the stamp before
    it, so that December to January moves on, and a line that is a little late does not. Without a zone, UTC is assumed.
    """

    __slots__ = ("_clock", "_minute", "_start")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._minute = ""
        self._start = 0.0

    def traditional(self, minute: str, second: str) -> float | None:
        """``Mar 27 13:06`` and ``56`` as a time; ``None`` for a day that no year has."""
        if minute != self._minute:
            start = self._place(minute)
            if start is None:
                return None
            self._minute, self._start = minute, start
        return self._start + int(second)

    def _place(self, text: str) -> float | None:
        name, day, clock = text.split()
        parts = (_MONTHS.get(name, 0), int(day), int(clock[:2]), int(clock[3:]))
        if self._minute:
            year = datetime.fromtimestamp(self._start, UTC).year
            same = _at(year, *parts)
            if same is not None and abs(same - self._start) < _HALF_A_YEAR:
                return same
            near = [_at(other, *parts) for other in range(year - 4, year + 5)]
            return min(
                (time for time in near if time is not None), key=lambda time: abs(time - self._start), default=None
            )
        if self._clock.year is not None:
            return _at(self._clock.year, *parts)
        year = datetime.fromtimestamp(self._clock.written, UTC).year
        past = [_at(other, *parts) for other in range(year - 8, year + 2)]
        return max((time for time in past if time is not None and time <= self._clock.written + _DAY), default=None)


def _at(year: int, month: int, day: int, hour: int, minute: int) -> float | None:
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()
    except ValueError:  # 29 February in a common year, or no date at all
        return None


def iso(text: str) -> float | None:
    """An ISO 8601 stamp as seconds since the epoch; ``None`` where it is no date. Without a zone, UTC."""
    try:
        moment = datetime.fromisoformat(text.replace(",", "."))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
