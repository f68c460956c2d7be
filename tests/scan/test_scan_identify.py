"""What a command line runs, when the folder and the shell have their say."""

import pytest

from undercroft.catalogue import loader
from undercroft.scan.graph import Text
from undercroft.scan.identify import Started, identify
from undercroft.scan.recognise import image

COMPONENTS = dict(loader.load().components)


def run(*words: str, workdir: str = "", **environment: str) -> tuple[list[str | None], list[str]]:
    started = Started(
        None, None, [Text(w) for w in words], None, {k: Text(v) for k, v in environment.items()}, (), workdir
    )
    line, running = identify(started, COMPONENTS)
    return [w.value for w in line], [r.component.slug for r in running]


def test_a_relative_program_is_the_one_of_its_folder() -> None:
    assert run("python3", "main.py", "--listen", workdir="/app/ComfyUI") == (
        ["python3", "/app/ComfyUI/main.py", "--listen"],
        ["comfyui"],
    )


@pytest.mark.parametrize("workdir", ["", "/app"])
def test_a_relative_program_of_another_folder_is_nobody(workdir: str) -> None:
    assert run("python3", "main.py", workdir=workdir)[1] == []


def test_a_bare_variable_is_parted_by_the_shell() -> None:
    line, _ = run("sh", "-c", "python3 main.py ${ARGS}", ARGS="--listen 0.0.0.0")
    assert line == ["python3", "main.py", "--listen", "0.0.0.0"]


@pytest.mark.parametrize("script", ["serve --name=$ARGS", "serve a$ARGS"])
def test_an_embedded_variable_stays_one_word(script: str) -> None:
    assert len(run("sh", "-c", script, ARGS="x y")[0]) == 2


def test_without_a_shell_nothing_is_parted() -> None:
    assert run("serve", "$(ARGS)", ARGS="x y")[0] == ["serve", "x y"]


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("ghcr.io/mlflow/mlflow:v2.9.2", "2.9.2"),
        ("ubuntu/mlflow:2.1.1_1.0-22.04", "2.1.1"),
        ("redis:7", None),
        ("redis:7.4.1", "7.4.1"),
        ("redis", None),
        ("vllm/vllm-openai:nightly", None),
    ],
)
def test_a_tag_says_a_version_or_does_not(reference: str, version: str | None) -> None:
    found = image(reference, COMPONENTS)
    assert found is not None
    assert found[0].version == version
    assert found[0].reason
