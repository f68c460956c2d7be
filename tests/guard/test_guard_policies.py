"""Every policy: what makes it fire, and for each of its conditions a request that only just does not."""

import json

import pytest
from guard_playbook import (
    KEY,
    OTHER_KEY,
    RECORD,
    answer,
    ask,
    chat,
    code,
    context,
    emitted,
    forwarded,
    head,
    openai_profile,
    pipeline,
    play,
    request,
)

from undercroft.guard.codes import Code
from undercroft.guard.commands import Continue, CutOff, Emit, Finish, Reject, SendBody, SendEnd, SendHead
from undercroft.guard.context import Mode
from undercroft.guard.events import BodyChunk, BodyComplete, HeadStarted, UpstreamHeaders
from undercroft.guard.keyring import KeyRecord, digest, make
from undercroft.guard.limits import Limits
from undercroft.guard.pipeline import Pipeline
from undercroft.guard.policies import PolicyError, Stage, discover
from undercroft.guard.profile import UnknownProfile, profile
from undercroft.model.event import EventClass, Outcome

LIMITS = Limits(
    max_url=64,
    max_header_count=8,
    max_header=200,
    max_body=4096,
    max_json_depth=6,
    max_messages=4,
    max_stop=2,
    max_inputs=3,
)


def test_a_whole_exchange_is_one_transcript() -> None:
    guard = pipeline()
    conversation = guard.open("192.0.2.7", 100.0)
    asked = play(conversation, request())
    assert [type(command).__name__ for command in asked] == ["Forward"]
    sent = asked[0]
    assert (sent.method, sent.target) == (b"POST", b"/v1/chat/completions")
    assert dict(sent.headers) == {b"x-request-id": b"id-1", b"content-type": b"application/json"}
    body = answer(extra=((b"server", b"uvicorn"), (b"access-control-allow-origin", b"*")))
    answered = play(conversation, body, 101.0)
    assert [type(command) for command in answered] == [SendHead, SendBody, SendEnd, Emit, Finish]
    names = [name for name, _ in answered[0].headers]
    assert b"server" not in names
    assert b"access-control-allow-origin" not in names
    assert dict(answered[0].headers)[b"x-content-type-options"] == b"nosniff"
    (event,) = emitted(answered)
    assert (event.action, event.outcome, event.status, event.cost, event.principal) == (
        "request",
        Outcome.SUCCESS,
        200,
        5,
        "abc123",
    )
    assert KEY not in event.line


