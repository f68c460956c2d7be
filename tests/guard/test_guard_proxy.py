"""The proxy over real sockets: what reaches the model server, what comes back, and what happens when somebody leaves."""

import asyncio
import json

import openai
import pytest
import uvloop
from guard_playbook import KEY, OTHER_KEY, RECORD, chat
from guard_server import Guarded, guarded
from test_guard_reader import SMUGGLING, SOUND

from undercroft.guard.adapters.drive import play
from undercroft.guard.limits import Limits
from undercroft.model.verdict import Verdict
from undercroft.stimuli import requests
from undercroft.stimuli.stimulus import Target, judge

QUICK = Limits(header_timeout=0.4, body_timeout=0.8, body_rate_grace=0.3)
FIELDS = b"Host: guard.test\r\nContent-Type: application/json\r\nAuthorization: Bearer %b\r\n" % KEY.encode()


def post(body: bytes, *, close: bool = True) -> bytes:
    closing = b"Connection: close\r\n" if close else b""
    return b"POST /v1/chat/completions HTTP/1.1\r\n%b%bContent-Length: %d\r\n\r\n%b" % (
        FIELDS,
        closing,
        len(body),
        body,
    )


def error_of(data: bytes) -> str:
    return json.loads(data.partition(b"\r\n\r\n")[2])["error"]["code"]


def test_every_smuggling_case_is_refused_and_closed_and_nothing_reaches_the_upstream() -> None:
    async def main() -> None:
        async with guarded() as guard:
            for name, data in SMUGGLING.items():
                shown = await guard.talk(data)
                assert shown.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")), name
                assert b"connection: close" in shown, name
                assert shown.count(b"\r\ncontent-length: ") == 1, name
            assert guard.upstream.connections == 0
            for data in SOUND.values():
                await guard.talk(data.replace(b"Host:", b"Connection: close\r\nHost:", 1))
            assert len(guard.upstream.seen) == len(SOUND)

    uvloop.run(main())


def test_the_drills_are_held_off_and_the_control_is_served() -> None:
    async def main() -> None:
        async with guarded(QUICK) as guard:
            target = Target("guard.test", key=KEY)
            drills = [
                requests.no_key(target), requests.large_header(target), requests.many_headers(target), requests.huge_n(target),
                requests.huge_output(target), requests.deep_json(target), requests.large_body(target, 1 << 20), requests.unknown_path(target),
                requests.ambiguous_framing(target), requests.header_drip(target, 3, 0.1), requests.body_drip(target, 3, 0.1),
            ]  # fmt: skip
            seen = await asyncio.gather(*(play(drill, guard.host, guard.port) for drill in drills))
            for drill, observation in zip(drills, seen, strict=True):
                assert observation.status is not None, drill.name
                assert judge(drill, observation)[0] is Verdict.ABSENT, drill.name
            assert guard.upstream.seen == []
            control = await play(requests.plain(target), guard.host, guard.port)
            assert control.status == 200

    uvloop.run(main())


def test_nothing_of_the_client_but_what_was_checked_reaches_the_upstream_and_no_banner_comes_back() -> None:
    async def main() -> None:
        async with guarded() as guard:
            body = b'{ "exec": 1, ' + chat()[1:]
            shown = await guard.talk(
                post(body).replace(b"Host:", b"X-Forwarded-For: 1.2.3.4\r\nCookie: a=b\r\nHost:", 1)
            )
            head, sent = guard.upstream.seen[0]
            assert json.loads(sent) == json.loads(chat())
            for absent in (b"cookie", b"x-forwarded-for", b"authorization", b"guard.test", KEY.encode()):
                assert absent not in head.lower()
            for absent in (b"leaky", b"access-control"):
                assert absent not in shown.lower()
            assert b"x-content-type-options: nosniff" in shown

    uvloop.run(main())


def test_the_openai_sdk_works_unchanged_streaming_included() -> None:
    def use(base_url: str) -> None:
        with (
            openai.DefaultHttpxClient(trust_env=False) as http,
            openai.OpenAI(base_url=base_url, api_key=KEY, http_client=http, max_retries=0) as client,
        ):
            messages = [{"role": "user", "content": "ping"}]
            answer = client.chat.completions.create(model="demo", messages=messages)
            assert answer.choices[0].message.content == "pong"
            stream = client.chat.completions.create(model="stream", messages=messages, stream=True)
            assert "".join(piece.choices[0].delta.content for piece in stream if piece.choices) == "Hello"
            assert client.models.list().data == []
            with pytest.raises(openai.UnprocessableEntityError, match="n must be between"):
                client.chat.completions.create(model="demo", messages=messages, n=1000)
            with pytest.raises(openai.AuthenticationError):
                client.with_options(api_key="wrong").chat.completions.create(model="demo", messages=messages)
            with pytest.raises(openai.InternalServerError) as failure:
                client.chat.completions.create(model="broken", messages=messages)
            assert "Traceback" not in str(failure.value)

    async def main() -> None:
        async with guarded() as guard:
            await asyncio.to_thread(use, f"http://{guard.host}:{guard.port}/v1")
            assert guard.proxy.pipeline.context.ledger.account(RECORD).spent >= 14

    uvloop.run(main())


