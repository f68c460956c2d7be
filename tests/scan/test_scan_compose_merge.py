"""Compose services put together: extends, overrides, merge keys, variable files, images built here."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.catalogue import loader
from undercroft.model.evidence import FileEvidence
from undercroft.model.exposure import Reach
from undercroft.scan.collect.files import collect, services
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import Node, Unreadable, read
from undercroft.scan.graph import Graph, Workload
from undercroft.scan.run import Request, scan


def graph(tmp_path: Path, **files: str) -> Graph:
    for name, content in files.items():
        path = tmp_path / name.replace("__", ".").replace("_SLASH_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return collect.collect([tmp_path], dict(loader.load().components))[0]


def service(found: Graph, name: str) -> Workload:
    return next(w for w in found.workloads if w.format == "compose" and w.asset.name == name)


def value(workload: Workload, variable: str) -> str | None:
    return workload.environment[variable].value


def test_the_override_by_its_usual_name_is_laid_on_top(tmp_path: Path) -> None:
    found = graph(
        tmp_path,
        compose__yaml="services:\n  m:\n    image: a/b:1\n    environment: [A=1, B=1]\n    ports: ['8000:8000']\n",
        compose__override__yaml="services:\n  m:\n    environment:\n      B: '2'\n    ports: ['9000:9000']\n    privileged: true\n",
    )
    assert [w.asset.key for w in found.workloads] == ["compose:compose.yaml#m"]
    merged = service(found, "m")
    assert (value(merged, "A"), value(merged, "B")) == ("1", "2")
    assert [x.port for x in merged.listeners] == [8000, 9000]
    place = merged.container["privileged"].evidence[0]
    assert isinstance(place, FileEvidence)
    assert (place.file, place.line) == ("compose.override.yaml", 6)


def test_reset_takes_away_and_override_replaces(tmp_path: Path) -> None:
    found = graph(
        tmp_path,
        compose__yaml="services:\n  a:\n    image: a/b:1\n    ports: ['1:1']\n  b:\n    image: a/b:1\n    ports: ['1:1']\n",
        compose__override__yml="services:\n  a:\n    ports: !reset null\n  b:\n    ports: !override ['2:2']\n",
    )
    assert service(found, "a").listeners == ()
    assert [x.port for x in service(found, "b").listeners] == [2]


def test_an_override_without_a_base_stands_for_itself(tmp_path: Path) -> None:
    found = graph(tmp_path, compose__override__yaml="services:\n  m:\n    image: a/b:1\n")
    assert [w.asset.name for w in found.workloads] == ["m"]


def test_extends_takes_from_another_file_and_keeps_its_places(tmp_path: Path) -> None:
    found = graph(
        tmp_path,
        compose__yaml="services:\n  m:\n    image: a/b:1\n    extends: {file: common/base.yaml, service: base}\n    command: run mine\n",
        common_SLASH_base__yaml="services:\n  base:\n    environment:\n      DB_PASSWORD: 7hJq2LmPz0\n    command: run theirs\n",
    )
    extended = service(found, "m")
    assert [w.value for w in extended.words] == ["run", "mine"]
    place = extended.environment["DB_PASSWORD"].evidence
    assert isinstance(place, FileEvidence)
    assert (place.file, place.line) == ("common/base.yaml", 4)
    assert "7hJq2LmPz0" not in repr(found.workloads[0].head)


def test_extends_in_a_circle_ends(tmp_path: Path) -> None:
    text = "services:\n  a:\n    image: a/b:1\n    extends: b\n  b:\n    image: a/b:1\n    extends: a\n"
    assert len(graph(tmp_path, compose__yaml=text).workloads) == 2


def test_a_merge_key_inside_a_merge_key_counts(tmp_path: Path) -> None:
    text = "x-a: &a\n  environment: {A: '1'}\nx-b: &b\n  <<: *a\n  image: a/b:1\nservices:\n  m:\n    <<: *b\n    command: run\n"
    assert value(service(graph(tmp_path, compose__yaml=text), "m"), "A") == "1"


def test_merge_keys_of_many_aliases_cost_no_more_than_they_are_long() -> None:
    levels = "".join(f"l{n}: &l{n}\n  <<: [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 40))
    document = read(Source.of("c.yaml", f"l0: &l0 {{a: 1}}\n{levels}"))[0]
    assert len(services.flat(document)) == 40
    last = document.get("l39")
    assert last is not None
    services.flat(last, 40)


def test_variable_files_give_way_to_the_environment(tmp_path: Path) -> None:
    found = graph(
        tmp_path,
        compose__yaml="services:\n  m:\n    image: a/b:1\n    env_file:\n      - path: conf/a.env\n      - b.env\n    environment: {C: '3'}\n",
        conf_SLASH_a__env="A=1\nB=1\nC=1\n",
        b__env="B=2\n",
    )
    merged = service(found, "m")
    assert [value(merged, n) for n in "ABC"] == ["1", "2", "3"]
    assert getattr(merged.environment["A"].evidence, "file", "") == "conf/a.env"


def test_a_built_image_brings_its_dockerfile_along(tmp_path: Path) -> None:
    found = graph(
        tmp_path,
        compose__yaml="services:\n  m:\n    build: {context: ml, args: {V: 2.9.2}}\n    ports: ['5000:5000']\n",
        ml_SLASH_Dockerfile=(
            "ARG BASE=python:3.11\nFROM ${BASE} AS deps\nARG V\nRUN pip install mlflow==${V}\nFROM deps\nUSER root\n"
            'ENV HOST=0.0.0.0\nCMD ["mlflow", "server", "--host", "$HOST"]\n'
        ),
    )
    built = service(found, "m")
    assert [(r.fact.slug, r.component.version) for r in built.running] == [("mlflow", "2.9.2")]
    assert built.running[0].settings["bind"].value == "0.0.0.0"
    assert built.listeners[0].exposure.reach is Reach.PRIVATE


def test_root_in_a_dockerfile_is_said_once(tmp_path: Path) -> None:
    graph(tmp_path, compose__yaml="services:\n  m:\n    build: .\n", Dockerfile="FROM python:3.12\nUSER root\n")
    result = scan(Request((str(tmp_path),)), dict(loader.load().components)).result
    assert len([f for f in result.findings if f.check == "run-as-root"]) == 1


def test_a_publication_on_internal_networks_reaches_nothing(tmp_path: Path) -> None:
    text = "services:\n  m:\n    image: postgres:16\n    ports: ['5432:5432']\n    networks: [back]\nnetworks:\n  back: {internal: true}\n"
    assert service(graph(tmp_path, compose__yaml=text), "m").listeners[0].exposure.reach is Reach.CLUSTER


def test_the_words_of_a_folded_command_know_their_lines(tmp_path: Path) -> None:
    text = "services:\n  m:\n    image: vllm/vllm-openai:v0.8.5\n    command: >\n      --model m\n      --api-key\n      Zk39xPq7LmT2\n      --port ${PORT}\n"
    words = service(graph(tmp_path, compose__yaml=text), "m").words
    lines = {w.value: getattr(w.evidence, "line", 0) for w in words}
    assert (lines["--api-key"], lines["--port"]) == (6, 8)
    assert words[-1].value is None
    assert "Zk39xPq7LmT2" not in repr([w.evidence for w in words])


def test_a_fallback_names_its_variable(tmp_path: Path) -> None:
    text = "services:\n  m:\n    image: a/b:1\n    environment:\n      - DB_PASSWORD=${PW:-letmein}\n"
    found = service(graph(tmp_path, compose__yaml=text), "m").environment["DB_PASSWORD"]
    assert (found.value, found.fallback, found.literal) == ("letmein", "PW", False)


def test_an_override_that_is_no_yaml_is_left_aside(tmp_path: Path) -> None:
    found = graph(
        tmp_path, compose__yaml="services:\n  m:\n    image: a/b:1\n", compose__override__yaml="services: [\n"
    )
    assert [w.asset.name for w in found.workloads] == ["m"]


_YAML = st.recursive(
    st.sampled_from(["1", "x", "null", "!reset null", "[]", "{}"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda xs: f"[{', '.join(xs)}]"),
        st.lists(st.tuples(st.sampled_from(["ports", "environment", "a", "volumes"]), inner), max_size=3).map(
            lambda xs: "{" + ", ".join(f"{k}: {v}" for k, v in xs) + "}"
        ),
    ),
    max_leaves=8,
)


def _node(text: str) -> Node:
    return read(Source.of("c.yaml", text))[0]


@given(_YAML, _YAML)
@settings(max_examples=150)
def test_any_two_documents_can_be_laid_on_each_other(base: str, over: str) -> None:
    try:
        below, above = _node(base), _node(over)
    except Unreadable:
        return
    assert isinstance(services.merged(below, above), Node)


@pytest.mark.parametrize(
    "text",
    [
        "services: {m: {image: a/b:1, ports: 5}}",
        "services: {m: {build: [1], env_file: {a: b}}}",
        "services: {m: {image: a/b:1, extends: [x]}}",
    ],
)
def test_wrong_shapes_are_no_crash(tmp_path: Path, text: str) -> None:
    assert graph(tmp_path, compose__yaml=text) is not None
