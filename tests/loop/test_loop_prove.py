"""Drills against small servers on loopback: one that accepts everything, one that is sound."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from undercroft.guard.adapters.drive import play
from undercroft.loop import prove, show
from undercroft.loop.prove import DRILLS, CannotDrill, Drill, Drilled, Endpoint, Outcome, checked_key, compare, endpoint
from undercroft.model.result import DrillResult
from undercroft.model.risk import Risk
from undercroft.model.verdict import Verdict
from undercroft.stimuli.stimulus import Observation

KEY = "uc_test_key_for_drills"
SECONDS = 0.5
"""How long drips at weak servers last; a sound one ends them long before ``PATIENCE``."""
PATIENCE = 60


async def answer(reader, writer, *, sound, status=200):
    """HTTP/1.1, one request a connection. The sound one has limits, a header deadline of ``SECONDS``, and keys."""
    code = status
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS if sound else None)
        lower = head.lower()
        length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        body = await reader.readexactly(length)
        if sound and len(head) > 16_384:
            code = 431
        elif sound and f"authorization: bearer {KEY}".encode() not in lower:
            code = 401
        elif sound and json.loads(body).get("n", 1) > 8:
            code = 400
    except TimeoutError:
        code = 408
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        code = 0
    if code:
        writer.write(f"HTTP/1.1 {code} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    writer.close()


@asynccontextmanager
async def serving(**how):
    server = await asyncio.start_server(lambda r, w: answer(r, w, **how), "127.0.0.1", 0, limit=1024 * 1024)
    async with server:
        yield endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "/v1/chat/completions", ())


def drilled(names=prove.USUAL, key=KEY, **how):
    async def run():
        async with serving(**how) as where:
            return await Drill(where, play, key, "m", names, PATIENCE if how["sound"] else SECONDS).run()

    return asyncio.run(run())


def verdicts(done):
    return {r.drill: r.verdict for r in done.results}


def test_a_weak_server_shows_every_weakness():
    done = drilled(sound=False)
    assert set(verdicts(done).values()) == {Verdict.PRESENT}
    assert done.served


def test_a_sound_server_holds_every_drill():
    done = drilled(sound=True)
    assert set(verdicts(done).values()) == {Verdict.ABSENT}, done.results


def test_without_a_served_control_a_refusal_proves_nothing():
    done = drilled(key="wrong", sound=True)
    assert set(verdicts(done).values()) == {Verdict.UNKNOWN}
    assert "legitimate request was not served" in done.results[0].reason
    assert done.control == "a legitimate request was answered with 401"


def test_a_weakness_that_was_seen_stays_one_without_a_served_control():
    assert verdicts(drilled(sound=False, status=503))["header-drip"] is Verdict.PRESENT


def test_an_answer_that_is_neither_success_nor_refusal_is_unknown():
    assert verdicts(drilled(sound=False, status=302)) | {"header-drip": Verdict.UNKNOWN} == dict.fromkeys(
        prove.USUAL, Verdict.UNKNOWN
    )


def test_an_endpoint_that_is_not_there_is_unknown_and_gets_one_connection():
    asked = []

    async def refused(stimulus, host, port):
        asked.append(stimulus.name)
        return Observation(None, closed=False, elapsed=0.0, sent=0, error="connection refused")

    where = endpoint("http://127.0.0.1:1", "/v1", ())
    done = asyncio.run(Drill(where, refused, KEY).run())
    assert asked == ["plain"]
    assert set(verdicts(done).values()) == {Verdict.UNKNOWN}


def test_only_drips_run_side_by_side():
    running, most = set(), {}

    async def watched(stimulus, host, port):
        running.add(stimulus.name)
        most[stimulus.name] = frozenset(running)
        await asyncio.sleep(0)
        running.discard(stimulus.name)
        return Observation(200, closed=False, elapsed=0.0, sent=1)

    where = endpoint("http://127.0.0.1:1", "/v1", ())
    asyncio.run(Drill(where, watched, KEY, names=tuple(DRILLS)).run())
    assert {name for name, beside in most.items() if len(beside) > 1} == {"body-drip"}
    assert next(iter(most)) == "plain"


def test_an_interrupted_run_says_what_was_sent_and_closes_its_connections():
    async def run():
        closed = asyncio.Event()
        opened = asyncio.Event()

        async def hold(reader, writer):
            request = await reader.readuntil(b"\r\n")
            if b"X-Drip" in await reader.read(4096) or not request:
                opened.set()
                await reader.read()
                closed.set()
            else:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(hold, "127.0.0.1", 0)
        async with server:
            where = endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "/v1", ())
            drill = Drill(where, play, KEY, names=("header-drip",), seconds=100)
            task = asyncio.create_task(drill.run())
            await opened.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await closed.wait()
            return drill.done(interrupted=True)

    done = asyncio.run(asyncio.wait_for(run(), 30))
    assert done.interrupted
    assert [(r.drill, r.verdict) for r in done.results] == [("header-drip", Verdict.UNKNOWN)]
    assert "bytes were sent" in done.results[0].reason
    assert "Interrupted" in show.drilled_text(done, width=100, colour=False)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://10.0.0.1:8000", "10.0.0.1 is not in scope.*add --scope 10.0.0.1"),
        ("https://127.0.0.1:8000", "plain HTTP"),
        ("127.0.0.1:8000", "plain HTTP|cannot be read"),
        ("http://user:secret@127.0.0.1", "user name or password"),
        ("http://127.0.0.1:99999", "cannot be read"),
        ("http://127.0.0.1/?key=1", "neither query"),
        ("http:///v1", "must name a host"),
        ("http://127.0.0.1/a b", "no blanks"),
        ("http://127.0.0.1/\u00e9", "percent-encoded"),
    ],
)
def test_a_url_that_must_not_be_drilled_is_refused(url, message):
    with pytest.raises(CannotDrill, match=message) as error:
        endpoint(url, "/v1", ())
    assert "secret" not in str(error.value)


def test_a_name_is_in_scope_only_if_every_address_is():
    def both(host, port):
        return ["127.0.0.1", "192.0.2.7"]

    with pytest.raises(CannotDrill, match=r"model.test \(192.0.2.7\) is not in scope"):
        endpoint("http://model.test", "/v1", (), both)
    where = endpoint("http://model.test", "/v1", ("192.0.2.0/24",), both)
    assert (where.address, where.host) == ("127.0.0.1", "model.test:80")
    assert "by --scope 192.0.2.0/24" in where.authorisation


def test_a_scope_that_is_none_is_refused():
    with pytest.raises(CannotDrill, match="mend --scope"):
        endpoint("http://127.0.0.1", "/v1", ("a b",))


def test_the_path_of_the_url_wins():
    assert endpoint("http://[::1]:8000/other", "/v1", ()).url == "http://[::1]:8000/other"


@pytest.mark.parametrize("key", ["two words", "line\r\nX-Injected: 1", "schl\u00fcssel"])
def test_a_key_that_could_break_out_of_its_header_is_refused_and_not_shown(key):
    with pytest.raises(CannotDrill) as error:
        checked_key(key)
    assert key not in str(error.value)


@pytest.mark.parametrize("seconds", [0, -1, 121, float("nan"), float("inf")])
def test_drips_are_bounded(seconds):
    with pytest.raises(CannotDrill, match="at most 120 seconds"):
        Drill(Endpoint("u", "127.0.0.1", 1, "h", "/", "a"), play, seconds=seconds)


@pytest.mark.parametrize("names", [("no-key", "no-such"), ()])
def test_a_drill_nobody_knows_is_refused(names):
    with pytest.raises(CannotDrill, match="there is no drill"):
        Drill(Endpoint("u", "127.0.0.1", 1, "h", "/", "a"), play, names=names)


def test_neither_the_report_nor_the_run_shows_the_key():
    drill = Drill(Endpoint("u", "127.0.0.1", 1, "h", "/", "a"), play, KEY)
    done = drilled(names=("no-key",), sound=True)
    for text in (repr(drill), show.drilled_json(done), show.drilled_text(done, width=80, colour=False)):
        assert KEY not in text


def test_the_report_says_by_whose_leave():
    done = drilled(names=("no-key",), sound=True)
    assert "in scope because it is loopback" in show.drilled_text(done, width=100, colour=False)
    told = json.loads(show.drilled_json(done))
    assert (told["control"]["served"], told["drills"][0]["verdict"]) == (True, "absent")


def result(drill, verdict):
    return DrillResult(drill, "", Risk.DEP_AUTH, "u", verdict, "", 0, 0.0)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (Verdict.PRESENT, Verdict.ABSENT, Outcome.MENDED),
        (Verdict.PRESENT, Verdict.PRESENT, Outcome.STILL_WEAK),
        (Verdict.ABSENT, Verdict.ABSENT, Outcome.HELD),
        (Verdict.ABSENT, Verdict.PRESENT, Outcome.WORSE),
        (Verdict.UNKNOWN, Verdict.ABSENT, Outcome.UNKNOWN),
        (Verdict.PRESENT, Verdict.UNKNOWN, Outcome.UNKNOWN),
    ],
)
def test_two_runs_are_compared_drill_by_drill(before, after, outcome):
    assert [c.outcome for c in compare([result("a", before)], [result("a", after)])] == [outcome]


def test_a_drill_that_ran_once_is_unknown():
    found = compare([result("a", Verdict.PRESENT)], [result("b", Verdict.ABSENT)])
    assert [(c.drill, c.outcome) for c in found] == [("a", Outcome.UNKNOWN), ("b", Outcome.UNKNOWN)]


def test_a_run_can_be_looked_at_before_anything_was_sent():
    drill = Drill(Endpoint("u", "127.0.0.1", 1, "h", "/", "a"), play)
    assert drill.done(interrupted=True) == Drilled("u", "a", "not tried", served=False, results=(), interrupted=True)
