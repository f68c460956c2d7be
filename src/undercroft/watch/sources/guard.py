"""The guard's own events: one JSON object a line, in the fields of :class:`undercroft.model.event.Event`.

They carry what a model server's log lacks: identity, reason of a refusal, cost. What a client put into them (a path, a
model's name) arrives as JSON strings, so it cannot pose as another field.
"""

import msgspec
from msgspec.structs import replace

from undercroft.model.event import Event, EventClass, Outcome
from undercroft.watch.source import Clock, Reader, Reading, Unparsed
from undercroft.watch.text import visible

TITLE = "Undercroft guard (JSON lines)"

_decode = msgspec.json.Decoder(Event).decode


def _read(line: str) -> Reading:
    try:
        event = _decode(line)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return Unparsed("no event in JSON")
    if event.component != "guard":
        return Unparsed("an event of another component")
    if not (0 <= event.time < 1e11 and 1 <= event.repeat <= 10**6):
        return Unparsed("a time or a count out of bounds")
    return replace(event, line=visible(line))


def recognises(line: str) -> bool:
    """Whether the line is an event of the guard."""
    return isinstance(_read(line), Event)


def reader(clock: Clock) -> Reader:
    """A reader of the guard's events. Their times are complete; the clock is not needed."""
    del clock
    return _read


SAMPLE_WRITTEN = 1735689600.0
SAMPLE = (
    '{"cls":4002,"time":1735689600.25,"outcome":"failure","source":"203.0.113.7","target":"/v1/chat/completions","component":"guard","action":"reject","reason":"key-invalid","status":401}',
    '{"cls":4002,"time":1735689600.25,"component":"mlflow"}',
    "INFO:     203.0.113.7:50022 - not JSON at all",
)
EXPECTED: tuple[Reading, ...] = (
    Event(
        EventClass.HTTP_ACTIVITY, 1735689600.25, Outcome.FAILURE, source="203.0.113.7", target="/v1/chat/completions", component="guard",
        action="reject", reason="key-invalid", status=401,
    ),
    Unparsed("an event of another component"),
    Unparsed("no event in JSON"),
)  # fmt: skip
