"""Deadlines, ways out, and the promise that everything taken is given back."""

import json
from itertools import pairwise

import pytest
from guard_playbook import RECORD, answer, ask, chat, code, emitted, head, pipeline, play, request
from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.guard.commands import AbortUpstream, CutOff, Emit, Finish, Reject, SendBody, SendHead
from undercroft.guard.events import (
    BodyChunk,
    BodyComplete,
    ClientGone,
    Draining,
    HeadStarted,
    Tick,
    UpstreamChunk,
    UpstreamComplete,
    UpstreamFailed,
    UpstreamHeaders,
)
from undercroft.guard.limits import Limits
from undercroft.guard.pipeline import State

SSE = UpstreamHeaders(200, ((b"content-type", b"text/event-stream"),))


def test_a_connection_that_never_speaks_is_closed_without_a_word() -> None:
    conversation = pipeline(Limits(header_timeout=10)).open("192.0.2.7", 100.0)
    assert conversation.handle(Tick(), 109.9) == []
    assert conversation.handle(Tick(), 110.0) == [CutOff("")]


def test_a_dripped_head_ends_at_its_deadline_counted_from_the_connection() -> None:
    conversation = pipeline(Limits(header_timeout=10)).open("192.0.2.7", 100.0)
    conversation.handle(HeadStarted(), 108.0)
    assert conversation.handle(Tick(), 109.9) == []
    assert code(conversation.handle(Tick(), 110.0)) == "header-timeout"
    assert conversation.handle(HeadStarted(), 110.1) == []


def test_a_later_head_has_its_own_deadline_and_an_idle_connection_ends_quietly() -> None:
    conversation = pipeline(Limits(header_timeout=10, keepalive_timeout=60)).open("192.0.2.7", 100.0)
    play(conversation, [*request(), *answer()], 101.0)
    assert conversation.deadline == 161.0
    conversation.handle(HeadStarted(), 130.0)
    assert conversation.deadline == 140.0
    idle = pipeline(Limits(keepalive_timeout=60)).open("192.0.2.7", 100.0)
    play(idle, [*request(), *answer()], 101.0)
    assert idle.handle(Tick(), 161.0) == [CutOff("")]


def body_at(rate: int, until: float) -> list[str]:
    """Codes of refusals for a body that brings ``rate`` bytes each second."""
    conversation = pipeline(Limits(body_timeout=30, min_body_rate=512, body_rate_grace=5)).open("192.0.2.7", 100.0)
    play(conversation, [HeadStarted(), head(length=500_000)])
    codes = []
    for second in range(1, int(until) + 1):
        codes.append(code(conversation.handle(BodyChunk(b" " * rate), 100.0 + second)))
        codes.append(code(conversation.handle(Tick(), 100.0 + second)))
    return [entry for entry in codes if entry]


def test_a_body_below_its_rate_is_cut_off_after_the_grace_and_one_above_runs_to_the_deadline() -> None:
    assert body_at(511, 5) == ["body-too-slow"]
    assert body_at(511, 4) == []
    assert body_at(512, 29) == []
    assert body_at(10_000, 30) == ["body-timeout"]


def test_an_upstream_that_never_answers_is_given_up() -> None:
    guard = pipeline(Limits(first_byte_timeout=20))
    conversation = guard.open("192.0.2.7", 100.0)
    play(conversation, request())
    assert conversation.handle(Tick(), 119.9) == []
    commands = conversation.handle(Tick(), 120.0)
    assert commands[0] == AbortUpstream()
    assert code(commands) == "upstream-timeout"
    assert guard.context.ledger.account(RECORD).reserved == 0


def test_a_stream_is_cut_at_the_wall_clock_though_it_makes_progress() -> None:
    conversation = pipeline(Limits(response_timeout=60)).open("192.0.2.7", 100.0)
    play(conversation, [*request(), SSE], 100.0)
    for second in range(1, 60):
        assert conversation.handle(UpstreamChunk(b"data: {}\n\n"), 100.0 + second) == [SendBody(b"data: {}\n\n")]
        assert conversation.handle(Tick(), 100.0 + second) == []
    commands = conversation.handle(Tick(), 160.0)
    assert commands[0] == AbortUpstream()
    assert commands[-1] == CutOff("response-timeout")


def test_an_answer_is_bounded_in_size() -> None:
    conversation = pipeline(Limits(max_response=10)).open("192.0.2.7", 100.0)
    play(conversation, [*request(), SSE])
    assert conversation.handle(UpstreamChunk(b"a" * 10), 100.0) == [SendBody(b"a" * 10)]
    assert conversation.handle(UpstreamChunk(b"a"), 100.0)[-1] == CutOff("response-too-large")


def test_a_client_that_leaves_aborts_the_upstream_and_pays_the_reservation() -> None:
    guard = pipeline()
    conversation = guard.open("192.0.2.7", 100.0)
    play(conversation, [*request(), SSE])
    commands = conversation.handle(ClientGone(), 101.0)
    assert commands[0] == AbortUpstream()
    assert emitted(commands)[0].reason == "client-gone"
    account = guard.context.ledger.account(RECORD)
    assert (account.in_flight, account.reserved) == (0, 0)
    assert account.spent > 0


def test_an_unreachable_upstream_costs_nothing() -> None:
    guard = pipeline()
    conversation = guard.open("192.0.2.7", 100.0)
    play(conversation, request())
    assert code(conversation.handle(UpstreamFailed(reached=False), 101.0)) == "upstream-unreachable"
    assert guard.context.ledger.account(RECORD).spent == 0


