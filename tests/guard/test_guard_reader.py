"""Bytes to verdicts: smuggling cases, and the property that cutting the bytes differently changes nothing."""

from itertools import pairwise

import pytest
from guard_playbook import KEY, chat, code, pipeline
from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.guard.commands import Forward, Reject
from undercroft.guard.events import BodyChunk, UpstreamChunk, UpstreamComplete, UpstreamFailed, UpstreamHeaders
from undercroft.guard.limits import Limits
from undercroft.guard.reader import RequestReader, ResponseReader

BODY = chat()
LINE = b"POST /v1/chat/completions HTTP/1.1\r\n"
FIELDS = b"Host: guard.test\r\nContent-Type: application/json\r\nAuthorization: Bearer %b\r\n" % KEY.encode()
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
SECOND = LINE + FIELDS + LENGTH + b"\r\n" + BODY

SMUGGLING = {
    "length and coding": LINE + FIELDS + LENGTH + CHUNKED + b"\r\n" + CHUNKS,
    "coding and length": LINE + FIELDS + CHUNKED + LENGTH + b"\r\n" + CHUNKS,
    "two lengths that differ": LINE + FIELDS + LENGTH + b"Content-Length: 5\r\n\r\n" + BODY,
    "two lengths that agree": LINE + FIELDS + LENGTH + LENGTH + b"\r\n" + BODY,
    "a list of lengths": LINE + FIELDS + b"Content-Length: %d, %d\r\n\r\n" % (len(BODY), len(BODY)) + BODY,
    "a length with a plus": LINE + FIELDS + b"Content-Length: +%d\r\n\r\n" % len(BODY) + BODY,
    "a negative length": LINE + FIELDS + b"Content-Length: -1\r\n\r\n" + BODY,
    "a hexadecimal length": LINE + FIELDS + b"Content-Length: 0x%x\r\n\r\n" % len(BODY) + BODY,
    "an empty length": LINE + FIELDS + b"Content-Length: \r\n\r\n" + BODY,
    "a length beyond 64 bits": LINE + FIELDS + b"Content-Length: 99999999999999999999999\r\n\r\n" + BODY,
    "xchunked": LINE + FIELDS + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS,
    "chunked, identity": LINE + FIELDS + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKS,
    "gzip, chunked": LINE + FIELDS + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS,
    "chunked twice": LINE + FIELDS + CHUNKED + CHUNKED + b"\r\n" + CHUNKS,
    "blank before the colon": LINE + FIELDS + LENGTH + b"Transfer-Encoding : chunked\r\n\r\n" + BODY,
    "vertical tab in the coding": LINE + FIELDS + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKS,
    "a folded coding": LINE + FIELDS + LENGTH + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + BODY,
    "an old version with a coding": LINE.replace(b"1.1", b"1.0") + FIELDS + CHUNKED + b"\r\n" + CHUNKS,
    "bare line feeds": (LINE + FIELDS + LENGTH + b"\r\n").replace(b"\r\n", b"\n") + BODY,
    "one bare line feed": LINE + FIELDS + b"X-A: a\nX-B: b\r\n" + LENGTH + b"\r\n" + BODY,
    "a bare carriage return": LINE + FIELDS + b"X-A: a\rX-B: b\r\n" + LENGTH + b"\r\n" + BODY,
    "NUL in a value": LINE + FIELDS + b"X-A: a\0b\r\n" + LENGTH + b"\r\n" + BODY,
    "no host": LINE + FIELDS.replace(b"Host: guard.test\r\n", b"") + LENGTH + b"\r\n" + BODY,
    "two hosts": LINE + b"Host: evil\r\n" + FIELDS + LENGTH + b"\r\n" + BODY,
    "absolute form": LINE.replace(b" /v1", b" http://evil/v1") + FIELDS + LENGTH + b"\r\n" + BODY,
    "a chunk size with 0x": LINE + FIELDS + CHUNKED + b"\r\n0x%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
    "a negative chunk size": LINE + FIELDS + CHUNKED + b"\r\n-5\r\nhello\r\n0\r\n\r\n",
    "a chunk size that overflows": LINE + FIELDS + CHUNKED + b"\r\nffffffffffffffff1\r\nhello\r\n0\r\n\r\n",
    "chunks with bare line feeds": LINE + FIELDS + CHUNKED + b"\r\n%x\n%b\n0\n\n" % (len(BODY), BODY),
    "a chunk without its end": LINE + FIELDS + CHUNKED + b"\r\n%x\r\n%bXX0\r\n\r\n" % (len(BODY), BODY),
    "a chunk extension without end": LINE + FIELDS + CHUNKED + b"\r\n%x;%b" % (len(BODY), b"a" * 70_000),
    "two credentials": LINE + FIELDS + b"Authorization: Bearer other\r\n" + LENGTH + b"\r\n" + BODY,
    "an upgrade": LINE + FIELDS + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + LENGTH + b"\r\n" + BODY,
    "connect": b"CONNECT inside:80 HTTP/1.1\r\n" + FIELDS + b"\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an empty line first": b"\r\n" + SECOND,
    "a field without a colon": LINE + FIELDS + b"X-A\r\n" + LENGTH + b"\r\n" + BODY,
    "a name with a control character": LINE + FIELDS + b"X\x01A: b\r\n" + LENGTH + b"\r\n" + BODY,
}

