"""How many different values a group saw over the last while: accounts tried by a source, sources trying an account.

The same three bounds as :mod:`undercroft.windows.sliding`. A value counts from its latest sighting, so memory is one entry
for each distinct value and not for each event. No sketch is used: with thresholds in the tens an exact answer is small.
"""

from collections.abc import Hashable

from undercroft.windows.sliding import SAMPLES, Contents, Groups


class _Values:
    """Value → time of its latest sighting, oldest first."""

    __slots__ = ("newest", "seen")

    def __init__(self) -> None:
        self.newest = float("-inf")
        self.seen: dict[Hashable, float] = {}

    def touch(self, value: Hashable, time: float) -> None:
        if time >= self.newest:
            self.newest = time
            self.seen.pop(value, None)
            self.seen[value] = time
        elif time > self.seen.get(value, float("-inf")):
            self.seen[value] = time
            self.seen = dict(sorted(self.seen.items(), key=lambda item: item[1]))

    def trim(self, horizon: float, ceiling: int) -> None:
        while self.seen:
            value = next(iter(self.seen))
            if self.seen[value] > horizon and len(self.seen) <= ceiling:
                return
            del self.seen[value]


class SlidingDistinct:
    """How many distinct values a group had within ``span`` seconds. Exact up to ``ceiling``, where it stops."""

    def __init__(self, span: float, ceiling: int, groups: int) -> None:
        self._span = span
        self._ceiling = ceiling
        self._groups: Groups[_Values] = Groups(groups, span)

    def __len__(self) -> int:
        return len(self._groups)

    @property
    def shed(self) -> int:
        return self._groups.shed

    def add(self, key: Hashable, time: float, value: Hashable, sample: str = "") -> int:
        """See ``value`` in the group and return how many distinct ones it has."""
        group = self._groups.feed(key, time)
        lane = group.lane(time, self._span, _Values)
        if not lane.seen:
            group.samples.clear()
        if sample and len(group.samples) < SAMPLES:
            group.samples.append(sample)
        lane.touch(value, time)
        lane.trim(lane.newest - self._span, self._ceiling)
        return len(lane.seen)

    def withdraw(self, key: Hashable, value: Hashable) -> None:
        """Forget ``value`` in the group: it turned out not to count."""
        group = self._groups.find(key)
        for lane in group.lanes if group else ():
            lane.seen.pop(value, None)

    def contents(self, key: Hashable) -> Contents:
        """What stands behind the group's count."""
        group = self._groups.find(key)
        seen = {value: time for lane in group.lanes for value, time in lane.seen.items()} if group else {}
        first = min(seen.values(), default=float("nan"))
        return Contents(
            first, tuple(sorted(seen, key=lambda value: seen[value])), tuple(group.samples) if group else ()
        )
