"""What comes back is judged three-valued, and every stimulus is bounded."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.model.verdict import Verdict
from undercroft.stimuli import requests
from undercroft.stimuli.stimulus import Defence, Observation, StatusReader, Stimulus, Target, judge

TARGET = Target("127.0.0.1:1", key="uc_key")
ALL = [
    requests.no_key(TARGET),
    requests.large_header(TARGET),
    requests.many_headers(TARGET),
    requests.header_drip(TARGET),
    requests.body_drip(TARGET),
    requests.huge_n(TARGET),
    requests.huge_output(TARGET),
    requests.deep_json(TARGET),
    requests.large_body(TARGET, 100_000),
    requests.unknown_path(TARGET),
    requests.ambiguous_framing(TARGET),
]


def seen(status: int | None = None, *, closed: bool = False, error: str = "") -> Observation:
    return Observation(status, closed, 1.0, 10, error)


@pytest.mark.parametrize("stimulus", ALL, ids=lambda s: s.name)
def test_a_stimulus_stays_within_the_bounds_of_an_unasked_probe(stimulus: Stimulus) -> None:
    assert stimulus.size < 256 * 1024
    assert stimulus.deadline <= requests.DRIP_SECONDS
    assert sum(step.pause for step in stimulus.steps) <= stimulus.deadline


@pytest.mark.parametrize("stimulus", ALL, ids=lambda s: s.name)
def test_a_served_request_is_a_weakness_where_it_should_have_been_refused(stimulus: Stimulus) -> None:
    verdict, reason = judge(stimulus, seen(200))
    assert reason
    assert verdict is (Verdict.ABSENT if stimulus.defence is Defence.CUT_OFF else Verdict.PRESENT)


@pytest.mark.parametrize("stimulus", ALL, ids=lambda s: s.name)
def test_what_could_not_be_tried_is_unknown(stimulus: Stimulus) -> None:
    assert judge(stimulus, seen(error="connection refused"))[0] is Verdict.UNKNOWN


def test_a_server_that_fails_has_not_refused() -> None:
    assert judge(requests.huge_n(TARGET), seen(500))[0] is Verdict.UNKNOWN


def test_a_missing_key_is_refused_with_the_status_for_it_and_no_other() -> None:
    stimulus = requests.no_key(TARGET)
    assert judge(stimulus, seen(401))[0] is Verdict.ABSENT
    assert judge(stimulus, seen(404))[0] is Verdict.PRESENT


def test_a_drip_that_stays_open_is_a_weakness_and_one_that_is_ended_is_none() -> None:
    drip = requests.header_drip(TARGET)
    assert judge(drip, seen())[0] is Verdict.PRESENT
    assert judge(drip, seen(408, closed=True))[0] is Verdict.ABSENT
    assert judge(drip, seen(closed=True))[0] is Verdict.ABSENT


def test_silence_is_unknown_and_a_silent_close_is_a_refusal() -> None:
    header = requests.large_header(TARGET)
    assert judge(header, seen())[0] is Verdict.UNKNOWN
    assert judge(header, seen(closed=True))[0] is Verdict.ABSENT


def test_no_key_sends_no_key() -> None:
    assert b"uc_key" not in b"".join(step.send for step in requests.no_key(TARGET).steps)
    assert b"uc_key" in b"".join(step.send for step in requests.plain(TARGET).steps)


def test_a_body_stimulus_is_well_formed_but_for_its_point() -> None:
    sent = requests.huge_n(TARGET).steps[0].send
    head, _, body = sent.partition(b"\r\n\r\n")
    assert json.loads(body)["n"] == 1000
    assert f"Content-Length: {len(body)}".encode() in head


@given(st.integers(100, 999), st.lists(st.integers(1, 60), max_size=20))
def test_a_status_is_read_however_the_bytes_are_cut(status: int, cuts: list[int]) -> None:
    data = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 %d Word\r\nContent-Length: 0\r\n\r\n" % status
    reader, found = StatusReader("POST"), None
    pieces, rest = [], data
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    for piece in (*pieces, rest):
        if piece and found is None:
            found = reader.feed(piece)
    if status >= 200:
        assert found == status


@given(st.binary(max_size=200))
def test_no_answer_upsets_the_reader(data: bytes) -> None:
    assert StatusReader("GET").feed(data) in {None, 0, *range(200, 1000)}
