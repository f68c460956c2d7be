"""What the self-probe sends and what must come back: each configured limit, exceeded by the least amount.

Sizes are the configured ones. Deadlines are shortened (:func:`hurried`), because the same code compares them; the header
deadline, on which everything else rests, is tried at its real length, too.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from undercroft.guard.codes import Code
from undercroft.guard.limits import Limits
from undercroft.stimuli import requests
from undercroft.stimuli.stimulus import Stimulus, Target

HURRY = 0.5
"""Seconds that deadlines last in the hurried probes."""
STALL = "undercroft-stall"
"""A model name to which the probe's upstream never answers."""
ENDLESS = "undercroft-endless"
"""A model name to which it never ends its answer."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One limit, put to the test."""

    limit: str
    """Name of the limit or rule, for people."""
    stimulus: Stimulus
    codes: frozenset[Code]
    """The refusals that prove it; empty for the control, which must be served."""
    before: tuple[Stimulus, ...] = ()
    """Sent first: what uses an allowance up."""
    hold: bool = False
    """Whether ``before`` must still run when the stimulus is sent."""
    real_time: bool = False
    """Whether it runs with the configured deadlines."""


def hurried(limits: Limits) -> Limits:
    """``limits`` with deadlines that a probe can wait for."""
    return replace(
        limits,
        header_timeout=min(limits.header_timeout, HURRY),
        body_timeout=min(limits.body_timeout, 2 * HURRY),
        body_rate_grace=min(limits.body_rate_grace, HURRY),
        first_byte_timeout=min(limits.first_byte_timeout, HURRY),
        response_timeout=min(limits.response_timeout, 2 * HURRY),
    )


def probes(target: Target, limits: Limits) -> list[Probe]:
    """One probe for each limit that a request can exceed. ``target`` names a chat endpoint and a good key."""

    def with_body(name: str, **fields: object) -> Stimulus:
        return replace(requests.plain(target, requests.chat_body(target, **fields)), name=name)

    def message(count: int) -> list[dict[str, str]]:
        return [{"role": "user", "content": "a"}] * count

    def bounded(limit: str, **fields: object) -> Probe:
        return Probe(limit, with_body(limit, **fields), frozenset({Code.OUT_OF_BOUNDS}))

    head = frozenset({Code.HEADERS_TOO_LARGE})
    long_path = replace(target, path=target.path + "?" + "a" * limits.max_url)
    slow = frozenset({Code.BODY_TIMEOUT, Code.BODY_TOO_SLOW, Code.BODY_TOO_LARGE})
    drip = limits.header_timeout + 2.0
    return [
        Probe("a valid request is served", requests.plain(target), frozenset()),
        Probe("max_header", requests.large_header(target, limits.max_header), head | {Code.HEADER_TOO_LARGE}),
        Probe("max_head", requests.large_header(target, limits.max_head), head),
        Probe("max_header_count", requests.many_headers(target, limits.max_header_count), head | {Code.TOO_MANY_HEADERS}),
        Probe("max_url", requests.plain(long_path), head | {Code.URL_TOO_LONG}),
        Probe("header_timeout", requests.header_drip(target, drip, min(1.0, limits.header_timeout / 4)), frozenset({Code.HEADER_TIMEOUT}), real_time=True),
        Probe("header_timeout (hurried)", requests.header_drip(target, 4 * HURRY, HURRY / 8), frozenset({Code.HEADER_TIMEOUT})),
        Probe("body deadline and rate", requests.body_drip(target, 6 * HURRY, HURRY / 8), slow),
        Probe("framing", requests.ambiguous_framing(target), frozenset({Code.AMBIGUOUS_FRAMING})),
        Probe("listed endpoints", requests.unknown_path(target), frozenset({Code.NOT_FOUND})),
        Probe("API key", requests.no_key(target), frozenset({Code.KEY_MISSING})),
        Probe("max_body", requests.large_body(target, limits.max_body), frozenset({Code.BODY_TOO_LARGE})),
        Probe("max_json_depth", requests.deep_json(target, limits.max_json_depth + 1), frozenset({Code.TOO_DEEP})),
        bounded("max_n", n=limits.max_n + 1),
        bounded("max_output_tokens", max_tokens=limits.max_output_tokens + 1),
        bounded("max_logprobs", logprobs=True, top_logprobs=limits.max_logprobs + 1),
        bounded("max_stop", stop=["a"] * (limits.max_stop + 1)),
        Probe(
            "max_messages", with_body("max_messages", messages=message(limits.max_messages + 1)),
            frozenset({Code.OUT_OF_BOUNDS, Code.BODY_TOO_LARGE}),
        ),
        Probe("first_byte_timeout", with_body("stall", model=STALL), frozenset({Code.UPSTREAM_TIMEOUT})),
        Probe("response_timeout", with_body("endless", model=ENDLESS), frozenset({Code.RESPONSE_TIMEOUT})),
        Probe("request rate", requests.plain(target), frozenset({Code.RATE_LIMITED}), before=(requests.plain(target),)),
        Probe("concurrency", requests.plain(target), frozenset({Code.CONCURRENCY}), before=(with_body("stall", model=STALL),), hold=True),
    ]  # fmt: skip


Narrow = Callable[[Limits], Limits]
NARROWED: dict[str, Narrow] = {
    "request rate": lambda limits: replace(limits, requests_per_minute=1.0, requests_burst=1.0),
    "concurrency": lambda limits: replace(limits, concurrency=1, first_byte_timeout=4 * HURRY),
}
"""Limits that a probe sets to one, because reaching the configured number would take as many requests: what is proved is that they
bind, not where."""