def test_connections_are_kept_alive_on_both_sides_and_pipelined_requests_answered_in_order() -> None:
    async def main() -> None:
        async with guarded() as guard:
            shown = await guard.talk(post(chat(), close=False) * 3 + post(chat()))
            assert shown.count(b"HTTP/1.1 200 ") == 4
            assert (len(guard.upstream.seen), guard.upstream.connections) == (4, 1)

    uvloop.run(main())


async def leave_after_first_bytes(guard: Guarded, model: str) -> None:
    reader, writer = await asyncio.open_connection(guard.host, guard.port)
    writer.write(post(chat(model=model)))
    await reader.read(10)
    writer.transport.abort()


def test_a_client_that_leaves_frees_its_place_and_aborts_the_upstream() -> None:
    async def main() -> None:
        async with guarded(Limits(concurrency=1)) as guard:
            await leave_after_first_bytes(guard, "endless")
            async with asyncio.timeout(5):
                await guard.upstream.gone.wait()
            assert [event.reason for event in guard.events] == ["client-gone"]
            assert b"HTTP/1.1 200" in await guard.talk(post(chat()))

    uvloop.run(main())


def test_a_client_that_does_not_read_holds_the_upstream_back() -> None:
    async def main() -> None:
        async with guarded(Limits(response_timeout=1.0)) as guard:
            reader, writer = await asyncio.open_connection(guard.host, guard.port, limit=1024)
            writer.transport.pause_reading()
            writer.write(post(chat(model="flood")))
            async with asyncio.timeout(5):
                while not guard.events:  # noqa: ASYNC110 - the guard knows no events of asyncio
                    await asyncio.sleep(0.02)
            assert guard.events[0].reason == "response-timeout"
            assert guard.upstream.written < 24 << 20
            writer.transport.abort()
            del reader

    uvloop.run(main())


def test_a_response_that_breaks_off_is_not_passed_on_as_complete() -> None:
    async def main() -> None:
        async with guarded() as guard:
            shown = await guard.talk(post(chat(model="half"), close=False))
            assert b"content-length: 900" in shown
            assert shown.endswith(b"half")
            assert guard.events[0].reason == "upstream-error"

    uvloop.run(main())


def test_an_upstream_that_is_not_there_is_a_502_without_its_name() -> None:
    async def main() -> None:
        async with guarded() as guard:
            closed = await asyncio.start_server(guard.upstream.serve, "127.0.0.1", 0)
            port = closed.sockets[0].getsockname()[1]
            closed.close()
            await closed.wait_closed()
            guard.proxy.pool._address = type(guard.proxy.pool._address)("127.0.0.1", port)
            shown = await guard.talk(post(chat()))
            assert shown.startswith(b"HTTP/1.1 502")
            assert error_of(shown) == "upstream-unreachable"
            assert str(port).encode() not in shown

    uvloop.run(main())


def test_requests_at_once_on_one_budget_never_spend_more_than_it() -> None:
    async def main() -> None:
        import msgspec

        record = msgspec.structs.replace(RECORD, budget=3000, concurrency=500)
        async with guarded(Limits(requests_burst=1000, requests_per_minute=1000), records=[record]) as guard:
            shown = await asyncio.gather(
                *(guard.talk(post(chat(model="slow", max_tokens=400))) for _ in range(40)), release(guard)
            )
            served = sum(answer.startswith(b"HTTP/1.1 200") for answer in shown if answer)
            refused = [answer for answer in shown if answer and answer.startswith(b"HTTP/1.1 403")]
            account = guard.proxy.pipeline.context.ledger.account(record)
            assert 0 < served == len(guard.upstream.seen)
            assert served + len(refused) == 40
            assert served * 400 <= 3000
            assert (account.reserved, account.in_flight, account.spent) == (0, 0, served * 7)

    async def release(guard: Guarded) -> None:
        while len(guard.events) + len(guard.upstream.seen) < 40:  # noqa: ASYNC110 - two counters in two places
            await asyncio.sleep(0.01)
        guard.upstream.release.set()

    uvloop.run(main())


def test_draining_lets_a_running_answer_finish_and_takes_no_new_one() -> None:
    async def main() -> None:
        async with guarded() as guard:
            running = asyncio.create_task(guard.talk(post(chat(model="slow"), close=False)))
            await guard.upstream.arrived.wait()
            stopping = asyncio.create_task(guard.proxy.stop(5.0))
            await asyncio.sleep(0)
            guard.upstream.release.set()
            assert (await running).startswith(b"HTTP/1.1 200")
            await stopping
            with pytest.raises(OSError):
                await asyncio.open_connection(guard.host, guard.port)

    uvloop.run(main())


def test_a_refused_client_that_is_still_sending_gets_the_refusal() -> None:
    async def main() -> None:
        async with guarded() as guard:
            shown = await guard.talk(b"POST /v1/chat/completions HTTP/1.1\r\nX: " + b"a" * 500_000)
            assert error_of(shown) == "headers-too-large"

    uvloop.run(main())


def test_each_key_has_its_own_rate() -> None:
    async def main() -> None:
        async with guarded(Limits(requests_per_minute=1, requests_burst=1)) as guard:
            answers = [
                await guard.talk(data)
                for data in (post(chat()), post(chat()), post(chat()).replace(KEY.encode(), OTHER_KEY.encode()))
            ]
            assert [answer[9:12] for answer in answers] == [b"200", b"429", b"200"]
            assert 58 <= int(answers[1].partition(b"retry-after: ")[2].partition(b"\r\n")[0]) <= 60

    uvloop.run(main())