SOUND = {
    "a length": SECOND,
    "chunks": LINE + FIELDS + CHUNKED + b"\r\n" + CHUNKS,
    "chunks with an extension": LINE + FIELDS + CHUNKED + b"\r\n%x;a=b\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
    "chunks with a trailer": LINE
    + FIELDS
    + CHUNKED
    + b"\r\n%x\r\n%b\r\n0\r\nAuthorization: Bearer x\r\n\r\n" % (len(BODY), BODY),
    "a request behind it": SECOND + SECOND,
    "a request behind chunks": LINE + FIELDS + CHUNKED + b"\r\n" + CHUNKS + SECOND,
}


def judge(data: list[bytes], limits: Limits | None = None) -> tuple[list[str], list[Forward]]:
    """Codes of refusals and what was forwarded, for bytes that come in these pieces on one connection."""
    guard = pipeline(limits)
    reader, conversation = RequestReader(guard.context.limits.max_head), guard.open("192.0.2.7", 1.0)
    refusals, sent = [], []
    for piece in data:
        for event in reader.feed(piece):
            for command in conversation.handle(event, 1.0):
                if isinstance(command, Reject):
                    refusals.append((command.decision.code, command.close))
                elif isinstance(command, Forward):
                    sent.append(command)
    return refusals, sent


@pytest.mark.parametrize("name", SMUGGLING)
def test_a_smuggling_case_is_refused_with_a_close_and_forwards_nothing(name: str) -> None:
    for pieces in ([SMUGGLING[name]], [SMUGGLING[name][i : i + 1] for i in range(len(SMUGGLING[name]))]):
        refusals, sent = judge(pieces)
        assert sent == []
        assert [close for _, close in refusals] == [True]


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_framing_is_forwarded_once_with_the_same_body(name: str) -> None:
    for pieces in ([SOUND[name]], [SOUND[name][i : i + 1] for i in range(len(SOUND[name]))]):
        refusals, sent = judge(pieces)
        assert refusals == []
        assert [command.method for command in sent] == [b"POST"]
        assert b"authorization" not in dict(sent[0].headers)


