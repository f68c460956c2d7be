"""Shell text: commands, what feeds what, and the servers and containers it starts."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.catalogue import loader
from undercroft.model.exposure import Reach
from undercroft.model.verdict import Verdict
from undercroft.scan import shell
from undercroft.scan.collect.files.source import Source
from undercroft.scan.run import Observed, Request, scan


def _read(text: str) -> shell.Reading:
    source = Source.of("a.sh", text)
    return shell.read(source, shell.Block.whole(source))


def _scan(tmp_path: Path, name: str, text: str) -> Observed:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return scan(Request((str(tmp_path),)), dict(loader.load().components))


def test_a_variable_assigned_once_is_filled_in_and_an_unknown_one_is_not() -> None:
    command = _read('HOST=0.0.0.0\nserve --host "$HOST" --port $PORT\n').commands[-1]
    assert [word.value for word in command.words] == ["serve", "--host", "0.0.0.0", "--port", None]
    assert command.written[-1] == "$PORT"


def test_a_default_counts_when_nobody_assigns_the_variable() -> None:
    assert _read("serve --port ${PORT:-8000}\n").commands[0].words[-1].value == "8000"


def test_a_variable_assigned_twice_is_unknown() -> None:
    assert _read("A=1\nA=2\nserve $A\n").commands[-1].words[-1].value is None


def test_a_word_knows_its_line_and_column() -> None:
    words = _read("serve \\\n  --host x\n").commands[0].words
    assert [(w.evidence.line, w.evidence.column) for w in words if w.evidence is not None] == [(1, 1), (2, 3), (2, 10)]  # type: ignore[union-attr] # evidence of files


def test_a_pipe_is_followed_to_its_reader() -> None:
    commands = _read("curl https://x.example | tee log | sudo bash\n").commands
    assert [c.feeds for c in commands] == [1, 2, None]
    assert commands[2].name == "bash"


def test_a_script_inside_a_word_is_read_too() -> None:
    assert [c.name for c in _read("ssh host true; bash -lc 'vllm serve m'\n").commands] == ["ssh", "bash", "vllm"]


def test_a_here_document_shown_to_people_is_marked() -> None:
    commands = _read("cat <<EOF\npip install x\nEOF\n").commands
    assert [(c.name, c.printed) for c in commands] == [("cat", False), ("pip", True)]


def test_a_secret_behind_a_flag_is_masked_wherever_the_line_is_shown() -> None:
    command = _read("serve --api-key Zk39xPq7LmT2 --port 1\n").commands[0]
    assert "Zk39xPq7LmT2" not in repr([w.evidence for w in command.words])


def test_a_server_started_by_a_script_is_a_workload_with_its_reach(tmp_path: Path) -> None:
    observed = _scan(
        tmp_path, "run.sh", "exec python -m vllm.entrypoints.openai.api_server --model m --host 0.0.0.0 --port 8008\n"
    )
    (workload,) = observed.graph.workloads
    assert workload.running[0].fact.slug == "vllm"
    assert (8008, Reach.PRIVATE) in [(listener.port, listener.exposure.reach) for listener in workload.listeners]
    assert "no-authentication" in {f.check for f in observed.result.findings if f.verdict is Verdict.PRESENT}


def test_a_server_on_loopback_stays_there(tmp_path: Path) -> None:
    (workload,) = _scan(tmp_path, "run.sh", "mlflow server --host 127.0.0.1\n").graph.workloads
    assert workload.exposure.reach is Reach.LOOPBACK


def test_docker_run_gives_image_ports_environment_and_rights(tmp_path: Path) -> None:
    text = (
        "docker run -dp 8000:8000 --privileged --ipc=host -e HF_TOKEN -e X=1 -v /var/run/docker.sock:/s --user root \\\n"
        "  vllm/vllm-openai:latest --model m\n"
    )
    observed = _scan(tmp_path, "run.sh", text)
    (workload,) = observed.graph.workloads
    assert workload.image is not None
    assert workload.image.value == "vllm/vllm-openai:latest"
    assert workload.listeners[0].addresses == ("127.0.0.1:8000",)
    assert workload.environment["X"].value == "1"
    assert workload.environment["HF_TOKEN"].value is None
    found = {f.check for f in observed.result.findings if f.verdict is Verdict.PRESENT}
    assert {
        "privileged-container",
        "host-namespace",
        "runtime-socket",
        "run-as-root",
        "mutable-image",
        "no-authentication",
    } <= found


def test_docker_run_published_on_loopback_reaches_no_further(tmp_path: Path) -> None:
    (workload,) = _scan(
        tmp_path, "run.sh", "docker run -p 127.0.0.1:8000:8000 vllm/vllm-openai:v0.8.5 --model m\n"
    ).graph.workloads
    assert workload.listeners[0].exposure.reach is Reach.LOOPBACK


def test_an_image_under_another_name_keeps_its_arguments(tmp_path: Path) -> None:
    text = (
        "docker-compose run --rm -p 8888:8888 --entrypoint jupyter app notebook --ip=0.0.0.0 --NotebookApp.token=''\n"
    )
    observed = _scan(tmp_path, "notebook.sh", text)
    assert "no-authentication" in {f.check for f in observed.result.findings if f.verdict is Verdict.PRESENT}


def test_a_unit_starts_a_server(tmp_path: Path) -> None:
    text = '[Unit]\nDescription=x\n[Service]\nUser=root\nEnvironment="A=b c" D=e\nExecStart=-/opt/v/bin/vllm serve m \\\n  --host 0.0.0.0\n'
    (workload,) = _scan(tmp_path, "llm.service", text).graph.workloads
    assert workload.asset.name == "llm"
    assert {k: v.value for k, v in workload.environment.items()} == {"A": "b c", "D": "e"}
    assert workload.exposure.reach is Reach.PRIVATE


def test_a_script_that_is_too_large_is_said_to_be_unread(tmp_path: Path) -> None:
    result = _scan(tmp_path, "big.sh", "echo a\n" * 100_000).result
    assert "more than" in result.could_not_read[0].reason


@pytest.mark.parametrize(
    "text",
    [
        "A=$A$A\necho $A",
        "".join(f"A{i}=$A{i + 1}$A{i + 1}\n" for i in range(40)) + "echo $A0",
        "$(" * 5000,
        "{{" * 5000,
        "<<E\n" * 1000,
    ],
)
def test_text_made_to_explode_is_read_in_bounds(text: str) -> None:
    assert len(_read(text).commands) < 100


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab \n\t|&;<>(){}$`'\"\\#=-/[]*?!é☃0{}", max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    lines = text.count("\n") + 1
    for command in _read(text).commands:
        assert 1 <= command.evidence.line <= lines  # type: ignore[union-attr] # evidence of files
        assert len(command.words) == len(command.written)
