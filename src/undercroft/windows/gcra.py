"""The generic cell rate algorithm: a rate limit that is one number, exact, and can say when the next try will succeed.

The cell keeps the *theoretical arrival time*: the moment at which everything taken so far would have been paid for at the
steady rate. ITU-T I.371 (virtual scheduling form) is the source. Taking and giving back cost a few float operations.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """A steady rate with a burst."""

    per_second: float
    """Units that return each second; greater than 0."""
    burst: float
    """Units that can be taken at once when nothing was taken for a while; at least 1."""

    def __post_init__(self) -> None:
        if not (self.per_second > 0 and self.burst >= 1):
            raise ValueError(f"a rate needs per_second > 0 and burst >= 1, not {self.per_second} and {self.burst}")


class Cell:
    """What one holder of a rate has taken. Times are seconds of any monotonic clock."""

    __slots__ = ("_arrival", "rate")

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._arrival = float("-inf")

    def wait(self, now: float, units: float = 1.0) -> float:
        """Seconds until ``units`` can be taken: 0 for at once, infinity when they exceed the burst. Takes nothing."""
        if units > self.rate.burst:
            return float("inf")
        debt = max(self._arrival - now, 0.0)
        return max(0.0, debt + (units - self.rate.burst) / self.rate.per_second)

    def take(self, now: float, units: float = 1.0) -> float:
        """Take ``units`` and return 0, or take nothing and return the seconds to wait (see :meth:`wait`)."""
        wait = self.wait(now, units)
        # A nanosecond of float noise must not turn an exact Retry-After into a second refusal.
        if wait > 1e-9:
            return wait
        self._arrival = max(self._arrival, now) + units / self.rate.per_second
        return 0.0

    def charge(self, now: float, units: float) -> None:
        """Take ``units`` whatever the limit says: they were spent already."""
        self._arrival = max(self._arrival, now) + units / self.rate.per_second

    def give_back(self, units: float) -> None:
        """Return units that were taken and not used. Time that passed meanwhile is never credited above the burst."""
        self._arrival -= units / self.rate.per_second

    def idle(self, now: float) -> bool:
        """Whether the cell is as good as new: whoever keeps cells by key may drop it."""
        return self._arrival <= now
