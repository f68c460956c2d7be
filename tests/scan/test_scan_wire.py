"""The conversation with an endpoint, against recorded answers."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.catalogue.schema import (
    Answer,
    ComponentFact,
    Exchange,
    Expect,
    Fingerprint,
    Source,
    VersionRead,
    WireSetting,
)
from undercroft.model.asset import Certainty
from undercroft.model.setting import Origin
from undercroft.scan.exchange import LATE, Ask, Heard, Silent, meets
from undercroft.scan.wire import converse, read_calls, replay

TOKEN = "k3v9x2"
URL = "http://127.0.0.1:8000"
NOT_FOUND = Heard(404, (("content-type", "application/json"),), b'{"detail":"Not Found"}')


def get(path: str, **expect) -> Exchange:
    return Exchange(path=path, expect=Expect(**expect))


def fingerprint(*exchanges: Exchange, specificity="product", name="one", version=None) -> Fingerprint:
    return Fingerprint(name=name, specificity=specificity, exchanges=exchanges, version=version, source="s")


def component(slug: str, *fingerprints: Fingerprint, wire=()) -> ComponentFact:
    return ComponentFact(
        slug=slug, name=slug.title(), kind="model-server", summary="", depth="basic", sources={"s": Source(title="s")},
        fingerprints=fingerprints, wire_settings=tuple(wire),
    )  # fmt: skip


def hear(components, replies=None, otherwise=NOT_FOUND):
    recorded = {Ask("GET", path): reply for path, reply in (replies or {}).items()}
    return replay({c.slug: c for c in components}, recorded, otherwise, TOKEN, URL)


def asked(components, replies=None, otherwise=NOT_FOUND):
    talk = converse({c.slug: c for c in components}, TOKEN, URL)
    sent = [next(talk)]
    try:
        while True:
            sent.append(talk.send((replies or {}).get(sent[-1].path, otherwise)))
    except StopIteration:
        return [ask.path for ask in sent]


MUSE = component(
    "muse",
    fingerprint(get("/version", status=(200,), json={"product": "muse"}), version=VersionRead(json="version")),
)
VERSION = Heard(200, (("server", "uvicorn"),), b'{"product":"muse","version":"1.2.3"}')


def test_a_product_fingerprint_names_the_product_and_its_version():
    identity = hear([MUSE], {"/version": VERSION})
    assert identity.component is not None
    assert (identity.component.slug, identity.component.version) == ("muse", "1.2.3")
    assert identity.component.certainty is Certainty.EXACT
    assert "GET /version" in identity.component.reason
    assert identity.component.evidence[0].response == "200, server: uvicorn, product = muse"


def test_evidence_holds_no_more_of_the_body_than_what_met_the_expectation():
    identity = hear([MUSE], {"/version": Heard(200, (), b'{"product":"muse","version":"1","note":"hunter2"}')})
    assert "hunter2" not in str(identity.component)


def test_an_api_that_several_products_speak_names_none():
    speaks = component("muse", fingerprint(get("/v1/models", json={"object": "list"}), specificity="family"))
    identity = hear([speaks], {"/v1/models": Heard(200, (), b'{"object":"list"}')})
    assert identity.component is None
    assert identity.families == ("muse",)
    assert "no answer says which product" in identity.reason


def test_a_hint_is_never_a_verdict():
    hint = component("muse", fingerprint(get("/", title="Muse"), specificity="hint"))
    identity = hear([hint], {"/": Heard(200, (), b"<html><TITLE>Muse</title>")})
    assert identity.component is None
    assert identity.hints == ("muse",)


def test_two_products_on_one_port_mean_that_neither_is_claimed():
    other = component("other", fingerprint(get("/version", json={"version": r"1\..*"})))
    identity = hear([MUSE, other], {"/version": VERSION})
    assert identity.component is None
    assert identity.conflict == ("muse", "other")


def test_a_server_that_answers_every_path_with_its_page_is_not_recognised_by_that_page():
    page = Heard(200, (("content-type", "text/html"),), b"<title>Muse</title>")
    muse = component("muse", fingerprint(get("/dashboard", status=(200,), title="Muse")))
    assert hear([muse], {"/dashboard": page}).component is not None
    assert hear([muse], otherwise=page).component is None


def test_a_header_of_the_server_counts_on_any_path():
    muse = component(
        "muse", fingerprint(get("/", header={"x-muse-version": r"\d"}), version=VersionRead(header="X-Muse-Version"))
    )
    identity = hear([muse], otherwise=Heard(200, (("x-muse-version", "4.0.1"),), b"page"))
    assert identity.component is not None
    assert identity.component.version == "4.0.1"


def test_a_refusal_of_every_path_does_not_hide_what_a_refusal_says():
    muse = component("muse", fingerprint(get("/api", status=(401,), body="Missing muse token")))
    assert hear([muse], otherwise=Heard(401, (), b"Missing muse token")).component is not None


def test_an_expectation_without_conditions_proves_nothing():
    assert hear([component("muse", fingerprint(get("/")))], otherwise=Heard(200)).component is None


def test_every_exchange_of_a_fingerprint_has_to_answer_as_expected():
    both = component("muse", fingerprint(get("/a", status=(200,)), get("/b", status=(200,))))
    assert hear([both], {"/a": Heard(200)}).component is None
    assert hear([both], {"/a": Heard(200), "/b": Heard(200)}).component is not None


@pytest.mark.parametrize(
    ("body", "certainty", "version"),
    [
        (b'{"product":"muse","version":"1.2.3rc1"}', Certainty.EXACT, "1.2.3rc1"),
        (b'{"product":"muse"}', Certainty.UNKNOWN, None),
        (b'{"product":"muse","version":""}', Certainty.UNKNOWN, None),
        (b'{"product":"muse","version":"\\u001b[2J"}', Certainty.UNKNOWN, None),
        (b'{"product":"muse","version":"1.2 or so"}', Certainty.UNKNOWN, None),
        (b'{"product":"muse","version":{"a":1}}', Certainty.UNKNOWN, None),
        (b'{"product":"muse","version":"' + b"1" * 65 + b'"}', Certainty.UNKNOWN, None),
    ],
)
def test_a_version_is_taken_only_where_it_looks_like_one(body, certainty, version):
    identity = hear([MUSE], {"/version": Heard(200, (), body)})
    assert identity.component is not None
    assert (identity.component.certainty, identity.component.version) == (certainty, version)


def test_versions_that_disagree_leave_the_version_unknown():
    muse = component(
        "muse",
        fingerprint(get("/a", status=(200,)), version=VersionRead(json="v")),
        fingerprint(get("/b", status=(200,)), version=VersionRead(json="v")),
    )
    identity = hear([muse], {"/a": Heard(200, (), b'{"v":"1.0"}'), "/b": Heard(200, (), b'{"v":"2.0"}')})
    assert identity.component is not None
    assert identity.component.version is None
    assert "1.0" in identity.component.reason
    assert "2.0" in identity.component.reason


def test_a_version_known_to_lie_is_shown_and_not_believed():
    read = VersionRead(json="v", certainty="unknown", note="it says 1.0.0 whatever it is")
    identity = hear(
        [component("muse", fingerprint(get("/a", status=(200,)), version=read))],
        {"/a": Heard(200, (), b'{"v":"1.0.0"}')},
    )
    assert identity.component is not None
    assert identity.component.version is None
    assert "whatever it is" in identity.component.reason


def test_a_version_told_in_part_becomes_a_range():
    read = VersionRead(pattern=r"muse/(\d+\.\d+)", certainty="range")
    identity = hear(
        [component("muse", fingerprint(get("/a", status=(200,)), version=read))], {"/a": Heard(200, (), b"muse/2.9")}
    )
    assert identity.component is not None
    assert (identity.component.version, identity.component.certainty) == ("==2.9.*", Certainty.RANGE)


def question(path="/list", **expect):
    answers = (
        Answer(expect=Expect(status=(200,)), value="off", note="it lists to a stranger"),
        Answer(expect=Expect(status=(401,)), value="on"),
    )
    return WireSetting(setting="authentication", exchange=get(path), answers=answers, source="s")


def asking(*wire):
    return component("muse", *MUSE.fingerprints, wire=wire)


@pytest.mark.parametrize(("status", "value"), [(200, "off"), (401, "on")])
def test_the_answer_that_fits_tells_the_setting(status, value):
    setting = hear([asking(question())], {"/version": VERSION, "/list": Heard(status)}).observed["authentication"]
    assert (setting.value, setting.origin) == (value, Origin.EXPLICIT)
    assert setting.evidence[0].request == "GET /list"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [(Heard(503), "answered 503"), (Silent("no complete answer within 5 s"), "within 5 s")],
)
def test_a_setting_no_answer_tells_is_unknown_with_its_reason(reply, reason):
    setting = hear([asking(question())], {"/version": VERSION, "/list": reply}).observed["authentication"]
    assert setting.origin is Origin.UNKNOWN
    assert reason in setting.reason


def test_a_page_for_every_path_does_not_mean_that_nobody_is_asked():
    page = Heard(200, (), b"<title>Muse</title>")
    setting = hear([asking(question())], {"/version": VERSION}, page).observed["authentication"]
    assert setting.origin is Origin.UNKNOWN
    assert "like any unknown path" in setting.reason


def test_a_second_question_may_tell_what_the_first_could_not():
    identity = hear([asking(question("/a"), question("/b"))], {"/version": VERSION, "/a": Heard(500), "/b": Heard(401)})
    assert identity.observed["authentication"].value == "on"


def test_settings_of_other_products_are_not_asked_for():
    other = component("other", fingerprint(get("/other", status=(200,))), wire=[question("/secret-list")])
    assert "/secret-list" not in asked([MUSE, other], {"/version": VERSION})


def test_a_path_nobody_has_is_asked_first_and_the_stalling_one_last():
    late = component("late", fingerprint(get(LATE, json={"info.title": "Late"})), fingerprint(get("/x", status=(200,))))
    paths = asked([late, MUSE])
    assert paths[0] == f"/undercroft-{TOKEN}"
    assert paths[-1] == LATE


def test_the_stalling_path_is_not_asked_where_the_product_and_its_version_are_known():
    late = component("late", fingerprint(get(LATE, json={"info.title": "Late"})))
    assert LATE not in asked([late, MUSE], {"/version": VERSION})


def test_equal_questions_are_sent_once_and_later_ones_only_where_earlier_ones_held():
    first = component("a", fingerprint(get("/version", status=(200,)), get("/deep", status=(200,))))
    second = component("b", fingerprint(get("/version", status=(201,)), get("/deeper", status=(200,))))
    assert asked([first, second, MUSE]) == [f"/undercroft-{TOKEN}", "/version"]


def test_an_endpoint_that_never_answers_is_left_alone_soon():
    many = component("many", *(fingerprint(get(f"/{i}", status=(200,)), name=str(i)) for i in range(50)))
    assert len(asked([many], otherwise=Silent("no complete answer within 5 s"))) == 2
    identity = hear([many], otherwise=Silent("no complete answer within 5 s"))
    assert identity.reason == "no readable answer: no complete answer within 5 s"


def test_only_the_catalogues_posts_are_read_calls():
    post = Exchange(method="POST", path="/search", body="{}", expect=Expect(status=(200,)))
    assert read_calls({"a": component("a", fingerprint(get("/x"), post))}) == {Ask("POST", "/search", (), "{}")}


@pytest.mark.parametrize(
    ("expect", "met"),
    [
        (Expect(json={"data.0.owned_by": "vllm"}), True),
        (Expect(json={"data.0.owned_by": "vll"}), False),  # in full, not in part
        (Expect(json={"data.1.owned_by": ".*"}), False),
        (Expect(json={"data.owned_by": ".*"}), False),
        (Expect(json={"ok": "true", "n": "3"}), True),
        (Expect(json={"nothing": "null"}), True),
        (Expect(json={"absent": ".*"}), False),
        (Expect(header={"server": "^uv"}), True),
        (Expect(header={"server": "^vi"}), False),
        (Expect(header={"x-none": ""}), False),
        (Expect(body="owned"), True),
        (Expect(absent="owned"), False),
        (Expect(absent="nginx"), True),
        (Expect(status=(404,)), False),
    ],
)  # fmt: skip
def test_every_condition_of_an_expectation_decides(expect, met):
    body = b'{"data":[{"owned_by":"vllm"}],"ok":true,"n":3,"nothing":null}'
    assert meets(expect, Heard(200, (("server", "uvicorn"),), body)) is met


def test_json_that_was_cut_is_not_read():
    assert not meets(Expect(json={"a": "1"}), Heard(200, (), b'{"a":1}', cut=True))


def test_the_body_is_searched_in_its_first_64_kib_alone():
    assert not meets(Expect(body="needle"), Heard(200, (), b"x" * 65536 + b"needle"))


EVERYTHING = [
    component(
        "muse",
        fingerprint(
            Exchange(
                path="/a",
                expect=Expect(header={"server": "a"}, title="a", body="(a+)+b", json={"a.0.b": ".*"}, absent="z"),
            ),
            version=VersionRead(json="a", pattern="(.*)"),
        ),
        fingerprint(get("/b", title=".*"), version=VersionRead(pattern="(.+)", certainty="range")),
        fingerprint(get("/c", json={"": ".*"}), version=VersionRead(exchange=7)),
        fingerprint(get(LATE, body=""), specificity="family"),
        wire=[question()],
    ),
    MUSE,
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "0", "version", "product", "é"]), inner, max_size=3)
    ),
    max_leaves=8,
)
BODIES = (
    st.binary(max_size=300)
    | JSON.map(msgspec.json.encode)
    | st.sampled_from([b"[" * 70_000, b"<title" * 9000, b"<title>a</title>"])
)
HEARD = st.builds(
    Heard,
    st.integers(0, 999),
    st.lists(st.tuples(st.sampled_from(["server", "x"]), st.text(max_size=20)), max_size=3).map(tuple),
    BODIES,
    st.booleans(),
)


@given(st.lists(HEARD | st.builds(Silent, st.text(max_size=10)), min_size=1, max_size=8))
def test_no_answer_makes_the_conversation_fail_and_no_claim_stands_without_evidence(replies):
    talk = converse({c.slug: c for c in EVERYTHING}, TOKEN, URL)
    ask, count = next(talk), 0
    while True:
        try:
            ask = talk.send(replies[count % len(replies)])
        except StopIteration as end:
            identity = end.value
            break
        count += 1
        assert isinstance(ask, Ask)
        assert count < 20
    assert (identity.component is None) == bool(identity.reason)
    if identity.component is not None:
        assert identity.component.evidence
        assert (identity.component.version is None) == (identity.component.certainty is Certainty.UNKNOWN)
    for setting in identity.observed.values():
        assert setting.known or setting.reason
