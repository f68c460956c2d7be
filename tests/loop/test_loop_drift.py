"""Drift: what differs is told with its path, what nobody knows is never called equal."""

import pytest

from undercroft.catalogue import loader
from undercroft.loop.draft import draft
from undercroft.loop.drift import Looked, compare
from undercroft.loop.expected import parse
from undercroft.model.asset import Asset, Certainty, Component
from undercroft.model.evidence import EndpointEvidence, FileEvidence
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.result import Unread
from undercroft.model.setting import Origin, Setting
from undercroft.model.verdict import Severity
from undercroft.scan.graph import Graph, Listener, Running, Text, Workload

FACTS = loader.load().components
FILES = Looked(files=True)
AT = "127.0.0.1:8000"
HEAD = FileEvidence("compose.yaml", 2, 3, "llm:")
SEEN = EndpointEvidence("http://127.0.0.1:8000", "GET /version", "200")


def service(
    slug="vllm", name="llm", version="0.8.5", reach=Reach.LOOPBACK, auth="on", tls="off", addresses=(AT,), image="vllm/vllm-openai:v0.8.5",
    fmt="compose", key=None, certainty=Certainty.EXACT,
):  # fmt: skip
    head = SEEN if fmt == "live" else HEAD
    hop = Hop("published port 0.0.0.0:8000 → 8000", head)
    exposure = Exposure(reach, (hop,), "" if reach is not None else "who knows")
    running = ()
    if slug:
        component = Component(slug, version, certainty if version else Certainty.UNKNOWN, "image tag", (head,))
        settings = {
            name: Setting(name, value, Origin.EXPLICIT, (head,)) if value else Setting(name, None, Origin.UNKNOWN, (head,), "from a variable")
            for name, value in (("authentication", auth), ("tls", tls))
        }  # fmt: skip
        running = (
            Running(component, FACTS[slug], {}, settings)
            if fmt == "live"
            else Running(component, FACTS[slug], settings),
        )
    asset = Asset(key or f"{fmt}:x#{name}", "workload", name)
    listeners = tuple(Listener(8000, "inference", exposure, (a,), evidence=head) for a in addresses) or (
        Listener(8000, "", exposure),
    )
    return Workload(asset, fmt, head, Text(image, HEAD) if image else None, running=running, listeners=listeners)


def drift(expected, *workloads, looked=FILES):
    body = "version: 1\nservices:" + (f"\n  llm: {{{expected}}}\n" if expected else " {}\n")
    return compare(parse(body, "e.yaml"), Graph(workloads), looked)


def told(differences):
    return [(d.kind, d.field, d.found) for d in differences]


ALL = f"component: vllm, version: '>=0.8,<0.9', exposure: loopback, authentication: on, tls: off, addresses: ['{AT}']"


def test_what_is_as_expected_differs_in_nothing():
    assert drift(ALL, service()) == ()


@pytest.mark.parametrize(
    ("expected", "there", "difference"),
    [
        ("component: vllm, version: '>=0.8,<0.9'", service(version="0.9.0"), ("changed", "version", "0.9.0")),
        ("component: vllm, version: 0.8.5", service(version="0.8.50"), ("changed", "version", "0.8.50")),
        ("component: vllm, version: 0.8.5", service(version=None), ("unknown", "version", "unknown")),
        ("component: vllm, version: '>=0.8'", service(version=">=0.8,<0.9", certainty=Certainty.RANGE), ("unknown", "version", "unknown")),
        ("component: vllm, exposure: host", service(reach=Reach.CLUSTER), ("changed", "exposure", "cluster")),
        ("component: vllm, exposure: internet", service(reach=None), ("unknown", "exposure", "unknown")),
        ("component: vllm, authentication: on", service(auth="off"), ("changed", "authentication", "off")),
        ("component: vllm, authentication: off", service(auth="on"), ("changed", "authentication", "on")),
        ("component: vllm, authentication: on", service(auth=None), ("unknown", "authentication", "unknown")),
        ("component: vllm, authentication: off", service(auth=None), ("unknown", "authentication", "unknown")),
        ("component: vllm, tls: on", service(tls="off"), ("changed", "tls", "off")),
        ("component: vllm, image: sha256:aa", service(image="vllm/vllm-openai@sha256:bb"), ("changed", "image", "sha256:bb")),
        ("component: vllm, image: sha256:aa", service(), ("unknown", "image", "unknown")),
        ("component: vllm, image: sha256:aa", service(image=None), ("unknown", "image", "unknown")),
        (f"component: mlflow, addresses: ['{AT}']", service(), ("changed", "component", "vllm")),
        (f"component: vllm, addresses: ['{AT}']", service(slug=None, fmt="live"), ("unknown", "component", "unknown")),
    ],
)  # fmt: skip
def test_each_difference_is_told_with_its_path(expected, there, difference):
    found = drift(expected, there)
    assert told(found) == [difference]
    assert found[0].path
    assert found[0].evidence


