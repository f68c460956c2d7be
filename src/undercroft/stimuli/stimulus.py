"""What a stimulus is, what may come back, and how that is judged."""

from dataclasses import dataclass
from enum import StrEnum

import h11

from undercroft.model.risk import Risk
from undercroft.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Target:
    """Where and as whom a stimulus is sent."""

    host: str
    """Value of the Host header, such as ``127.0.0.1:8000``."""
    path: str = "/v1/chat/completions"
    """Raw path of the endpoint."""
    method: str = "POST"
    key: str = ""
    """API key sent as a bearer token; empty to send none."""
    model: str = "demo"
    """Model name put into bodies."""


@dataclass(frozen=True, slots=True)
class Step:
    """Bytes to send, then a pause."""

    send: bytes
    pause: float = 0.0
    """Seconds to wait after sending, unless the peer closes or answers first."""


class Defence(StrEnum):
    """What a sound endpoint does with the stimulus."""

    REFUSE = "refuse"
    """It answers with one of the refusing statuses, or closes without serving."""
    CUT_OFF = "cut-off"
    """It answers or closes before the sender is done."""


@dataclass(frozen=True, slots=True)
class Stimulus:
    """One bounded bad input."""

    name: str
    """Slug, the same in reports, drills and tests."""
    about: str
    """What is sent, in one sentence."""
    risk: Risk
    steps: tuple[Step, ...]
    deadline: float
    """Seconds from the first byte after which the sender gives up and closes."""
    defence: Defence
    refusing: frozenset[int] = frozenset()
    """Statuses that count as a refusal."""

    @property
    def size(self) -> int:
        """Bytes sent at most."""
        return sum(len(step.send) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Observation:
    """What came back."""

    status: int | None
    """Status of the final response, ``None`` when none came."""
    closed: bool
    """Whether the peer closed the connection before the deadline."""
    elapsed: float
    """Seconds from the first byte to the answer, the close or the deadline."""
    sent: int
    """Bytes the peer's socket took."""
    error: str = ""
    """Why nothing could be observed (connection refused); empty otherwise."""


def judge(stimulus: Stimulus, seen: Observation) -> tuple[Verdict, str]:
    """Whether the weakness is ``present``, ``absent`` or ``unknown``, with the sentence that says why."""
    if seen.error:
        return Verdict.UNKNOWN, f"could not be tried: {seen.error}"
    if seen.status is not None and seen.status >= 500:
        return Verdict.UNKNOWN, f"answered {seen.status}: it failed rather than refused"
    if stimulus.defence is Defence.CUT_OFF:
        if seen.closed or seen.status is not None:
            return Verdict.ABSENT, f"ended by the peer after {seen.elapsed:.1f} s" + (
                f" with {seen.status}" if seen.status else ""
            )
        return Verdict.PRESENT, f"still open after {seen.elapsed:.0f} s and {seen.sent} bytes"
    if seen.status in stimulus.refusing:
        return Verdict.ABSENT, f"refused with {seen.status}"
    if seen.status is None:
        if seen.closed:
            return Verdict.ABSENT, "closed without an answer"
        return Verdict.UNKNOWN, f"no answer within {seen.elapsed:.0f} s"
    return Verdict.PRESENT, f"answered {seen.status}"


class StatusReader:
    """Reads the final status out of the peer's bytes, with h11's own bounds. Interim (1xx) answers are passed over."""

    def __init__(self, method: str) -> None:
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=64 * 1024)
        verb = method if method not in {"HEAD", "CONNECT"} else "GET"
        self._connection.send(h11.Request(method=verb, target="/", headers=[("Host", "stimulus")]))

    def feed(self, data: bytes) -> int | None:
        """The status once it is known. Bytes that are no HTTP response read as status 0: an answer, but not a refusal in words."""
        try:
            self._connection.receive_data(data)
            while True:
                event = self._connection.next_event()
                if isinstance(event, h11.Response):
                    return event.status_code
                if event is h11.NEED_DATA or not isinstance(event, h11.InformationalResponse):
                    return None
        except h11.RemoteProtocolError:
            return 0
