"""Runs the rules over events as they come, in bounded memory.

An alert is raised once for a rule and a group, goes on while events that match keep coming, and is handed out when the
group has been quiet for the rule's span, or at the end. Times are the events' own: nothing here reads a clock.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from undercroft.model.alert import Alert
from undercroft.model.event import Event, Outcome
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Severity
from undercroft.watch.engine.incidents import Incident, Incidents
from undercroft.watch.engine.predicate import GATE, Predicate
from undercroft.watch.engine.rules import Rule
from undercroft.windows.distinct import SlidingDistinct
from undercroft.windows.sliding import Contents, SlidingCount

GROUPS = 50_000
"""Groups remembered for each rule."""
PAIRS = 200_000
"""Pairs of source and principal remembered as having logged in."""
OPEN = 5_000
"""Incidents open at once for each rule."""

KINDS = 2_000
"""Kinds of event whose rules are looked up instead of asked; a log has a few dozen."""

SHED = "watch-shed"
"""Detection id of the note that memory bounds were reached."""

_Key = Callable[[Event], Hashable]


def _key(fields: tuple[str, ...]) -> _Key:
    return attrgetter(*fields) if fields else lambda _: ()


def _parts(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


_pair = attrgetter("source", "principal")
_kind = attrgetter(*sorted(GATE))


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

    def feed(self, event: Event) -> Sequence[Incident]:
        """Count a matching event. Returns incidents this closes."""
        rule, key = self.rule, self.group(event)
        closed = self.incidents.quiet(event.time)
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
            incident = self._raise(key, event, count)
            closed = [*closed, *self.incidents.open(key, incident)]
        return closed

    def _raise(self, key: Hashable, event: Event, count: int) -> Incident:
        contents = self.window.contents(key)
        incident = Incident(self.rule, contents.first, event.time, count, count if self.rule.values else 0, {})
        self._name(incident, key, contents)
        incident.lines = [line for line in contents.samples if line != event.line]
        incident.take(event)
        return incident

    def _name(self, incident: Incident, key: Hashable, contents: Contents) -> None:
        """List who took part before the alert was raised."""
        rule = self.rule
        group = dict(zip(rule.group_by, _parts(key), strict=True))
        for member in contents.members:
            who = group | dict(zip(rule.values or ("source", "principal"), _parts(member), strict=True))
            for kind in rule.extension.entities:
                incident.name(kind, str(who.get(kind, "")))
            if "source" in who and "principal" in who:
                incident.tried.add((who["source"], who["principal"]))

    def success(self, event: Event) -> None:
        """The pair logged in: what it failed before was no guessing. An open incident stays, and says so."""
        key = self.group(event)
        incident = self.incidents.find(key)
        if incident is not None:
            incident.logged_in(event.source, event.principal)
        self.window.withdraw(key, self.value(event))


_Asked = tuple[tuple[_Running, tuple[Predicate | None, ...]], ...]


class Stream:
    """The rules at work. Feed events, take alerts; :meth:`finish` hands out the rest."""

    def __init__(
        self, rules: Iterable[Rule], groups: int = GROUPS, pairs: int = PAIRS, open_incidents: int = OPEN
    ) -> None:
        self._running = [_Running(rule, groups, open_incidents) for rule in rules]
        self._gates: dict[Hashable, _Asked] = {}
        self._pairs = pairs
        self._succeeded: dict[Hashable, None] = {}
        self._first = float("inf")
        self._last = float("-inf")
        self.forgotten = 0
        """Pairs that logged in and were forgotten since there were too many."""

    def feed(self, event: Event) -> Sequence[Alert]:
        """Judge one event. Returns the alerts of incidents that ended before it."""
        time = event.time
        self._last = max(self._last, time)
        self._first = min(self._first, time)
        ended: list[Incident] = []
        known = event.source != "" and _pair(event) in self._succeeded
        for running, rests in self._asked(event):
            extension = running.rule.extension
            if extension.never_succeeded if known else extension.succeeded_before:
                continue
            for rest in rests:
                if rest is None or rest(event):
                    ended += running.feed(event)
                    break
        if event.outcome is Outcome.SUCCESS and event.action == "login":
            self._remember(event)
        return [incident.alert() for incident in ended] if ended else ()

    def _asked(self, event: Event) -> _Asked:
        """The rules whose gate lets such events pass, with what is left to ask. Looked up: there are few kinds of event."""
        kind = _kind(event)
        asked = self._gates.get(kind)
        if asked is None:
            asked = tuple(
                (running, rests)
                for running in self._running
                if running.rule.component == event.component
                and (rests := tuple(part.rest for part in running.rule.matches if part.gate(event)))
            )
            if len(self._gates) < KINDS:
                self._gates[kind] = asked
        return asked

    def _remember(self, event: Event) -> None:
        pair = _pair(event)
        if self._succeeded.pop(pair, self) is self:
            for running in self._running:
                if running.rule.extension.never_succeeded and running.rule.component == event.component:
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
