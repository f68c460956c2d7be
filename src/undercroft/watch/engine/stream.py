"""Runs the rules over events as they come, in bounded memory.

An alert is raised once for a rule and a group, goes on while events that match keep coming, and is handed out when the
group has been quiet for the rule's span, or at the end. Times are the events' own: nothing here reads a clock.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from operator import attrgetter
from typing import Any

from undercroft.model.alert import Alert
from undercroft.model.event import Event, Outcome
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Severity
from undercroft.watch.engine.incidents import Incident, Incidents
from undercroft.watch.engine.rules import Rule
from undercroft.windows.distinct import SlidingDistinct
from undercroft.windows.sliding import Contents, SlidingCount

GROUPS = 50_000
"""Groups remembered for each rule."""
PAIRS = 200_000
"""Pairs of source and principal remembered as having logged in."""
OPEN = 5_000
"""Incidents open at once for each rule."""

SHED = "watch-shed"
"""Detection id of the note that memory bounds were reached."""

_Key = Callable[[Event], Hashable]


def _key(fields: tuple[str, ...]) -> _Key:
    return attrgetter(*fields) if fields else lambda _: ()


_pair = attrgetter("source", "principal")


class _Running:
    """One rule with its window and its incidents."""

    def __init__(self, rule: Rule, groups: int, open_incidents: int) -> None:
        self.rule = rule
        self.group = _key(rule.group_by)
        self.value = _key(rule.values) if rule.values else _pair
        self.incidents = Incidents(rule, open_incidents)
        self.window: SlidingCount | SlidingDistinct
        if rule.values:
            self.window = SlidingDistinct(rule.span, rule.threshold, groups)
        else:
            self.window = SlidingCount(rule.span, rule.threshold, groups)

    def feed(self, event: Event) -> Iterator[Incident]:
        """Count a matching event. Yields incidents this closes."""
        rule, key = self.rule, self.group(event)
        yield from self.incidents.quiet(event.time)
        if isinstance(self.window, SlidingDistinct):
            count = self.window.add(key, event.time, self.value(event), event.line)
        else:
            count = self.window.add(key, event.time, self.value(event), event.repeat, event.line)
        incident = self.incidents.find(key)
        if incident is not None:
            incident.count += event.repeat
            incident.take(event)
            self.incidents.touch(key)
        elif count >= rule.threshold:
            contents = self.window.contents(key)
            incident = Incident(
                rule, contents.first, event.time, count, count if rule.values else 0, {}, lines=list(contents.samples)
            )
            self._name(incident, contents)
            incident.lines = [line for line in incident.lines if line != event.line]
            incident.take(event)
            yield from self.incidents.open(key, incident)
        if incident is not None and rule.values:
            incident.values = max(count, *(len(incident.entities.get(kind, ())) for kind in rule.values))

    def _name(self, incident: Incident, contents: Contents) -> None:
        """List who took part before the alert was raised."""
        kinds = self.rule.values or ("source", "principal")
        for member in contents.members:
            parts: tuple[Any, ...] = member if isinstance(member, tuple) else (member,)
            for kind, part in zip(kinds, parts, strict=True):
                if kind in self.rule.extension.entities:
                    incident.name(kind, str(part))
                if kind == "principal":
                    incident.tried.add(str(part))

    def success(self, event: Event) -> None:
        """The pair logged in: what it failed before was no guessing. An open incident stays, and says so."""
        key = self.group(event)
        incident = self.incidents.find(key)
        if incident is not None:
            incident.logged_in(event.principal)
        self.window.withdraw(key, self.value(event))


class Stream:
    """The rules at work. Feed events, take alerts; :meth:`finish` hands out the rest."""

    def __init__(
        self, rules: Iterable[Rule], groups: int = GROUPS, pairs: int = PAIRS, open_incidents: int = OPEN
    ) -> None:
        self._running = [_Running(rule, groups, open_incidents) for rule in rules]
        self._by_component: dict[str, list[_Running]] = {}
        for running in self._running:
            self._by_component.setdefault(running.rule.component, []).append(running)
        self._pairs = pairs
        self._succeeded: dict[Hashable, None] = {}
        self._first = float("inf")
        self._last = float("-inf")
        self.forgotten = 0
        """Pairs that logged in and were forgotten since there were too many."""

    def feed(self, event: Event) -> Iterator[Alert]:
        """Judge one event. Yields the alerts of incidents that ended before it."""
        running_here = self._by_component.get(event.component, ())
        self._first = min(self._first, event.time)
        self._last = max(self._last, event.time)
        known = event.source != "" and _pair(event) in self._succeeded
        for running in running_here:
            rule = running.rule
            if (rule.extension.never_succeeded if known else rule.extension.succeeded_before) or not rule.matches(
                event
            ):
                continue
            for incident in running.feed(event):
                yield incident.alert()
        if event.outcome is Outcome.SUCCESS and event.action == "login":
            self._remember(event, running_here)

    def _remember(self, event: Event, running_here: Iterable[_Running]) -> None:
        pair = _pair(event)
        if self._succeeded.pop(pair, self) is self:
            for running in running_here:
                if running.rule.extension.never_succeeded:
                    running.success(event)
        self._succeeded[pair] = None
        if len(self._succeeded) > self._pairs:
            del self._succeeded[next(iter(self._succeeded))]
            self.forgotten += 1

    def finish(self) -> Iterator[Alert]:
        """The alerts of what is still going on, and a note where memory bounds were reached."""
        for running in self._running:
            for incident in running.incidents.drain():
                yield incident.alert()
        shed = {running.rule.id: running.window.shed for running in self._running if running.window.shed}
        if self.forgotten:
            shed["logins"] = self.forgotten
        if shed:
            yield Alert(
                SHED,
                "More was going on than is remembered at once; the rarest groups were let go: "
                + ", ".join(f"{name} {count}" for name, count in shed.items()),
                Risk.DOS_DIVERSION,
                Severity.INFO,
                Confidence.HIGH,
                self._first,
                self._last,
                {"detection": tuple(shed)},
                sum(shed.values()),
                (),
                "A flood can hide something quiet: read the log of this time once more without the flood's sources.",
            )
