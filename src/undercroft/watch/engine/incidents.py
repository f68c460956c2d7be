"""One alert for what is one thing: a rule and a group, from the first event that counts until it has been quiet."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from undercroft.model.alert import Alert
from undercroft.model.event import Event
from undercroft.model.redact import redact
from undercroft.model.verdict import Severity
from undercroft.watch.engine.rules import Rule
from undercroft.watch.text import visible

LISTED = 50
"""Values of one kind that an alert lists. ``count`` is never cut."""
QUOTED = 5
"""Lines an alert quotes."""
TRIED = 256
"""Pairs of source and principal an incident remembers as tried; past that, any login of its one source is taken for one."""


@dataclass(slots=True)
class Incident:
    """An alert that is still going on."""

    rule: Rule
    first_seen: float
    last_seen: float
    count: int
    values: int
    """Distinct values when the alert was raised; 0 where events are counted."""
    entities: dict[str, dict[str, None]]
    """Kind → values, in order of appearance, at most ``LISTED``."""
    more: set[str] = field(default_factory=set)
    """Kinds of which there were more than are listed."""
    lines: list[str] = field(default_factory=list)
    tried: set[tuple[str, str]] = field(default_factory=set)
    """Pairs of source and principal that were tried, about ``TRIED`` at most."""
    succeeded: dict[str, None] = field(default_factory=dict)
    """Principals of the incident that its source then logged in as."""

    def name(self, kind: str, value: str) -> None:
        """List an entity."""
        listed = self.entities.setdefault(kind, {})
        if not value or value in listed:
            return
        if len(listed) < LISTED:
            listed[value] = None
        else:
            self.more.add(kind)

    def take(self, event: Event) -> None:
        """One more event that counts."""
        self.first_seen = min(self.first_seen, event.time)
        self.last_seen = max(self.last_seen, event.time)
        for kind in self.rule.extension.entities:
            self.name(kind, str(getattr(event, kind)))
        if len(self.tried) < TRIED:
            self.tried.add((event.source, event.principal))
        if len(self.lines) < QUOTED and event.line:
            self.lines.append(event.line)

    def logged_in(self, source: str, principal: str) -> None:
        """A source logged in. It matters where it had tried to, as that principal."""
        full = len(self.tried) >= TRIED and "source" in self.rule.group_by
        if ((source, principal) in self.tried or full) and len(self.succeeded) < LISTED:
            self.succeeded[principal] = None

    def _said(self, kind: str) -> str:
        listed = list(self.entities.get(kind, ()))
        if len(listed) > 3 or kind in self.more:
            return f"{len(listed)}{' or more' if kind in self.more else ''} {kind}s"
        return visible(" and ".join(listed)) or f"nobody by name ({kind})"

    def _distinct(self) -> str:
        """How many distinct values there were, as far as they were told apart."""
        kinds = self.rule.values
        if set(kinds) == {"source", "principal"}:
            seen, more = len(self.tried), len(self.tried) >= TRIED
        else:
            seen, more = (
                max((len(self.entities.get(kind, ())) for kind in kinds), default=0),
                bool(self.more & set(kinds)),
            )
        return f"{max(seen, self.values)}{' or more' if more else ''}"

    def alert(self) -> Alert:
        """The incident as it stands. Every text that came from a log is escaped and redacted here."""
        rule = self.rule
        places = {kind: self._said(kind) for kind in ("source", "principal", "target", "reason", "instance")}
        title = rule.extension.says.format(**places, count=self.count, values=self._distinct(), span=_words(rule.span))
        severity = rule.severity
        if self.succeeded:
            names = visible(" and ".join(list(self.succeeded)[:3]))
            title += f"; the source then logged in as {names}"
            severity = max(severity, Severity.CRITICAL)
        return Alert(
            rule.id,
            redact(title),
            rule.risk,
            severity,
            rule.confidence,
            self.first_seen,
            self.last_seen,
            {
                kind: tuple(redact(visible(value)) for value in values)
                for kind, values in self.entities.items()
                if values
            }
            | {"component": (rule.component,)},
            self.count,
            tuple(redact(line) for line in dict.fromkeys(self.lines)),
            rule.extension.response,
        )


def _words(seconds: int) -> str:
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            return f"{seconds // size} {word}{'s' if seconds != size else ''}"
    raise AssertionError(seconds)


class Incidents:
    """The open incidents of one rule, at most ``limit``; the one quiet for longest is closed first."""

    def __init__(self, rule: Rule, limit: int) -> None:
        self._rule = rule
        self._limit = limit
        self._open: dict[Hashable, Incident] = {}

    def find(self, key: Hashable) -> Incident | None:
        return self._open.get(key)

    def open(self, key: Hashable, incident: Incident) -> list[Incident]:
        """Open one; returns the incident that had to be closed early for it, if any."""
        closed = [self._open.pop(next(iter(self._open)))] if len(self._open) >= self._limit else []
        self._open[key] = incident
        return closed

    def touch(self, key: Hashable) -> None:
        """Mark as active, so that it closes later than those that are quiet."""
        self._open[key] = self._open.pop(key)

    def quiet(self, now: float) -> Sequence[Incident]:
        """Close and return those with nothing new for the rule's span before ``now``. Looks at the longest quiet first."""
        if not self._open:
            return ()
        closed: list[Incident] = []
        while self._open:
            key = next(iter(self._open))
            if self._open[key].last_seen + self._rule.span > now:
                break
            closed.append(self._open.pop(key))
        return closed

    def drain(self) -> Iterator[Incident]:
        """Close and yield them all."""
        while self._open:
            yield self._open.pop(next(iter(self._open)))
