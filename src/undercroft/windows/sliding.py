"""Exact counts over the last while, for many groups at once, in memory that does not grow with the traffic.

Three bounds make that possible, and each says when it bit:

- a group remembers what it needs to reach ``ceiling`` and no more: counts are exact up to there and never too high above;
- at most ``groups`` groups are remembered. A group that was seen once is let go before one that was seen again, so that a
  flood of one-off sources cannot wash out a slow and steady one. ``shed`` counts those let go while they still counted;
- an event may come late by less than ``span``. One that is later still opens a second lane beside the first, so a clock
  that ran ahead, or was set back, delays nothing: the group goes on counting at the time the events now carry.

Times are seconds on any clock; the window is half open, ``(newest - span, newest]``, and ``newest`` is the largest time
the lane has seen. Nothing here reads a clock.
"""

from bisect import insort
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

SAMPLES = 2
"""Texts kept for each group, so that an alert can show how it began."""


class Lane(Protocol):
    """The memory of one group on one clock."""

    newest: float


L = TypeVar("L", bound=Lane)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a group's window holds."""

    first: float
    """Time of the oldest event remembered."""
    members: tuple[Hashable, ...]
    """Who takes part, oldest first, each once."""
    samples: tuple[str, ...]
    """The first texts the group was fed."""


class Group(Generic[L]):
    """A group's lanes: the leading clock, and at most one that runs behind it."""

    __slots__ = ("lanes", "samples")

    def __init__(self) -> None:
        self.lanes: list[L] = []
        self.samples: list[str] = []

    def lane(self, time: float, span: float, make: Callable[[], L]) -> L:
        """The lane whose window ``time`` can still fall into; a fresh one where there is none."""
        for lane in self.lanes:
            if time > lane.newest - span:
                return lane
        fresh = make()
        self.lanes[1 if self.lanes else 0 :] = [fresh]
        return fresh


class Groups(Generic[L]):
    """At most ``limit`` groups. The least recently fed of those seen once goes first, then the least recently fed of all."""

    def __init__(self, limit: int, span: float) -> None:
        self._limit = limit
        self._span = span
        self._once: dict[Hashable, Group[L]] = {}
        self._again: dict[Hashable, Group[L]] = {}
        self._latest = float("-inf")
        self.shed = 0
        """Groups let go while an event of theirs was still inside the window."""

    def __len__(self) -> int:
        return len(self._once) + len(self._again)

    def find(self, key: Hashable) -> Group[L] | None:
        """The group, without counting this as being fed."""
        return self._again.get(key) or self._once.get(key)

    def feed(self, key: Hashable, time: float) -> Group[L]:
        """The group, made where it is new, and now the most recently fed."""
        self._latest = max(self._latest, time)
        group = self._again.pop(key, None) or self._once.pop(key, None)
        if group is not None:
            self._again[key] = group
            return group
        if len(self._once) + len(self._again) >= self._limit:
            self._let_go()
        fresh: Group[L] = Group()
        self._once[key] = fresh
        return fresh

    def _let_go(self) -> None:
        shelf = self._once or self._again
        group = shelf.pop(next(iter(shelf)))
        if any(lane.newest > self._latest - self._span for lane in group.lanes):
            self.shed += 1


class _Events:
    """Entries of one lane in order of time: ``(time, number, member, weight)``."""

    __slots__ = ("entries", "fed", "newest", "total")

    def __init__(self) -> None:
        self.newest = float("-inf")
        self.entries: list[tuple[float, int, Hashable, int]] = []
        self.total = 0
        self.fed = 0

    def trim(self, horizon: float, ceiling: int) -> None:
        gone = 0
        for time, _, _, weight in self.entries:
            if time > horizon and self.total - weight < ceiling:
                break
            self.total -= weight
            gone += 1
        if gone:
            del self.entries[:gone]


class SlidingCount:
    """How many events a group had within ``span`` seconds. Exact up to ``ceiling``; above it, ``ceiling`` or more."""

    def __init__(self, span: float, ceiling: int, groups: int) -> None:
        self._span = span
        self._ceiling = ceiling
        self._groups: Groups[_Events] = Groups(groups, span)

    def __len__(self) -> int:
        return len(self._groups)

    @property
    def shed(self) -> int:
        return self._groups.shed

    def add(self, key: Hashable, time: float, member: Hashable = None, weight: int = 1, sample: str = "") -> int:
        """Count ``weight`` events of ``member`` and return the group's count."""
        group = self._groups.feed(key, time)
        lane = group.lane(time, self._span, _Events)
        if not lane.entries:
            group.samples.clear()
        if sample and len(group.samples) < SAMPLES:
            group.samples.append(sample)
        lane.fed += 1
        entry = (time, lane.fed, member, weight)  # the number keeps members out of comparisons
        if time >= lane.newest:
            lane.newest = time
            lane.entries.append(entry)
        else:
            insort(lane.entries, entry)
        lane.total += weight
        horizon = lane.newest - self._span
        if lane.total > self._ceiling or lane.entries[0][0] <= horizon:
            lane.trim(horizon, self._ceiling)
        return lane.total

    def withdraw(self, key: Hashable, member: Hashable) -> None:
        """Forget what ``member`` added to the group: it turned out not to count."""
        group = self._groups.find(key)
        for lane in group.lanes if group else ():
            lane.entries = [entry for entry in lane.entries if entry[2] != member]
            lane.total = sum(entry[3] for entry in lane.entries)

    def contents(self, key: Hashable) -> Contents:
        """What stands behind the group's count."""
        group = self._groups.find(key)
        entries = sorted(entry for lane in group.lanes for entry in lane.entries) if group else []
        first = entries[0][0] if entries else float("nan")
        return Contents(
            first, tuple(dict.fromkeys(entry[2] for entry in entries)), tuple(group.samples) if group else ()
        )