HEADS = {
    "target too long": (head(target="/" + "a" * 64, length=2), "url-too-long"),
    "target as long as allowed": (head(target="/" + "a" * 63, length=2), "endpoint-not-listed"),
    "too many fields": (head(length=2, extra=[(b"x-%d" % i, b"a") for i in range(5)]), "too-many-headers"),
    "as many fields as allowed": (head(length=2, extra=[(b"x-%d" % i, b"a") for i in range(4)]), ""),
    "a field too large": (head(length=2, extra=[(b"x", b"a" * 200)]), "header-too-large"),
    "a field as large as allowed": (head(length=2, extra=[(b"x", b"a" * 199)]), ""),
    "length and coding": (head(length=2, extra=[(b"transfer-encoding", b"chunked")]), "ambiguous-framing"),
    "two lengths": (head(length=2, extra=[(b"content-length", b"2")]), "ambiguous-framing"),
    "length with a sign": (head(extra=[(b"content-length", b"+2")]), "ambiguous-framing"),
    "length as a list": (head(extra=[(b"content-length", b"2, 2")]), "ambiguous-framing"),
    "two codings": (head(extra=[(b"transfer-encoding", b"chunked")] * 2), "ambiguous-framing"),
    "coding list": (head(extra=[(b"transfer-encoding", b"gzip, chunked")]), "ambiguous-framing"),
    "other coding": (head(extra=[(b"transfer-encoding", b"xchunked")]), "ambiguous-framing"),
    "chunked": (head(extra=[(b"transfer-encoding", b"chunked")]), ""),
    "chunked in capitals": (head(extra=[(b"transfer-encoding", b"Chunked")]), ""),
    "no host": (head(length=2, without=["host"]), "bad-host"),
    "two hosts": (head(length=2, extra=[(b"host", b"guard.test")]), "bad-host"),
    "host with a path": (head(length=2, without=["host"], extra=[(b"host", b"a/b")]), "bad-host"),
    "host with a port": (head(length=2, without=["host"], extra=[(b"host", b"[::1]:80")]), ""),
    "absolute form": (head(target="http://a/v1/models", length=2), "bad-target"),
    "asterisk form": (head("OPTIONS", "*"), "bad-target"),
    "fragment": (head(target="/v1/models#a", length=2), "bad-target"),
    "upgrade by the parser": (head(length=2, upgrade=True), "upgrade-refused"),
    "upgrade by the field": (head(length=2, extra=[(b"upgrade", b"h2c")]), "upgrade-refused"),
    "connect": (head("CONNECT", "a:80"), "upgrade-refused"),
    "old version": (head(length=2, version="1.0"), "http-version"),
    "two credentials": (head(length=2, extra=[(b"authorization", b"Bearer x")]), "malformed-request"),
    "other expectation": (head(length=2, extra=[(b"expect", b"tea")]), "expectation-failed"),
    "not listed": (head("GET", "/metrics"), "endpoint-not-listed"),
    "listed with a query": (head("GET", "/v1/models?a=b"), ""),
    "encoded slash": (head("GET", "/v1%2fmodels"), "endpoint-not-listed"),
    "double slash": (head("GET", "//v1/models"), "endpoint-not-listed"),
    "dots": (head("GET", "/v1/models/../../metrics"), "endpoint-not-listed"),
    "model with a slash": (head("GET", "/v1/models/org/name-7b"), ""),
    "wrong method": (head("DELETE", "/v1/models/a"), "method-not-allowed"),
    "preflight": (head("OPTIONS", "/v1/chat/completions"), "method-not-allowed"),
    "announced too large": (head(length=4097), "body-too-large"),
    "announced as large as allowed": (head(length=4096), ""),
    "form body": (head(length=2, without=["content-type"], extra=[(b"content-type", b"text/plain")]), "media-type"),
    "json with charset": (
        head(length=2, without=["content-type"], extra=[(b"content-type", b"application/json; charset=utf-8")]),
        "",
    ),
    "compressed": (head(length=2, extra=[(b"content-encoding", b"gzip")]), "media-type"),
    "body of a get": (head("GET", "/v1/models", length=2), "body-unexpected"),
    "no key": (head(length=2, key=""), "key-missing"),
    "basic": (head(length=2, key="", extra=[(b"authorization", b"Basic dTpw")]), "key-missing"),
    "unknown key": (head(length=2, key=make("nobody", "A" * 43)), "key-invalid"),
    "wrong secret": (head(length=2, key=make("abc123", "B" * 43)), "key-invalid"),
    "key cut short": (head(length=2, key=KEY[:-1]), "key-invalid"),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_is_judged_by_itself(name: str) -> None:
    event, expected = HEADS[name]
    assert code(ask(pipeline(LIMITS), [HeadStarted(), event])) == expected


def deep(levels: int) -> bytes:
    return b'{"model":"demo","messages":%s%s}' % (b"[" * (levels - 1), b"]" * (levels - 1))


BODIES = {
    "plain": (chat(), "forward"),
    "not json": (b"{", "invalid-json"),
    "text after": (b"{} x", "invalid-json"),
    "empty": (b"", "invalid-json"),
    "nan": (chat()[:-1] + b',"temperature":NaN}', "invalid-json"),
    "infinity": (chat()[:-1] + b',"temperature":-Infinity}', "invalid-json"),
    "not utf-8": (b'{"model":"\xff"}', "invalid-json"),
    "lone surrogate": (b'{"model":"\\ud800"}', "invalid-json"),
    "too deep": (deep(7), "json-too-deep"),
    "as deep as allowed": (deep(6), "invalid-body"),
    "brackets in a string": (chat(messages=[{"role": "user", "content": "[" * 100}]), "forward"),
    "duplicate key": (b'{"model":"a",' + chat()[1:], "duplicate-json-key"),
    "duplicate by escape": (b'{"mod\\u0065l":"a",' + chat()[1:], "duplicate-json-key"),
    "duplicate inside": (
        b'{"model":"a","messages":[{"role":"user","role":"user","content":""}]}',
        "duplicate-json-key",
    ),
    "same key in two objects": (
        chat(messages=[{"role": "user", "content": ":"}, {"role": "user", "content": '"a":'}]),
        "forward",
    ),
    "a list": (b"[]", "invalid-body"),
    "no model": (b'{"messages":[]}', "invalid-body"),
    "model of no length": (chat(model=""), "invalid-body"),
    "string where a number belongs": (chat(n="1"), "invalid-body"),
    "boolean where a number belongs": (chat(n=True), "invalid-body"),
    "unknown role": (chat(messages=[{"role": "root", "content": ""}]), "invalid-body"),
    "no message": (chat(messages=[]), "out-of-bounds"),
    "too many messages": (chat(messages=[{"role": "user", "content": ""}] * 5), "out-of-bounds"),
    "as many messages as allowed": (chat(messages=[{"role": "user", "content": ""}] * 4), "forward"),
    "huge n": (chat(n=9), "out-of-bounds"),
    "largest n": (chat(n=8), "forward"),
    "n of zero": (chat(n=0), "out-of-bounds"),
    "huge max_tokens": (chat(max_tokens=16385), "out-of-bounds"),
    "largest max_tokens": (chat(max_tokens=16384), "forward"),
    "huge max_completion_tokens": (chat(max_completion_tokens=16385), "out-of-bounds"),
    "huge top_logprobs": (chat(logprobs=True, top_logprobs=21), "out-of-bounds"),
    "largest top_logprobs": (chat(logprobs=True, top_logprobs=20), "forward"),
    "too many stops": (chat(stop=["a", "b", "c"]), "out-of-bounds"),
    "as many stops as allowed": (chat(stop=["a", "b"]), "forward"),
    "one stop": (chat(stop="a"), "forward"),
    "too hot": (chat(temperature=2.5), "out-of-bounds"),
    "tools": (
        chat(tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]),
        "forward",
    ),
    "nulls": (chat(n=None, stop=None), "forward"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_chat_body_is_typed_and_bounded(name: str) -> None:
    body, expected = BODIES[name]
    assert code(ask(pipeline(LIMITS), request(body))) == expected


@pytest.mark.parametrize(
    ("target", "body", "expected"),
    [
        ("/v1/completions", {"model": "m", "prompt": "a", "best_of": 9}, "out-of-bounds"),
        ("/v1/completions", {"model": "m", "prompt": "a", "best_of": 8}, "forward"),
        ("/v1/completions", {"model": "m", "prompt": "a", "logprobs": 21}, "out-of-bounds"),
        ("/v1/completions", {"model": "m", "prompt": ["a"] * 4}, "out-of-bounds"),
        ("/v1/completions", {"model": "m", "prompt": ["a"] * 3}, "forward"),
        ("/v1/completions", {"model": "m", "prompt": [1, 2, 3, 4, 5]}, "forward"),
        ("/v1/completions", {"model": "m", "prompt": {"a": 1}}, "invalid-body"),
        ("/v1/embeddings", {"model": "m", "input": ["a"] * 4}, "out-of-bounds"),
        ("/v1/embeddings", {"model": "m", "input": ["a"] * 3}, "forward"),
        ("/v1/embeddings", {"model": "m", "input": "a", "encoding_format": "x"}, "invalid-body"),
    ],
)
def test_other_operations_have_their_own_bounds(target: str, body: dict, expected: str) -> None:
    assert code(ask(pipeline(LIMITS), request(json.dumps(body).encode(), target=target))) == expected


def test_what_is_forwarded_is_what_was_validated() -> None:
    body = b'{ "messages" : [ {"content":"\\u0070ing", "role":"user", "hidden": 1} ], "model":"demo", "max_tokens":5, "exec": "x" }'
    conversation = pipeline().open("192.0.2.7", 100.0)
    sent = forwarded(play(conversation, request(body)))
    assert json.loads(sent.body) == json.loads(chat())
    (event,) = emitted(play(conversation, answer()))
    assert "dropped=exec,messages[].hidden" in event.line


def test_known_extras_of_the_recognised_server_pass_and_are_typed() -> None:
    guard = pipeline(extras={"top_k": "integer", "guided_json": "any", "best_of": "integer"})
    assert json.loads(forwarded(ask(guard, request(chat(top_k=5, guided_json={"a": 1})))).body)["top_k"] == 5
    assert code(ask(guard, request(chat(top_k="5")))) == "invalid-body"
    assert code(ask(guard, request(chat(top_k=True)))) == "invalid-body"
    assert code(ask(guard, request(chat(best_of=9)))) == "out-of-bounds"
    assert "top_k" not in json.loads(forwarded(ask(pipeline(), request(chat(top_k=5)))).body)


def test_an_absent_output_cap_is_injected_and_a_given_one_is_kept() -> None:
    body = json.dumps({"model": "demo", "messages": [{"role": "user", "content": ""}]}).encode()
    guard = pipeline(Limits(default_output_tokens=77))
    assert json.loads(forwarded(ask(guard, request(body))).body)["max_tokens"] == 77
    kept = json.loads(forwarded(ask(guard, request(body[:-1] + b',"max_completion_tokens":9}'))).body)
    assert (kept["max_completion_tokens"], kept.get("max_tokens")) == (9, None)


def test_the_client_credential_never_reaches_the_upstream() -> None:
    plain = forwarded(ask(pipeline(), request()))
    assert KEY.encode() not in b"".join(value for _, value in plain.headers)
    own = forwarded(ask(pipeline(upstream_key="inside"), request()))
    assert dict(own.headers)[b"authorization"] == b"Bearer inside"


def test_expect_continue_is_answered_only_when_the_head_passes() -> None:
    expect = [(b"expect", b"100-continue")]
    assert ask(pipeline(), [HeadStarted(), head(length=2, extra=expect)]) == [Continue()]
    refused = ask(pipeline(), [HeadStarted(), head(length=2, key="", extra=expect)])
    assert [type(command) for command in refused] == [Reject, Emit]


def test_a_refusal_before_the_body_closes_and_one_after_it_does_not() -> None:
    before = ask(pipeline(), [HeadStarted(), head(length=2, key="")])
    assert before[0].close
    after = ask(pipeline(), request(b"{"))
    assert not after[0].close
    assert after[-1] == Finish()


def test_failed_tries_are_throttled_by_network_and_by_key_but_not_for_who_succeeded_before() -> None:
    guard = pipeline(Limits(failed_tries_per_minute=1, failed_tries_burst=2))
    wrong = [HeadStarted(), head("GET", "/v1/models", key=make("abc123", "C" * 43)), BodyComplete()]
    good = [HeadStarted(), head("GET", "/v1/models"), BodyComplete()]
    assert code(ask(guard, good, source="2001:db8::99")) == "forward"
    assert [code(ask(guard, wrong, source=f"2001:db8:1::{i}")) for i in range(3)] == [
        "key-invalid",
        "key-invalid",
        "too-many-failed-tries",
    ]
    assert code(ask(guard, good, source="2001:db8:1::9")) == "too-many-failed-tries"
    assert code(ask(guard, good, source="2001:db8:2::1")) == "too-many-failed-tries"  # by key: never seen from there
    assert code(ask(guard, good, source="2001:db8::99")) == "forward"  # this pair is known
    other = [HeadStarted(), head("GET", "/v1/models", key=OTHER_KEY), BodyComplete()]
    assert code(ask(guard, other, source="2001:db8:2::1")) == "forward"
    assert code(ask(guard, good, source="2001:db8:2::1", now=161.0)) == "forward"


def test_an_expired_and_a_revoked_key_look_like_a_wrong_one() -> None:
    now = 1_000_100.0
    for record in (
        KeyRecord("abc123", "t", digest(KEY), 0.0, expires=now),
        KeyRecord("abc123", "t", digest(KEY), 0.0, revoked=1.0),
    ):
        refused = ask(pipeline(records=[record]), [HeadStarted(), head(length=2)])
        assert refused[0].decision == Code.KEY_INVALID.decision()
    living = KeyRecord("abc123", "t", digest(KEY), 0.0, expires=now + 1)
    assert code(ask(pipeline(records=[living]), request())) == "forward"


def test_without_a_readable_keys_file_everybody_is_refused() -> None:
    assert code(ask(pipeline(records=None), request())) == "keys-unavailable"


def test_the_rate_of_a_key_is_bound_and_retry_after_is_exact() -> None:
    guard = pipeline(Limits(requests_per_minute=6, requests_burst=1))
    assert code(ask(guard, request())) == "forward"
    refused = ask(guard, request(), now=104.0)
    assert (code(refused), refused[0].decision.retry_after) == ("rate-limited", pytest.approx(6.0))
    assert code(ask(guard, request(key=OTHER_KEY), now=104.0)) == "forward"
    assert code(ask(guard, request(), now=104.0 + refused[0].decision.retry_after)) == "forward"


def test_a_request_that_could_cost_more_than_the_burst_is_refused_for_good() -> None:
    guard = pipeline(Limits(tokens_burst=10_000, tokens_per_minute=60_000))
    refused = ask(guard, request(chat(n=8, max_tokens=2000)))
    assert (code(refused), refused[0].decision.retry_after) == ("request-exceeds-budget", None)
    assert code(ask(guard, request(chat(max_tokens=2000)))) == "forward"


def test_the_concurrency_of_a_key_is_bound_and_a_finished_request_frees_its_place() -> None:
    guard = pipeline(Limits(concurrency=1))
    first = guard.open("192.0.2.7", 100.0)
    play(first, request())
    refused = ask(guard, request())
    assert code(refused) == "too-many-in-flight"
    assert refused[0].decision.retry_after >= 1
    assert code(ask(guard, request(key=OTHER_KEY))) == "forward"
    play(first, answer())
    assert code(ask(guard, request())) == "forward"


def test_the_cost_in_flight_is_bound_over_all_keys() -> None:
    guard = pipeline(Limits(max_inflight_tokens=1000))
    assert code(ask(guard, request(chat(max_tokens=900)))) == "forward"
    assert code(ask(guard, request(chat(max_tokens=900), key=OTHER_KEY))) == "overloaded"
    assert guard.context.ledger.account(RECORD).in_flight == 1


def test_an_upstream_error_becomes_an_id_and_costs_nothing_when_the_request_was_refused() -> None:
    guard = pipeline()
    conversation = guard.open("192.0.2.7", 100.0)
    play(conversation, request())
    shown = play(conversation, answer(b'Traceback ... File "/srv/model.py"', status=400))
    assert (shown[0].decision.code, shown[0].decision.status) == ("upstream-refused", 400)
    assert not [command for command in shown if isinstance(command, SendBody)]
    assert guard.context.ledger.account(RECORD).spent == 0
    assert shown[-1] == Finish()


@pytest.mark.parametrize(("status", "shown"), [(500, 502), (401, 502), (302, 502), (422, 422), (429, 429)])
def test_the_status_of_an_upstream_error_is_passed_on_only_when_it_is_about_the_request(
    status: int, shown: int
) -> None:
    conversation = pipeline().open("192.0.2.7", 100.0)
    play(conversation, request())
    assert conversation.handle(UpstreamHeaders(status, ()), 101.0)[0].decision.status == shown


def test_observe_mode_forwards_and_reports_what_it_would_have_refused() -> None:
    guard = pipeline(mode=Mode.OBSERVE)
    conversation = guard.open("192.0.2.7", 100.0)
    body = chat(n=1000)
    asked = play(conversation, request(body, key=""))
    assert forwarded(asked).body == body
    (event,) = emitted(play(conversation, answer()))
    assert (event.action, event.reason) == ("would-reject", "key-missing")
    assert "would-refuse=key-missing,out-of-bounds" in event.line
    assert code(ask(guard, [HeadStarted(), HEADS["length and coding"][0]])) == "ambiguous-framing"


def test_refusals_of_identity_are_authentication_events() -> None:
    (event,) = emitted(ask(pipeline(), [HeadStarted(), head(length=2, key=make("abc123", "C" * 43))]))
    assert (event.cls, event.reason, event.principal) == (EventClass.AUTHENTICATION, "key-invalid", "abc123")


def test_trailers_are_dropped_and_reported() -> None:
    conversation = pipeline().open("192.0.2.7", 100.0)
    body = chat()
    events = [
        HeadStarted(),
        head(extra=[(b"transfer-encoding", b"chunked")]),
        BodyChunk(body),
        BodyComplete(trailers_dropped=1),
    ]
    assert code(play(conversation, events)) == "forward"
    assert "trailers" in emitted(play(conversation, answer()))[0].line


def test_a_profile_that_does_not_exist_is_refused_with_those_that_do() -> None:
    from guard_playbook import snapshot

    with pytest.raises(UnknownProfile, match="openai"):
        profile("nothing", snapshot())


def test_a_policy_is_added_by_one_file(tmp_path, monkeypatch) -> None:
    (tmp_path / "no_demo_model.py").write_text(
        "from undercroft.guard.codes import Code\n"
        "from undercroft.guard.policies import Stage\n"
        "from undercroft.model.risk import Risk\n"
        "STAGE, RISK = Stage.BODY, Risk.DEP_INPUT\n"
        "def SUMMARY(limits): return 'no demo'\n"
        "def judge(exchange, context, now):\n"
        "    return Code.INVALID_BODY.decision('no demo') if exchange.model == 'demo' else None\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    extra = discover([str(tmp_path)], package="")
    assert [policy.slug for policy in extra] == ["no-demo-model"]
    policies = tuple(sorted((*discover(), *extra), key=lambda policy: policy.stage.value))
    guard = Pipeline(context(), policies)
    assert code(ask(guard, request())) == "invalid-body"
    assert code(ask(guard, request(chat(model="other")))) == "forward"


def test_a_module_that_is_no_policy_is_named(tmp_path, monkeypatch) -> None:
    (tmp_path / "half_a_policy.py").write_text("RISK = None\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PolicyError, match="half_a_policy: STAGE, SUMMARY, judge missing"):
        discover([str(tmp_path)], package="")


def test_every_stage_has_a_policy_and_every_policy_can_say_what_it_does() -> None:
    policies = discover()
    assert {policy.stage for policy in policies} == set(Stage)
    assert all(policy.summary(Limits()) for policy in policies)


def test_codes_are_unique() -> None:
    codes = [entry.value.code for entry in Code]
    assert len(set(codes)) == len(codes) == len(list(Code.__members__))


def test_the_profile_opens_only_inference() -> None:
    assert openai_profile().route("/v1/files") is None
    assert openai_profile().route("/v1/chat/completions") is not None


def test_a_connection_too_many_is_refused_and_cut() -> None:
    guard = pipeline(Limits(max_connections_per_source=1))
    from undercroft.guard.events import Connected

    first = guard.open("192.0.2.7", 1.0)
    assert first.handle(Connected(), 1.0) == []
    second = guard.open("192.0.2.7", 1.0)
    assert code(second.handle(Connected(), 1.0)) == "too-many-connections"
    assert guard.open("192.0.2.8", 1.0).handle(Connected(), 1.0) == []
    assert CutOff("") not in play(first, request())


def test_the_recognised_server_and_the_api_name_their_operations_alike() -> None:
    from undercroft.catalogue.loader import load
    from undercroft.guard.openai import OPERATIONS

    for name in ("openai", "vllm"):
        found = profile(name, load())
        for path in ("/v1/chat/completions", "/v1/completions", "/v1/embeddings"):
            assert found.exact[path].operation in OPERATIONS
