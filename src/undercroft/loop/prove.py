"""Bounded drills against one's own endpoint: what it does with bad inputs, told only by what came back.

Inputs are the stimuli's and no others. A legitimate request goes first: where that is not served, a refusal of a drill says
nothing, and the verdict is unknown. One connection at a time, except drips, which wait side by side at the end.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from undercroft.model.result import DrillResult
from undercroft.model.verdict import Verdict
from undercroft.scan.collect.network.scope import Scope, ScopeError
from undercroft.stimuli import requests
from undercroft.stimuli.stimulus import Defence, Observation, Stimulus, Target, judge

Play = Callable[[Stimulus, str, int], Awaitable[Observation]]
"""Sends a stimulus to an address and port, and says what came back."""
Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host name. Raises ``OSError``."""

DRILLS: dict[str, Callable[[Target, float], Stimulus]] = {
    "no-key": lambda target, _: requests.no_key(target),
    "large-header": lambda target, _: requests.large_header(target),
    "many-headers": lambda target, _: requests.many_headers(target),
    "huge-n": lambda target, _: requests.huge_n(target),
    "huge-output": lambda target, _: requests.huge_output(target),
    "deep-json": lambda target, _: requests.deep_json(target),
    "ambiguous-framing": lambda target, _: requests.ambiguous_framing(target),
    "unknown-path": lambda target, _: requests.unknown_path(target),
    "header-drip": lambda target, seconds: requests.header_drip(target, seconds, min(1.0, seconds / 5)),
    "body-drip": lambda target, seconds: requests.body_drip(target, seconds, min(1.0, seconds / 5)),
}
"""Every drill by name; the number is the seconds a drip lasts."""
USUAL = ("no-key", "large-header", "header-drip", "huge-n")
"""The drills of a run that names none."""
LONGEST = 120.0
"""Seconds a drip may last at most."""


class CannotDrill(ValueError):
    """The drills cannot be run as asked. The message says what to change."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where drills go, and by whose leave."""

    url: str
    """As shown: no credentials, no query."""
    address: str
    """The address that is connected to: the one that was found to be in scope."""
    port: int
    host: str
    """Value of the Host header."""
    path: str
    authorisation: str
    """Why it may be drilled, in one sentence."""


@dataclass(frozen=True, slots=True)
class Drilled:
    """A run of drills."""

    endpoint: str
    authorisation: str
    control: str
    """What the endpoint did with a legitimate request."""
    served: bool
    """Whether it served it."""
    results: tuple[DrillResult, ...]
    interrupted: bool = False


class Outcome(StrEnum):
    """What became of a weakness between two runs."""

    MENDED = "mended"
    STILL_WEAK = "still weak"
    HELD = "held"
    WORSE = "worse"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One drill in two runs."""

    drill: str
    before: DrillResult | None
    after: DrillResult | None
    outcome: Outcome


def compare(before: Sequence[DrillResult], after: Sequence[DrillResult]) -> tuple[Comparison, ...]:
    """Two runs, drill by drill. What was not run, or is unknown, on either side stays unknown."""
    first, second = {r.drill: r for r in before}, {r.drill: r for r in after}
    outcomes = {
        (Verdict.PRESENT, Verdict.ABSENT): Outcome.MENDED,
        (Verdict.PRESENT, Verdict.PRESENT): Outcome.STILL_WEAK,
        (Verdict.ABSENT, Verdict.ABSENT): Outcome.HELD,
        (Verdict.ABSENT, Verdict.PRESENT): Outcome.WORSE,
    }
    found = []
    for name in {**first, **second}:
        one, other = first.get(name), second.get(name)
        pair = (one.verdict, other.verdict) if one and other else None
        found.append(Comparison(name, one, other, outcomes.get(pair, Outcome.UNKNOWN) if pair else Outcome.UNKNOWN))
    return tuple(found)


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def endpoint(url: str, path: str, scope: Sequence[str], resolve: Resolve = _resolve) -> Endpoint:
    """``url`` checked: plain HTTP, in scope, nothing in it that could break out of a request line. Raises :class:`CannotDrill`.

    A path in the URL wins over ``path``. Every address a name resolves to has to be in scope, and the connection then goes to
    the address that was checked.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port or 80, parts.hostname
    except ValueError as error:
        raise CannotDrill(f"the URL cannot be read: {error}; write it like http://127.0.0.1:8000") from error
    if parts.username is not None or parts.password is not None:
        raise CannotDrill("the URL carries a user name or password; give a key by --key-file or UNDERCROFT_KEY instead")
    if parts.scheme != "http":
        raise CannotDrill("drills speak plain HTTP; give the address behind TLS, such as http://127.0.0.1:8000")
    if not host or parts.query or parts.fragment:
        raise CannotDrill(
            "the URL must name a host and carry neither query nor fragment, such as http://127.0.0.1:8000"
        )
    wanted = parts.path if parts.path not in {"", "/"} else path
    if not re.fullmatch(r"/[!-~]*", wanted):
        raise CannotDrill(
            "the path must begin with / and hold no blanks or control characters; write them percent-encoded"
        )
    if not re.fullmatch(r"[!-~]+", host):
        raise CannotDrill("the host holds characters a Host header cannot carry; write it in ASCII")
    try:
        allowed = Scope.of(scope)
    except ScopeError as error:
        raise CannotDrill(f"{error}; mend --scope") from error
    try:
        addresses = list(resolve(host, port))
    except OSError as error:
        raise CannotDrill(f"{host} cannot be resolved: {error.strerror or error}; check its spelling") from error
    for address in addresses:
        if not allowed.holds(host, address):
            where = host if host == address else f"{host} ({address})"
            raise CannotDrill(f"{where} is not in scope: drills go to loopback; if it is yours, add --scope {address}")
    if not addresses:
        raise CannotDrill(f"{host} has no address")
    shown = f"[{host}]" if ":" in host else host
    loopback = all(ipaddress.ip_address(a.partition("%")[0]).is_loopback for a in addresses)
    leave = (
        "in scope because it is loopback, this machine's own"
        if loopback
        else f"in scope by --scope {' '.join(scope)}; whoever gave it says that they may test this endpoint"
    )
    return Endpoint(f"http://{shown}:{port}{wanted}", addresses[0], port, f"{shown}:{port}", wanted, leave)