@pytest.mark.parametrize(
    ("expected", "there"),
    [
        ("component: vllm, version: 0.8.5", service(version="0.8.5")),
        ("component: vllm, version: '<0.9'", service(version="0.9.0rc1".replace("0.9.0rc1", "0.8.99"))),
        ("component: vllm, exposure: cluster", service(reach=Reach.CLUSTER)),
        ("component: vllm, exposure: internet", service(reach=Reach.LOOPBACK)),
        ("component: vllm, authentication: 'off'", service(auth="off")),
        ("component: vllm, image: sha256:aa", service(image="vllm/vllm-openai@sha256:aa")),
        ("component: vllm, addresses: ['localhost:8000']", service()),
        ("component: vllm, addresses: ['0.0.0.0:8000']", service(name="renamed")),
        ("component: unrecognised, addresses: ['127.0.0.1:8000']", service(slug=None, fmt="live")),
        ("component: vllm", service(reach=None, auth=None, version=None)),
    ],
)
def test_near_misses_are_no_drift(expected, there):
    assert drift(expected, there) == ()


def test_the_path_of_a_wider_exposure_names_what_makes_it_so():
    (found,) = drift("component: vllm, exposure: loopback", service(reach=Reach.INTERNET))
    assert (found.severity, found.path) == (Severity.CRITICAL, "published port 0.0.0.0:8000 → 8000")


def test_a_service_nobody_expects_is_told():
    (found,) = drift("", service(slug="mlflow", name="tracking", version="2.9.2"))
    assert (found.kind, found.subject, found.found) == ("unexpected", "tracking", f"MLflow at {AT}")


def test_an_unrecognised_server_that_answers_is_told():
    (found,) = drift(
        "",
        service(slug=None, fmt="live", addresses=("127.0.0.1:9999",)),
        looked=Looked(False, frozenset({"127.0.0.1:9999"})),
    )
    assert (found.kind, found.subject, found.found) == (
        "unexpected",
        "unrecognised-9999",
        "an unrecognised server at 127.0.0.1:9999",
    )


def test_an_image_description_is_no_service():
    assert drift("", service(fmt="dockerfile")) == ()


def test_a_second_address_of_an_expected_service_is_told():
    found = drift(f"component: vllm, addresses: ['{AT}']", service(addresses=(AT, "127.0.0.1:9000")))
    assert told(found) == [("unexpected", "address", "127.0.0.1:9000")]


def test_a_service_that_no_file_declares_is_missing():
    assert told(drift("component: vllm")) == [("missing", "service", "nothing")]


def test_a_service_is_not_missing_while_files_could_not_be_read():
    found = drift("component: vllm", looked=Looked(True, unread=(Unread("chart/llm.yaml", "a template"),)))
    assert told(found) == [("unknown", "service", "unknown")]
    assert "chart/llm.yaml" in found[0].path


def test_a_service_that_was_not_looked_at_is_unknown_and_not_missing():
    found = drift(f"component: vllm, addresses: ['{AT}']", looked=Looked(False, frozenset({"127.0.0.1:9999"})))
    assert told(found) == [("unknown", "service", "unknown")]
    assert f"give {AT} as a target" in found[0].path


@pytest.mark.parametrize(
    ("reason", "kind"), [("connection refused", "missing"), ("no connection within 3 s", "unknown")]
)
def test_a_closed_port_is_missing_and_a_filtered_one_unknown(reason, kind):
    looked = Looked(False, frozenset({AT}), (Unread(AT, reason),))
    assert [d.kind for d in drift(f"component: vllm, addresses: ['{AT}']", looked=looked)] == [kind]


def test_a_declared_service_that_does_not_answer_where_it_was_asked_is_told():
    looked = Looked(True, frozenset({AT}), (Unread(AT, "connection refused"),))
    assert told(drift(f"component: vllm, addresses: ['{AT}']", service(), looked=looked)) == [
        ("missing", "address", "nothing")
    ]


def test_an_address_that_could_not_be_looked_at_is_unknown_although_nothing_was_expected_there():
    looked = Looked(False, frozenset({"127.0.0.1:9"}), (Unread("127.0.0.1:9", "no connection within 3 s"),))
    assert told(drift("", looked=looked)) == [("unknown", "service", "unknown")]


def test_a_closed_port_where_nothing_was_expected_is_as_expected():
    looked = Looked(False, frozenset({"127.0.0.1:9"}), (Unread("127.0.0.1:9", "connection refused"),))
    assert drift("", looked=looked) == ()


def test_another_service_of_the_same_name_elsewhere_does_not_hide_behind_the_expected_one():
    there = service(addresses=("127.0.0.1:9000",), key="compose:other#llm", reach=Reach.PRIVATE)
    found = drift(ALL, service(), there)
    assert told(found) == [("unexpected", "service", "vLLM at 127.0.0.1:9000")]


def test_a_draft_is_fulfilled_by_what_it_was_drafted_from():
    graph = Graph((
        service(), service(key="compose:other#llm", addresses=("127.0.0.1:9000",), reach=None, auth=None, version=None),
        service("mlflow", "tracking", addresses=(), reach=Reach.CLUSTER), service(None, "web", addresses=("127.0.0.1:7000",)),
        service(None, "unrecognised HTTP server", fmt="live", addresses=("127.0.0.1:9999",)),
    ))  # fmt: skip
    text = draft(graph)
    assert compare(parse(text, "e.yaml"), graph, FILES) == ()
    assert draft(Graph(graph.workloads[::-1])) == text
    assert "# authentication: unknown, from a variable" in text


def test_a_draft_of_nothing_expects_nothing():
    assert compare(parse(draft(Graph()), "e.yaml"), Graph(), FILES) == ()


def test_a_draft_with_a_hostile_name_is_still_what_it_says():
    graph = Graph((service(name="a: [b\n# \u202e", key="compose:x#y"),))
    assert compare(parse(draft(graph), "e.yaml"), graph, FILES) == ()
