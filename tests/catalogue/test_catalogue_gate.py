"""The gate at the catalogue's door: a folder that does not fit is refused with its place and its remedy."""

import shutil
from pathlib import Path

import pytest

from undercroft.catalogue import compiler

MINIMAL = """\
slug: acme
name: Acme
kind: model-server
summary: A server. Whoever reaches it spends your time.
depth: basic
sources: {docs: {title: "Acme documentation", url: "https://acme.example/docs"}}
images: [{repository: docker.io/acme/server, version_tag: "{version}", source: docs}]
"""
CASES = """\
recognise:
  - {name: "its image", image: "acme/server:1.2", recognised: true, version: "1.2"}
  - {name: "another image of the same publisher", image: "acme/exporter:1.2", recognised: false}
"""


def _folder(root: Path, text: str = MINIMAL, cases: str | None = CASES, slug: str = "acme") -> Path:
    folder = root / "components" / slug
    folder.mkdir(parents=True)
    (folder / "component.yaml").write_text(text)
    if cases is not None:
        (folder / "cases.yaml").write_text(cases)
    shutil.copy(compiler.HERE / "schema.py", root)
    return root


def test_a_sound_folder_compiles(tmp_path: Path) -> None:
    assert set(compiler.compile_catalogue(_folder(tmp_path)).components) == {"acme"}


@pytest.mark.parametrize(
    ("what", "text", "said"),
    [
        ("a misspelt field", MINIMAL + "settigns: {}\n", "settigns"),
        ("a missing field", MINIMAL.replace("name: Acme\n", ""), "name"),
        ("a slug that is not its folder", MINIMAL.replace("slug: acme", "slug: apex"), "rename one"),
        ("a fact without a source", MINIMAL.replace("source: docs", "source: hearsay"), "'hearsay' is not in sources"),
        ("a depth it does not have", MINIMAL.replace("depth: basic", "depth: deep"), "depth is deep but"),
        ("text that is no YAML", "slug: [", "component.yaml"),
        (
            "a pattern that is none",
            MINIMAL + "logs: [{name: access, pattern: '(', sample: x, source: docs}]\n",
            "no regular expression",
        ),
        (
            "a setting spelt two ways at once",
            MINIMAL
            + "settings: {tls: {about: x, type: boolean, defaults: [{value: false, source: docs}], spellings: [{flag: --tls, env: TLS, source: docs}]}}\n",
            "exactly one of",
        ),
        (
            "a derivation from nowhere",
            MINIMAL
            + "derived: {authentication: {about: x, source: docs, rules: [{when: {token: set}, value: 'on'}]}}\n",
            "'token' is not a setting",
        ),
    ],
)
def test_a_folder_is_refused_for(what: str, text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(compiler.CatalogueError, match="acme") as refused:
        compiler.compile_catalogue(_folder(tmp_path, text))
    assert said in str(refused.value), what


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(compiler.CatalogueError, match=r"cases\.yaml is missing"):
        compiler.compile_catalogue(_folder(tmp_path, cases=None))


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    _folder(tmp_path, MINIMAL.replace("slug: acme", "slug: apex"))
    _folder(tmp_path, "slug: [", slug="other")
    with pytest.raises(compiler.CatalogueError) as refused:
        compiler.compile_catalogue(tmp_path)
    assert "rename one" in str(refused.value)
    assert "other/component.yaml" in str(refused.value)


def test_the_artefact_is_made_anew_when_a_source_changes(tmp_path: Path) -> None:
    root = _folder(tmp_path)
    first = compiler.write(root, tmp_path / "compiled.msgpack")
    path = root / "components/acme/component.yaml"
    path.write_text(MINIMAL.replace("name: Acme", "name: Acme Server"))
    assert compiler.sources_digest(root) != first.digest


def test_the_shipped_catalogue_is_sound() -> None:
    snapshot = compiler.compile_catalogue()
    assert {"vllm", "mlflow", "jupyter-server"} <= {
        slug for slug, fact in snapshot.components.items() if fact.depth == "deep"
    }
