"""Files of variables: what they hold, where it stands, whether they are committed or a template."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.catalogue import loader
from undercroft.model.evidence import FileEvidence
from undercroft.scan.collect.files import collect, dotenv
from undercroft.scan.collect.files.formats import env
from undercroft.scan.collect.files.source import Source
from undercroft.scan.run import Request, scan
from undercroft.scan.variables import VariableFile


def only(tmp_path: Path) -> VariableFile:
    found = collect.collect([tmp_path], dict(loader.load().components))[0].variables
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    "name", [".env", ".env.example", "mlflow.env", "env.sh", ".envrc", "deploy/.env.production", "db.env.template"]
)
def test_a_variable_file_is_known_by_its_name(name: str) -> None:
    assert env.wants(name, frozenset())


@pytest.mark.parametrize(
    "name", ["env.py", "environment.yaml", "env.d.ts", "src/env.js", "README.env.md", "envoy.yaml"]
)
def test_programs_and_documents_are_not_variable_files(name: str) -> None:
    assert not env.wants(name, frozenset())


def test_a_value_has_its_place_behind_comments_blank_lines_and_export(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('# head\n\n\nexport A_TOKEN="Zk39xPq7LmT2"  # note\nB=1\n')
    text = only(tmp_path).variables["A_TOKEN"]
    assert isinstance(text.evidence, FileEvidence)
    assert (text.value, text.evidence.line) == ("Zk39xPq7LmT2", 4)
    assert "Zk39xPq7LmT2" not in text.evidence.text
    assert text.span is not None
    assert (text.span.start, text.span.end) == (16, 30)


def test_lines_that_are_none_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("just words here\nA=1\n=2\n")
    assert set(only(tmp_path).variables) == {"A"}


def test_a_template_and_an_ignored_file_say_so(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("A=1\n")
    assert only(tmp_path).example
    (tmp_path / ".env.example").rename(tmp_path / ".env")
    assert not only(tmp_path).ignored
    (tmp_path / ".gitignore").write_text("*.pyc\n/.env\n")
    assert only(tmp_path).ignored
    (tmp_path / ".gitignore").write_text(".env*\n!.env\n")
    assert not only(tmp_path).ignored


def test_a_variable_of_compose_is_reported_once_where_it_is_written(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_PASSWORD=changeme\n")
    (tmp_path / "db.env").write_text("POSTGRES_PASSWORD=changeme\n")
    (tmp_path / "compose.yaml").write_text(
        "services:\n  a:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD}\n"
        "  b:\n    image: postgres:16\n    env_file: [db.env]\n"
    )
    result = scan(Request((str(tmp_path),)), dict(loader.load().components)).result
    places = sorted(e.where for f in result.findings if f.check == "default-credential" for e in f.evidence)
    assert [p.partition(":")[0] for p in places] == [".env", "db.env"]


def test_a_file_that_is_too_long_is_said_to_be_unread(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"A={'x' * dotenv.MAX_CHARACTERS}\n")
    result = scan(Request((str(tmp_path),)), dict(loader.load().components)).result
    assert [u.place for u in result.could_not_read] == [".env"]


@given(st.text(max_size=400))
@settings(max_examples=150)
def test_any_text_is_read_as_variables(text: str) -> None:
    source = Source.of(".env", text)
    for found in dotenv.read(source).values():
        assert isinstance(found.evidence, FileEvidence)
        assert 1 <= found.evidence.line <= len(source.lines)