def checked_key(text: str) -> str:
    """A key as it can stand in a header. Raises :class:`CannotDrill`, which never quotes it."""
    key = text.strip()
    if not re.fullmatch(r"[!-~]*", key):
        raise CannotDrill("the key holds blanks, line breaks or characters beyond ASCII; give one key and nothing else")
    return key


def verdict(stimulus: Stimulus, seen: Observation, *, served: bool, control: str) -> tuple[Verdict, str]:
    """The stimulus' own judgement, taken back where it would claim more than was seen.

    Without a served control a refusal may mean anything. An answer that is neither success nor the refusal asked for shows no
    weakness: the endpoint may have failed for another reason.
    """
    found, why = judge(stimulus, seen)
    if found is Verdict.ABSENT and not served:
        return Verdict.UNKNOWN, f"{why}, but a legitimate request was not served either ({control})"
    if (
        found is Verdict.PRESENT
        and stimulus.defence is Defence.REFUSE
        and not (seen.status and 200 <= seen.status < 300)
    ):
        return Verdict.UNKNOWN, f"{why}: neither served nor refused for this reason"
    return found, why


@dataclass(slots=True)
class Drill:
    """A run under way. ``done`` can be read at any time, so that an interrupted run still says what it sent."""

    where: Endpoint
    play: Play
    key: str = field(default="", repr=False)
    model: str = "demo"
    names: tuple[str, ...] = USUAL
    seconds: float = requests.DRIP_SECONDS
    _control: str = "not tried"
    _served: bool = False
    _results: dict[str, DrillResult] = field(default_factory=dict)
    _running: dict[str, tuple[Stimulus, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [name for name in self.names if name not in DRILLS]
        if unknown or not self.names:
            raise CannotDrill(f"there is no drill {unknown[0] if unknown else ''!r}; there are {', '.join(DRILLS)}")
        if not 0 < self.seconds <= LONGEST:
            raise CannotDrill(f"drips last more than 0 and at most {LONGEST:g} seconds, not {self.seconds:g}")

    async def run(self) -> Drilled:
        """All drills. Cancelling it closes every connection at once."""
        target = Target(self.where.host, self.where.path, "POST", self.key, self.model)
        plain = requests.plain(target)
        seen = await self.play(plain, self.where.address, self.where.port)
        self._served = seen.status is not None and 200 <= seen.status < 300
        self._control = _told(seen)
        stimuli = {name: DRILLS[name](target, self.seconds) for name in dict.fromkeys(self.names)}
        if seen.error:
            for name, stimulus in stimuli.items():
                self._results[name] = self._result(
                    stimulus, Observation(None, closed=False, elapsed=0.0, sent=0, error=seen.error)
                )
            return self.done()
        for name, stimulus in stimuli.items():
            if stimulus.defence is not Defence.CUT_OFF:
                await self._one(name, stimulus)
        async with asyncio.TaskGroup() as group:
            for name, stimulus in stimuli.items():
                if stimulus.defence is Defence.CUT_OFF:
                    group.create_task(self._one(name, stimulus))
        return self.done()

    async def _one(self, name: str, stimulus: Stimulus) -> None:
        self._running[name] = (stimulus, asyncio.get_running_loop().time())
        try:
            self._results[name] = self._result(stimulus, await self.play(stimulus, self.where.address, self.where.port))
        except asyncio.CancelledError:
            elapsed = asyncio.get_running_loop().time() - self._running[name][1]
            reason = f"interrupted after {elapsed:.1f} s; at most {stimulus.size} bytes were sent"
            self._results[name] = DrillResult(
                stimulus.name,
                stimulus.about,
                stimulus.risk,
                self.where.url,
                Verdict.UNKNOWN,
                reason,
                stimulus.size,
                elapsed,
            )
            raise
        finally:
            del self._running[name]

    def _result(self, stimulus: Stimulus, seen: Observation) -> DrillResult:
        found, why = verdict(stimulus, seen, served=self._served, control=self._control)
        return DrillResult(
            stimulus.name, stimulus.about, stimulus.risk, self.where.url, found, why, seen.sent, seen.elapsed
        )

    def done(self, *, interrupted: bool = False) -> Drilled:
        """What is known so far, in the order the drills were named."""
        results = tuple(self._results[name] for name in dict.fromkeys(self.names) if name in self._results)
        return Drilled(self.where.url, self.where.authorisation, self._control, self._served, results, interrupted)


def _told(seen: Observation) -> str:
    if seen.error:
        return f"a legitimate request could not be sent: {seen.error}"
    if seen.status is None:
        return (
            "a legitimate request was not answered"
            if not seen.closed
            else "a legitimate request was closed without an answer"
        )
    if 200 <= seen.status < 300:
        return f"a legitimate request was served with {seen.status}"
    return f"a legitimate request was answered with {seen.status}"