@settings(max_examples=60, deadline=None)
@given(
    data=st.sampled_from([*SMUGGLING.values(), *SOUND.values(), LINE + FIELDS + b"X: " + b"a" * 20_000 + b"\r\n\r\n"]),
    cuts=st.lists(st.integers(0, 25_000), max_size=12),
)
def test_the_verdict_is_the_same_however_the_bytes_are_cut(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in pairwise(places)]
    whole_refusals, whole_sent = judge([data])
    cut_refusals, cut_sent = judge(pieces)
    assert [code for code, _ in cut_refusals] == [code for code, _ in whole_refusals]
    assert cut_sent[:1] == whole_sent[:1]


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=6))
def test_arbitrary_bytes_are_never_forwarded_and_raise_nothing(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    _, sent = judge([data[a:b] for a, b in pairwise(places)])
    assert sent == []


@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=300), cuts=st.lists(st.integers(0, 1000), max_size=6), chunk=st.integers(1, 60))
def test_a_body_is_read_back_whatever_its_framing_and_cuts(body: bytes, cuts: list[int], chunk: int) -> None:
    framed = (
        b"".join(b"%x\r\n%b\r\n" % (len(body[i : i + chunk]), body[i : i + chunk]) for i in range(0, len(body), chunk))
        + b"0\r\n\r\n"
    )
    data = LINE + FIELDS + CHUNKED + b"\r\n" + framed
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    reader = RequestReader(16_384)
    events = [event for a, b in pairwise(places) for event in reader.feed(data[a:b])]
    assert b"".join(event.data for event in events if isinstance(event, BodyChunk)) == body


def test_a_head_is_bounded_before_it_ends() -> None:
    refusals, _ = judge([LINE, b"X: " + b"a" * 300], Limits(max_head=256))
    assert refusals == [("headers-too-large", True)]
    refusals, _ = judge([LINE, b"X: " + b"a" * 100], Limits(max_head=256))
    assert refusals == []


def test_a_chunked_body_is_bounded_by_what_it_brings() -> None:
    framed = b"".join(b"40\r\n%b\r\n" % (b" " * 64) for _ in range(5))
    refusals, _ = judge([LINE + FIELDS + CHUNKED + b"\r\n", framed], Limits(max_body=256))
    assert refusals == [("body-too-large", True)]
    assert judge([LINE + FIELDS + CHUNKED + b"\r\n", framed], Limits(max_body=320)) == ([], [])


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def read(data: bytes, size: int = 1) -> tuple[ResponseReader, list]:
    reader = ResponseReader()
    return reader, [event for i in range(0, len(data), size) for event in reader.feed(data[i : i + size])]


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    "framed", [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
)
def test_an_answer_is_read_whatever_its_framing(framed: bytes, size: int) -> None:
    reader, events = read(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ANSWER + framed, size)
    assert isinstance(events[0], UpstreamHeaders)
    assert b"link" not in dict(events[0].headers)
    assert b"".join(event.data for event in events if isinstance(event, UpstreamChunk)) == b"hello"
    assert events[-1] == UpstreamComplete()
    assert reader.keep


@pytest.mark.parametrize(
    "data",
    [
        b"HELLO\r\n\r\n",
        ANSWER + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ANSWER + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        ANSWER + b"X: " + b"a" * 70_000,
        ANSWER + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_a_doubtful_answer_has_failed(data: bytes) -> None:
    _, events = read(data, 4096)
    assert events[-1] == UpstreamFailed(reached=True)


def test_an_answer_that_ends_with_the_connection_is_complete_only_without_other_framing() -> None:
    reader, _ = read(ANSWER + b"\r\nhel", 10_000)
    assert reader.eof() == [UpstreamComplete()]
    reader, _ = read(ANSWER + b"Content-Length: 5\r\n\r\nhel", 10_000)
    assert reader.eof() == [UpstreamFailed(reached=True)]


def test_a_connection_with_bytes_behind_its_answer_is_not_kept() -> None:
    reader, events = read(
        ANSWER + b"Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 10_000
    )
    assert sum(isinstance(event, UpstreamComplete) for event in events) == 1
    assert not reader.keep


def test_the_code_of_ambiguous_framing_says_so() -> None:
    assert judge([SMUGGLING["length and coding"]])[0] == [("ambiguous-framing", True)]
    assert code([]) == ""