def test_an_upstream_that_breaks_off_leaves_the_answer_visibly_incomplete() -> None:
    conversation = pipeline().open("192.0.2.7", 100.0)
    play(conversation, [*request(), SSE])
    commands = conversation.handle(UpstreamFailed(reached=True), 101.0)
    assert commands[-1] == CutOff("upstream-error")


def test_a_stream_settles_by_the_usage_of_its_last_event() -> None:
    guard = pipeline()
    conversation = guard.open("192.0.2.7", 100.0)
    usage = (
        b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}\n\ndata: [DONE]\n\n'
    )
    events = [
        SSE,
        UpstreamChunk(b"data: " + b"a" * 9000 + b"\n\n"),
        *(UpstreamChunk(usage[i : i + 1]) for i in range(len(usage))),
    ]
    play(conversation, [*request(), *events, UpstreamComplete()])
    assert guard.context.ledger.account(RECORD).spent == 7


def test_a_connection_close_is_honoured() -> None:
    conversation = pipeline().open("192.0.2.7", 100.0)
    shown = play(conversation, [*request(extra=[(b"connection", b"close")]), *answer()])
    assert next(command for command in shown if isinstance(command, SendHead)).close
    assert shown[-1] == CutOff("")
    assert conversation.state is State.CLOSED


def test_draining_ends_idle_connections_and_lets_running_ones_finish() -> None:
    guard = pipeline()
    idle, busy = guard.open("192.0.2.7", 100.0), guard.open("192.0.2.7", 100.0)
    play(busy, request())
    guard.context.draining = True
    assert idle.handle(Draining(), 101.0) == [CutOff("")]
    assert busy.handle(Draining(), 101.0) == []
    assert play(busy, answer(), 102.0)[-1] == CutOff("")
    late = guard.open("192.0.2.7", 103.0)
    assert code(late.handle(HeadStarted(), 103.0)) == "shutting-down"


@settings(max_examples=80, deadline=None)
@given(
    body=st.sampled_from([chat(), chat(n=1000), b"{", chat(n=1, extra="x")]),
    cuts=st.lists(st.integers(0, 120), max_size=8),
)
def test_the_verdict_is_the_same_however_the_body_is_chunked(body: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    pieces = [BodyChunk(body[a:b]) for a, b in pairwise(places)]
    start = [HeadStarted(), head(length=len(body))]
    whole = ask(pipeline(), [*start, BodyChunk(body), BodyComplete()])
    assert ask(pipeline(), [*start, *pieces, BodyComplete()]) == whole


STEPS = st.sampled_from(
    ["ask", "huge", "bad", "head", "chunk", "done", "error", "fail", "lost", "gone", "tick", "drip"]
)


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(st.tuples(STEPS, st.integers(0, 2), st.floats(0, 40)), max_size=40))
def test_whatever_happens_every_reservation_is_settled_once_and_every_exchange_gives_one_event(steps: list) -> None:
    limits = Limits(requests_burst=1000, requests_per_minute=1000, concurrency=2)
    guard = pipeline(limits)
    now, events, forwards, answered = 100.0, 0, 0, 0
    conversations = [guard.open("192.0.2.7", now) for _ in range(3)]
    todo = {
        "ask": request(), "huge": request(chat(n=1000)), "bad": request(b"{"), "drip": [HeadStarted()],
        "head": [SSE], "chunk": [UpstreamChunk(b"data: x\n\n")], "done": [UpstreamComplete()], "error": [UpstreamHeaders(500, ())],
        "fail": [UpstreamFailed(reached=True)], "lost": [UpstreamFailed(reached=False)], "gone": [ClientGone()], "tick": [Tick()],
    }  # fmt: skip
    for name, which, seconds in steps:
        now += seconds
        if name in {"ask", "huge", "bad"} and conversations[which].state is not State.IDLE:
            continue
        commands = play(conversations[which], todo[name], now)
        events += len([command for command in commands if isinstance(command, Emit)])
        forwards += name in {"ask", "huge", "bad", "drip"}
        answered += sum(isinstance(command, Reject | Finish) for command in commands) > 2
        if conversations[which].state is State.CLOSED:
            conversations[which] = guard.open("192.0.2.7", now)
    for conversation in conversations:
        conversation.handle(ClientGone(), now)
    account = guard.context.ledger.account(RECORD)
    assert (account.in_flight, account.reserved, guard.context.ledger.in_flight_tokens) == (0, 0, 0)
    assert (guard.context.connections, guard.context.sources) == (0, {})
    assert events <= forwards
    assert answered == 0


def test_the_refusal_body_is_the_documented_json() -> None:
    from undercroft.guard import wire

    refused = next(command for command in ask(pipeline(), request(chat(n=9))) if isinstance(command, Reject))
    raw = wire.refusal(refused)
    shown = json.loads(raw.partition(b"\r\n\r\n")[2])
    assert set(shown) == {"error"}
    assert set(shown["error"]) == {"code", "message", "id"}
    assert shown["error"]["code"] == "out-of-bounds"
    assert shown["error"]["id"].encode() in raw.partition(b"\r\n\r\n")[0]


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="max_body"):
        Limits(max_body=0)
    with pytest.raises(ValueError, match="default_output_tokens"):
        Limits(default_output_tokens=10, max_output_tokens=5)
