"""Compose files: who reaches what, which command runs, what a variable means."""

from pathlib import Path

import pytest

from undercroft.catalogue import loader
from undercroft.model.exposure import Reach
from undercroft.scan.collect.files import collect
from undercroft.scan.graph import Graph, Workload


def graph(tmp_path: Path, text: str, **more: str) -> Graph:
    (tmp_path / "compose.yaml").write_text(text)
    for name, content in more.items():
        (tmp_path / name.replace("__", ".")).write_text(content)
    return collect.collect([tmp_path], dict(loader.load().components))[0]


def only(found: Graph) -> Workload:
    assert len(found.workloads) == 1
    return found.workloads[0]


@pytest.mark.parametrize(
    ("port", "reach", "address"),
    [
        ("5000:5000", Reach.PRIVATE, "127.0.0.1:5000"),
        ("15000:5000", Reach.PRIVATE, "127.0.0.1:15000"),
        ("0.0.0.0:15000:5000", Reach.PRIVATE, "127.0.0.1:15000"),
        ("127.0.0.1:15000:5000", Reach.LOOPBACK, "127.0.0.1:15000"),
        ("127.0.0.1:15000:5000/tcp", Reach.LOOPBACK, "127.0.0.1:15000"),
        ("10.0.0.7:15000:5000", Reach.PRIVATE, "10.0.0.7:15000"),
        ("[::1]:15000:5000", Reach.LOOPBACK, "::1:15000"),
    ],
)
def test_a_publication_says_who_gets_in(port: str, reach: Reach, address: str, tmp_path: Path) -> None:
    text = f'services:\n  m:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    command: mlflow server --host 0.0.0.0\n    ports: ["{port}"]\n'
    listener = only(graph(tmp_path, text)).listeners[0]
    assert (listener.port, listener.exposure.reach, listener.addresses) == (5000, reach, (address,))


def test_the_long_form_of_a_port_is_the_same(tmp_path: Path) -> None:
    text = (
        "services:\n  m:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    command: mlflow server --host 0.0.0.0\n"
        "    ports:\n      - {target: 5000, published: '15000', host_ip: 127.0.0.1}\n"
    )
    listener = only(graph(tmp_path, text)).listeners[0]
    assert (listener.port, listener.exposure.reach, listener.addresses) == (5000, Reach.LOOPBACK, ("127.0.0.1:15000",))


def test_a_datagram_port_is_not_taken_for_a_listener(tmp_path: Path) -> None:
    text = 'services:\n  m:\n    image: acme/thing:1\n    ports: ["5000:5000/udp"]\n'
    assert only(graph(tmp_path, text)).listeners == ()


def test_what_is_not_published_is_reachable_for_the_project_only(tmp_path: Path) -> None:
    text = "services:\n  m:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    command: mlflow server --host 0.0.0.0\n"
    assert only(graph(tmp_path, text)).listeners[0].exposure.reach is Reach.CLUSTER


def test_the_env_file_beside_it_fills_variables_in(tmp_path: Path) -> None:
    text = "services:\n  m:\n    image: ghcr.io/mlflow/mlflow:${TAG}\n    command: mlflow server\n"
    workload = only(graph(tmp_path, text, __env="TAG=v2.9.2\n"))
    assert workload.running[0].component.version == "2.9.2"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${X:-fallback}", "fallback"),
        ("${X-fallback}", "fallback"),
        ("${X:?needed}", "${X}"),
        ("${X:+other}", ""),
        ("$$X", "$X"),
        ("a-${X:-${Y:-b}}", "a-b"),
        ("${X}", None),
        ("$X", None),
    ],
)
def test_a_variable_means_what_compose_makes_of_it(written: str, value: str | None, tmp_path: Path) -> None:
    text = f"services:\n  m:\n    image: acme/thing:1\n    environment:\n      NAME: '{written}'\n"
    found = only(graph(tmp_path, text)).environment["NAME"]
    assert found.value == value
    if value is None:
        assert "X" in found.reason


def test_a_command_in_shell_form_and_in_exec_form_are_the_same(tmp_path: Path) -> None:
    start = "services:\n  m:\n    image: acme/thing:1\n    command: "
    shell = only(graph(tmp_path, start + "mlflow server --host '0.0.0.0'\n"))
    listed = only(graph(tmp_path, start + '["mlflow", "server", "--host", "0.0.0.0"]\n'))
    assert (
        [w.value for w in shell.words] == [w.value for w in listed.words] == ["mlflow", "server", "--host", "0.0.0.0"]
    )


def test_a_script_behind_sh_c_is_looked_into(tmp_path: Path) -> None:
    text = 'services:\n  m:\n    image: acme/thing:1\n    command: ["sh", "-c", "pip install mlflow && exec mlflow server --host 0.0.0.0"]\n'
    assert only(graph(tmp_path, text)).running[0].component.slug == "mlflow"


def test_a_fragment_that_is_no_compose_file_is_left_alone(tmp_path: Path) -> None:
    assert graph(tmp_path, "services: [a, b]\nother: {image: x}\n").workloads == ()
