"""Dockerfiles: stages, arguments, here-documents, what is copied, what is masked."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.catalogue import loader
from undercroft.scan.collect.files import image
from undercroft.scan.collect.files.formats import dockerfile
from undercroft.scan.collect.files.image import Stage, stages
from undercroft.scan.collect.files.source import Source
from undercroft.scan.run import Request, scan


def built(text: str, **given_: str) -> list[Stage]:
    return stages(Source.of("Dockerfile", text), dict(loader.load().components), given_)


def test_arguments_before_the_first_stage_count_in_from_alone() -> None:
    found = built("ARG V=3.11\nFROM python:${V}\nENV A=${V}\nARG V\nENV B=${V}\n")[0]
    assert found.base.value == "python:3.11"
    assert (found.environment["A"].value, found.environment["B"].value) == (None, "3.11")


def test_an_argument_from_outside_wins() -> None:
    assert built("ARG V=3.11\nFROM python:${V}\n", V="3.12")[0].base.value == "python:3.12"


def test_a_base_image_without_a_default_is_not_guessed() -> None:
    assert built("ARG BASE\nFROM $BASE\n")[0].base.value is None


def test_a_stage_inherits_from_the_stage_it_is_built_on() -> None:
    found = built(
        'FROM python:3.12 AS a\nENV X=1\nUSER app\nENTRYPOINT ["run"]\nFROM a AS b\nENV Y=2\nFROM alpine:3.20\n'
    )
    assert (found[1].environment["X"].value, found[1].user.value, found[1].origin.value) == ("1", "app", "python:3.12")
    assert found[1].entrypoint is not None
    assert found[1].base.value is None
    assert found[2].environment == {}


def test_an_entrypoint_drops_the_command_it_inherits_and_keeps_its_own() -> None:
    found = built('FROM a AS a\nCMD ["x"]\nFROM a AS b\nENTRYPOINT ["y"]\nFROM a AS c\nCMD ["z"]\nENTRYPOINT ["y"]\n')
    assert found[1].command is None
    assert found[2].command is not None


def test_a_here_document_is_one_instruction() -> None:
    text = "FROM python:3.12\nRUN <<EOF\nFROM evil\nUSER root\npip install mlflow==2.9.2\nEOF\nUSER app\n"
    found = built(text)
    assert len(found) == 1
    assert found[0].user.value == "app"
    assert [(c.slug, c.version) for c in found[0].installed] == [("mlflow", "2.9.2")]
    assert [s["endline"] for s in image.steps(Source.of("Dockerfile", text)) if s["instruction"] == "RUN"] == [5]


def test_files_of_the_build_context_are_told_from_those_of_other_stages() -> None:
    found = built(
        'FROM a AS x\nFROM b\nCOPY --from=x /k /k\nCOPY --chown=1:1 .env app /srv/\nADD ["https://example.org/m.bin", "/m"]\n'
    )[-1]
    assert [c.source.value for c in found.copied] == [".env", "app", "https://example.org/m.bin"]


def test_a_variable_of_several_lines_knows_its_own_line() -> None:
    found = built("FROM a\nENV A=1 \\\n    API_KEY=Zk39xPq7LmT2\n")[0].environment["API_KEY"]
    assert getattr(found.evidence, "line", 0) == 3
    assert "Zk39xPq7LmT2" not in repr(found.evidence)


def test_a_secret_behind_a_flag_is_masked_on_whatever_line_it_stands() -> None:
    found = built('FROM a\nCMD ["serve", \\\n  "--api-key", \\\n  "Zk39xPq7LmT2"]\n')[0].command
    assert found is not None
    assert "Zk39xPq7LmT2" not in repr([w.evidence for w in found])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Dockerfile", True),
        ("a/Dockerfile.gpu", True),
        ("gpu.Dockerfile", True),
        ("Containerfile", True),
        ("Dockerfile_amd", True),
        ("Dockerfile.dockerignore", False),
        ("dockerfile.md", False),
    ],
)
def test_a_dockerfile_is_known_by_its_name(name: str, wanted: bool) -> None:
    assert dockerfile.wants(name, frozenset()) is wanted


def test_canaries_of_every_place_stay_hidden(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.12\nARG GITHUB_TOKEN=Zk39xPq7LmT2\nENV DATABASE_URL=postgresql://app:Zk39xPq7LmT2@db/x\n"
        "ENV A=1 JWT_SECRET='Zk39xPq7LmT2'\nCMD serve --password Zk39xPq7LmT2\n"
    )
    result = scan(Request((str(tmp_path),)), dict(loader.load().components)).result
    assert {f.check for f in result.findings} >= {"secret-in-image", "credential-in-url", "secret-in-args"}
    assert "Zk39xPq7LmT2" not in repr(result)


@given(
    st.lists(
        st.sampled_from(
            [
                "FROM a AS b",
                "FROM b",
                "ARG X=1",
                "ENV A=$X",
                "RUN <<E",
                "E",
                "CMD [",
                "USER ${X}",
                "EXPOSE 1 ${X}",
                "COPY a",
                "\\",
                "#",
                "ENTRYPOINT ['",
                "ENV",
                "ARG",
            ]
        ),
        max_size=12,
    ),
    st.text(max_size=60),
)
@settings(max_examples=150, deadline=None)
def test_any_instructions_are_read(lines: list[str], tail: str) -> None:
    for stage in built("\n".join([*lines, tail])):
        assert stage.head.line >= 1
