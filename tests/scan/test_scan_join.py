"""Declared and observed, taken for one where they are and nowhere else."""

from dataclasses import replace

import pytest

from undercroft.catalogue.schema import ComponentFact, Source
from undercroft.model.asset import Asset, Certainty, Component
from undercroft.model.evidence import EndpointEvidence, FileEvidence
from undercroft.model.exposure import UNKNOWN_EXPOSURE, Exposure, Hop, Reach
from undercroft.model.setting import Origin, Setting
from undercroft.scan.graph import Listener, Running, Workload
from undercroft.scan.join import join, place

FILE = FileEvidence("compose.yaml", 3, 1, "model:")
WIRE = EndpointEvidence("http://127.0.0.1:8000", "GET /version", "200")


def running(slug, version=None, evidence=FILE, certainty=None, **kwargs):
    fact = ComponentFact(
        slug=slug, name=slug, kind="model-server", summary="", depth="basic", sources={"s": Source(title="s")}
    )
    sure = certainty or (Certainty.EXACT if version else Certainty.UNKNOWN)
    return Running(Component(slug, version, sure, f"read in {type(evidence).__name__}", (evidence,)), fact, **kwargs)


def declared(name="model", *products, address="127.0.0.1:8000", port=8000, reach=Reach.PRIVATE, kind="compose"):
    asset = Asset(f"{kind}:f#{name}", "workload", name, tuple(r.component for r in products))
    exposure = Exposure(reach, (Hop("published"),)) if reach is not None else UNKNOWN_EXPOSURE
    listener = Listener(port, "inference", exposure, (address,) if address else (), evidence=FILE)
    return Workload(asset, kind, FILE, running=products, listeners=(listener,))


def live(*products, address="127.0.0.1:8000", reach=Reach.LOOPBACK):
    asset = Asset(f"live:{address}", "endpoint", "seen", tuple(r.component for r in products))
    listener = Listener(
        int(address.rpartition(":")[2]), "", Exposure(reach, (Hop("listens on"),)), (address,), evidence=WIRE
    )
    return Workload(asset, "live", WIRE, running=products, listeners=(listener,))


def seen(slug="vllm", version="0.9.2"):
    return running(
        slug, version, WIRE, observed={"authentication": Setting("authentication", "off", Origin.EXPLICIT, (WIRE,))}
    )


def test_what_is_declared_and_answers_at_one_place_is_one_asset():
    before = declared(
        "model", running("vllm", settings={"authentication": Setting("authentication", "on", Origin.EXPLICIT)})
    )
    (workload,), sentences = join([before, live(seen())])
    assert workload.asset.key == "compose:f#model"
    assert workload.format == "compose"
    (one,) = workload.running
    assert one.component.version == "0.9.2"
    assert workload.asset.components == (one.component,)
    assert one.component.evidence == (FILE, WIRE)
    assert one.settings["authentication"].value == "on"
    assert one.setting("authentication").value == "off"
    assert len(sentences) == 1
    assert "compose:f#model and vllm at 127.0.0.1:8000 are taken for one" in sentences[0]


@pytest.mark.parametrize(
    "spelling",
    ["localhost:8000", "[::1]:8000", "127.0.0.1:8000", "127.0.1.1:8000", "0.0.0.0:8000", "[::ffff:127.0.0.1]:8000"],
)
def test_every_spelling_of_this_machine_is_the_same_place(spelling):
    assert place(spelling) == place("127.0.0.1:8000")
    workloads, _ = join([declared("model", running("vllm")), live(seen(), address=spelling)])
    assert len(workloads) == 1


@pytest.mark.parametrize("other", ["127.0.0.1:8001", "10.0.0.1:8000", "model.internal:8000"])
def test_another_place_is_another_thing(other):
    assert place(other) != place("127.0.0.1:8000")
    workloads, sentences = join([declared("box", running("vllm")), live(seen(), address=other)])
    assert len(workloads) == 2
    assert sentences == ()


@pytest.mark.parametrize("name", ["model", "Deployment/model (server)"])
def test_a_host_scanned_by_the_workloads_name_is_that_workload(name):
    before = declared(name, running("vllm"), address="", kind="kubernetes")
    workloads, sentences = join([before, live(seen(), address="model.default.svc:8000", reach=Reach.PRIVATE)])
    assert len(workloads) == 1
    assert "has its name" in sentences[0]
    assert len(join([before, live(seen(), address="model:9999")])[0]) == 2


def test_products_that_contradict_each_other_are_not_joined_and_it_is_said():
    workloads, sentences = join([declared("model", running("vllm")), live(seen("mlflow"))])
    assert [w.format for w in workloads] == ["compose", "live"]
    assert sentences == ("compose:f#model declares vllm and mlflow answers at 127.0.0.1:8000: not taken for one",)


def test_a_declaration_that_agrees_is_preferred_to_one_that_says_nothing():
    bare, right, wrong = declared("bare"), declared("right", running("vllm")), declared("wrong", running("mlflow"))
    workloads, sentences = join([bare, wrong, right, live(seen())])
    assert [bool(w.running and w.running[0].observed) for w in workloads] == [False, False, True]
    assert any("compose:f#bare would fit as well" in s for s in sentences)
    assert any("not taken for one" in s for s in sentences)


def test_an_image_nobody_recognised_gets_its_product_from_the_answer():
    (workload,), _ = join([declared("model"), live(seen())])
    assert workload.running[0].component.slug == "vllm"
    assert workload.asset.components[0].version == "0.9.2"


def test_an_answer_nobody_recognised_still_tells_who_can_reach_it():
    (workload,), sentences = join(
        [declared("model", running("vllm"), reach=Reach.LOOPBACK), live(reach=Reach.INTERNET)]
    )
    assert workload.running[0].component.slug == "vllm"
    assert workload.exposure.reach is Reach.INTERNET
    assert "seen at 127.0.0.1:8000" in sentences[0]


@pytest.mark.parametrize(
    ("written", "found", "reach"),
    [
        (Reach.PRIVATE, Reach.LOOPBACK, Reach.PRIVATE),
        (Reach.LOOPBACK, Reach.PRIVATE, Reach.PRIVATE),
        (None, Reach.LOOPBACK, Reach.LOOPBACK),
        (None, Reach.PRIVATE, Reach.PRIVATE),
    ],
)
def test_the_wider_exposure_wins(written, found, reach):
    (workload,), _ = join([declared("model", running("vllm"), reach=written), live(seen(), reach=found)])
    assert workload.exposure.reach is reach
    assert len(workload.listeners) == 1


def test_an_observed_version_wins_where_it_is_exact_and_the_difference_is_said():
    (workload,), sentences = join([declared("model", running("vllm", "0.8.0")), live(seen(version="0.9.2"))])
    assert workload.running[0].component.version == "0.9.2"
    assert "it declares vllm 0.8.0 and runs 0.9.2" in sentences[0]


def test_a_declared_version_stands_where_the_answer_does_not_tell_one():
    (workload,), sentences = join([declared("model", running("vllm", "0.8.0")), live(seen(version=None))])
    component = workload.running[0].component
    assert (component.version, component.certainty) == ("0.8.0", Certainty.EXACT)
    assert component.evidence == (FILE, WIRE)
    assert "runs" not in sentences[0]


def test_a_dockerfile_is_no_deployment_to_join():
    image = replace(declared("model", running("vllm")), format="dockerfile")
    assert len(join([image, live(seen())])[0]) == 2


def test_without_anything_live_nothing_changes():
    before = (declared("model", running("vllm")), declared("other"))
    assert join(before) == (before, ())
