"""What is installed, by every list people write: exact versions are exact, everything else is unknown."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.catalogue import loader
from undercroft.scan.collect.files import collect as files
from undercroft.scan.collect.files import tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.formats import (
    conda,
    go_modules,
    node_locks,
    notebooks,
    python_locks,
    python_projects,
    requirements,
    sbom,
)
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.host import environment
from undercroft.scan.inventory import Package, installed, requirement

COMPONENTS = dict(loader.load().components)


def _packages(folder: Path, **texts: str) -> dict[str, Package]:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    graph, unread, _, _ = files.collect([folder], COMPONENTS)
    assert unread == []
    return {package.name: package for package in installed(graph)}


def _versions(folder: Path, **texts: str) -> dict[str, str | None]:
    return {name: package.version for name, package in _packages(folder, **texts).items()}


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("vllm==0.10.1", "0.10.1"),
        ("vllm===0.10.1", "0.10.1"),
        ("vllm[audio]==0.5.0rc1 ; python_version > '3.8'", "0.5.0rc1"),
        ("vllm==1!2.0", "1!2.0"),
        ("vllm==2.0.post1", "2.0.post1"),
        ("torch==2.6.0+cu124", "2.6.0+cu124"),
        ("dask==2024.8.0", "2024.8.0"),
        ("vllm>=0.8,==0.10.1", "0.10.1"),
        ("vllm @ https://example.org/vllm-0.10.1-cp38-abi3-manylinux1_x86_64.whl", "0.10.1"),
        ("vllm @ https://example.org/vllm-0.10.1.tar.gz", "0.10.1"),
        ("vllm", None),
        ("vllm>=0.10.1", None),
        ("vllm~=0.10.1", None),
        ("vllm==0.10.*", None),
        ("vllm==0.10.1,==0.10.2", None),
        ("vllm @ git+https://example.org/vllm@v0.10.1", None),
        ("vllm @ https://example.org/other-0.10.1-py3-none-any.whl", None),
        ("vllm @ https://example.org/download", None),
    ],
)
def test_only_what_names_one_version_names_one(text: str, version: str | None) -> None:
    asked = requirement(text)
    assert asked is not None
    assert asked.version == version


@pytest.mark.parametrize("text", ["", "-e .", "./wheels/x.whl", "vllm=0.1", "http://example.org/x", "vllm=="])
def test_what_is_no_requirement_is_none(text: str) -> None:
    assert requirement(text) is None


def test_a_requirements_file_with_hashes_markers_comments_and_joined_lines(tmp_path: Path) -> None:
    text = "# vllm==0.1\nVLLM[x]==0.10.1 ; python_version > '3.8'  # why\nnumpy==1.26.4 \\\n    --hash=sha256:00\n-e .\n--index-url x\n"
    found = _packages(tmp_path, **{"requirements.txt": text})
    assert {n: p.version for n, p in found.items()} == {"vllm": "0.10.1", "numpy": "1.26.4"}
    assert found["vllm"].marker == 'python_version > "3.8"'
    assert found["vllm"].evidence.where == "requirements.txt:2:1"
    assert found["vllm"].span is not None
    assert (found["vllm"].span.start, found["vllm"].span.end) == (10, 16)
    assert found["numpy"].span is None  # the hash belongs to the version


def test_included_files_are_followed_inside_the_root_only(tmp_path: Path) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_text("redis==1.0\n")
    inside = tmp_path / "app"
    found = _packages(
        inside,
        **{
            "requirements.txt": "-r deps/base.txt\n-r ../secret.txt\n-r https://example.org/r.txt\n-r requirements.txt\n",
            "deps/base.txt": "-r more.txt\nvllm==0.10.1\n",
            "deps/more.txt": "ray==2.9.0\n-r base.txt\n",
        },
    )
    assert {n: p.evidence.where for n, p in found.items()} == {
        "vllm": "deps/base.txt:2:1",
        "ray": "deps/more.txt:1:1",
    }


def test_a_constraint_settles_what_is_asked_for_and_installs_nothing_itself(tmp_path: Path) -> None:
    found = _versions(
        tmp_path, **{"requirements.txt": "-c limits.txt\nvllm\n", "limits.txt": "vllm==0.10.1\nray==2.9.0\n"}
    )
    assert found == {"vllm": "0.10.1"}


def test_a_project_says_ranges_and_a_lock_beside_it_settles_them(tmp_path: Path) -> None:
    project = (
        '[project]\nname = "a"\ndependencies = ["vllm>=0.8", "ray==2.9.0"]\n[dependency-groups]\ndev = ["mlflow"]\n'
    )
    assert _versions(tmp_path / "a", **{"pyproject.toml": project}) == {"vllm": None, "ray": "2.9.0", "mlflow": None}
    lock = '[[package]]\nname = "vllm"\nversion = "0.10.1"\n\n[[package]]\nname = "a"\nversion = "1"\nsource = { virtual = "." }\n'
    found = _versions(tmp_path / "b", **{"pyproject.toml": project, "uv.lock": lock})
    assert found == {"vllm": "0.10.1", "ray": "2.9.0", "mlflow": None}


def test_poetry_and_pipenv_write_tables(tmp_path: Path) -> None:
    poetry = '[tool.poetry.dependencies]\npython = "^3.11"\nvllm = "0.10.1"\nray = "^2.9"\nmlflow = {version = "2.1.1", extras = ["x"]}\n'
    found = _packages(tmp_path / "a", **{"pyproject.toml": poetry})
    assert {n: p.version for n, p in found.items()} == {"vllm": "0.10.1", "ray": None, "mlflow": "2.1.1"}
    assert found["vllm"].evidence.where.startswith("pyproject.toml:3:")
    pipfile = '[packages]\nvllm = "==0.10.1"\nray = "*"\n'
    assert _versions(tmp_path / "b", Pipfile=pipfile) == {"vllm": "0.10.1", "ray": None}


def test_setup_cfg_lists_what_is_installed(tmp_path: Path) -> None:
    text = (
        "[options]\ninstall_requires =\n    vllm==0.10.1\n    ray>=2\n[options.extras_require]\ndev = mlflow==2.1.1\n"
    )
    assert _versions(tmp_path, **{"setup.cfg": text}) == {"vllm": "0.10.1", "ray": None, "mlflow": "2.1.1"}


@pytest.mark.parametrize("name", ["poetry.lock", "pdm.lock", "uv.lock"])
def test_a_toml_lock_gives_each_version_its_line(name: str, tmp_path: Path) -> None:
    text = '[[package]]\nname = "ray"\nversion = "2.9.0"\n\n[[package]]\nname = "Vllm"\nversion = "0.10.1"\n'
    found = _packages(tmp_path, **{name: text})
    assert found["vllm"].evidence.where == f"{name}:7:1"
    assert found["ray"].locked


def test_a_lock_to_a_commit_says_no_version(tmp_path: Path) -> None:
    text = '[[package]]\nname = "vllm"\nversion = "0.10.1"\nsource = { git = "https://example.org/v?rev=main#abc" }\n'
    assert _versions(tmp_path, **{"uv.lock": text}) == {"vllm": None}


def test_pylock_pipfile_lock_and_conda_lock(tmp_path: Path) -> None:
    pylock = 'lock-version = "1.0"\n[[packages]]\nname = "vllm"\nversion = "0.10.1"\n'
    assert _versions(tmp_path / "a", **{"pylock.toml": pylock}) == {"vllm": "0.10.1"}
    pipfile = '{"_meta": {}, "default": {"vllm": {"version": "==0.10.1"}, "x": {"git": "u", "ref": "r"}}}'
    assert _versions(tmp_path / "b", **{"Pipfile.lock": pipfile}) == {"vllm": "0.10.1", "x": None}
    conda_lock = "version: 1\npackage:\n- name: pytorch\n  version: 2.5.0\n  manager: conda\n- name: vllm\n  version: 0.10.1\n  manager: pip\n"
    assert _versions(tmp_path / "c", **{"conda-lock.yml": conda_lock}) == {"torch": "2.5.0", "vllm": "0.10.1"}


def test_a_conda_environment_pins_with_two_signs_or_three_numbers(tmp_path: Path) -> None:
    text = "name: x\ndependencies:\n  - mlflow==2.1.1\n  - ray=2.9\n  - conda-forge::numpy=1.26.4=py311_0\n  - redis=5.0.0\n  - pip:\n    - vllm==0.10.1\n"
    found = _packages(tmp_path, **{"environment.yml": text})
    versions = {(p.ecosystem, n): p.version for n, p in found.items()}
    assert versions == {
        ("PyPI", "mlflow"): "2.1.1", ("PyPI", "ray"): None, ("PyPI", "numpy"): "1.26.4", ("Conda", "redis"): "5.0.0",
        ("PyPI", "vllm"): "0.10.1",
    }  # fmt: skip


def test_locks_of_node(tmp_path: Path) -> None:
    new = {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "a"},
            "node_modules/flowise": {"version": "1.8.0"},
            "node_modules/@a/b": {"version": "2.0.0-rc.1"},
            "node_modules/l": {"link": True},
        },
    }
    assert _versions(tmp_path / "a", **{"package-lock.json": json.dumps(new, indent=1)}) == {
        "flowise": "1.8.0",
        "@a/b": "2.0.0-rc.1",
    }
    old = {"dependencies": {"flowise": {"version": "1.8.0", "dependencies": {"n8n": {"version": "git+ssh://x#1"}}}}}
    assert _versions(tmp_path / "b", **{"package-lock.json": json.dumps(old)}) == {"flowise": "1.8.0", "n8n": None}
    pnpm = "lockfileVersion: '9.0'\n\npackages:\n\n  '@a/b@2.0.0':\n    resolution: {}\n\n  flowise@1.8.0(react@18.0.0):\n    resolution: {}\n\nsnapshots:\n\n  other@3.0.0: {}\n"
    assert _versions(tmp_path / "c", **{"pnpm-lock.yaml": pnpm}) == {"@a/b": "2.0.0", "flowise": "1.8.0"}
    yarn = '# yarn lockfile v1\n\n"@a/b@^2.0.0":\n  version "2.0.0"\n\nflowise@^1.0.0, flowise@^1.8.0:\n  version "1.8.0"\n  resolved "x"\n'
    assert _versions(tmp_path / "d", **{"yarn.lock": yarn}) == {"@a/b": "2.0.0", "flowise": "1.8.0"}


def test_a_package_json_counts_only_without_a_lock(tmp_path: Path) -> None:
    manifest = '{"dependencies": {"flowise": "^1.8.0", "n8n": "1.0.0"}}'
    assert _versions(tmp_path / "a", **{"web/package.json": manifest}) == {"flowise": None, "n8n": "1.0.0"}
    locked = {"web/package.json": manifest, "yarn.lock": 'flowise@^1.8.0:\n  version "1.9.0"\n'}
    assert _versions(tmp_path / "b", **locked) == {"flowise": "1.9.0"}


def test_go_modules_with_replacements(tmp_path: Path) -> None:
    text = "module a\n\ngo 1.22\n\nrequire (\n\tgithub.com/ollama/ollama v0.1.0 // indirect\n\texample.org/x v1.0.0\n)\nrequire example.org/y v2.0.0+incompatible\nreplace example.org/x => ../x\nreplace example.org/y v2.0.0+incompatible => example.org/z v2.0.1\n"
    found = _versions(tmp_path, **{"go.mod": text, "go.sum": "example.org/q v1.0.0 h1:x=\n"})
    assert found == {"github.com/ollama/ollama": "v0.1.0", "example.org/x": None, "example.org/z": "v2.0.1"}


def test_go_sum_alone_says_a_version_where_there_is_one(tmp_path: Path) -> None:
    text = "a.org/a v1.0.0 h1:x=\na.org/a v1.0.0/go.mod h1:y=\nb.org/b v1.0.0 h1:x=\nb.org/b v1.1.0 h1:x=\nc.org/c v3.0.0/go.mod h1:z=\n"
    assert _versions(tmp_path, **{"go.sum": text}) == {"a.org/a": "v1.0.0", "b.org/b": None}


def test_cells_of_notebooks_are_read(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["%pip install redis==1.0"]},
        {"cell_type": "code", "source": ["x = 1\n", "%pip install -q vllm==0.10.1 \\\n", "  'ray[serve]>=2'\n", "!python -m pip install mlflow==2.1.1 # why"]},
        {"cell_type": "code", "source": "print('pip install torch==1.0')"},
    ]  # fmt: skip
    found = _packages(tmp_path, **{"a.ipynb": json.dumps({"cells": cells}, indent=1)})
    assert {n: p.version for n, p in found.items()} == {"vllm": "0.10.1", "ray": None, "mlflow": "2.1.1"}
    assert "vllm==0.10.1" in found["vllm"].evidence.text  # type: ignore[union-attr]  # a file's evidence has a text


def test_install_commands_are_read_wherever_they_stand(tmp_path: Path) -> None:
    dockerfile = "FROM python:3.11\nARG VERSION=0.10.1\nRUN pip install --no-cache-dir vllm==${VERSION} $OTHER pip\n"
    found = _packages(tmp_path, Dockerfile=dockerfile, **{"start.sh": "uv pip install mlflow==2.1.1\n"})
    assert {n: p.version for n, p in found.items()} == {"vllm": "0.10.1", "mlflow": "2.1.1"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("pkg:pypi/vllm@0.10.1", ("PyPI", "vllm", "0.10.1")),
        ("pkg:npm/%40a/b@2.0.0?x=y#z", ("npm", "@a/b", "2.0.0")),
        ("pkg:golang/github.com/ollama/ollama@v0.1.0", ("Go", "github.com/ollama/ollama", "v0.1.0")),
        ("pkg:maven/org.a/b@1", ("Maven", "org.a:b", "1")),
        ("pkg:pypi/vllm", ("PyPI", "vllm", None)),
        ("pkg:pypi/torch@2.6.0%2Bcu124", ("PyPI", "torch", "2.6.0+cu124")),
        ("pkg:oci/image@sha256:0", None),
        ("vllm@0.10.1", None),
        ("pkg:pypi/", None),
    ],
)
def test_a_package_url_is_taken_apart(url: str, expected: tuple[str, str, str | None] | None) -> None:
    assert sbom.package_url(url) == expected


def test_bills_of_materials_are_read(tmp_path: Path) -> None:
    cyclonedx = {
        "bomFormat": "CycloneDX",
        "components": [{"purl": "pkg:pypi/vllm@0.10.1", "components": [{"purl": "pkg:npm/n8n@1.0.0"}]}, {"name": "x"}],
    }
    found = _packages(tmp_path / "a", **{"bom.json": json.dumps(cyclonedx, indent=1)})
    assert {n: p.version for n, p in found.items()} == {"vllm": "0.10.1", "n8n": "1.0.0"}
    assert found["vllm"].evidence.where.startswith("bom.json:5:")
    spdx = {
        "spdxVersion": "SPDX-2.3",
        "packages": [{"externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:pypi/vllm@0.10.1"}]}],
    }
    assert _versions(tmp_path / "b", **{"a.spdx.json": json.dumps(spdx)}) == {"vllm": "0.10.1"}
    assert _versions(tmp_path / "c", **{"bom.json": '{"other": 1}'}) == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("poetry.lock", "[[package]\n"),
        ("uv.lock", "x = 1\n"),
        ("Pipfile.lock", "{"),
        ("package-lock.json", "{"),
        ("package-lock.json", "[" * 100_000),
        ("pnpm-lock.yaml", "packages:\n"),
        ("go.mod", "require (\n\ta v1.0.0\n"),
        ("go.mod", "require nonsense\n"),
        ("bom.json", '{"bomFormat": '),
        ("a.ipynb", '{"cells": [{"source": "pip"'),
        ("pyproject.toml", "[project\n"),
        ("setup.cfg", "x = 1\n"),
    ],
)
def test_a_damaged_file_is_unread_and_never_empty(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    graph, unread, _, _ = files.collect([tmp_path], COMPONENTS)
    assert graph.packages == ()
    assert [u.place for u in unread] == [name]


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (requirements, "requirements.txt"),
        (python_projects, "pyproject.toml"),
        (python_projects, "setup.cfg"),
        (python_locks, "uv.lock"),
        (python_locks, "Pipfile.lock"),
        (conda, "environment.yml"),
        (node_locks, "package-lock.json"),
        (node_locks, "pnpm-lock.yaml"),
        (node_locks, "yarn.lock"),
        (go_modules, "go.mod"),
        (notebooks, "a.ipynb"),
        (sbom, "bom.json"),
    ],
)
@settings(max_examples=40, deadline=None)
@given(
    text=st.one_of(
        st.text(max_size=200),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["package", "packages", "dependencies", "default", "cells", "source", "components", "name", "version", "bomFormat"]),
                inner,
                max_size=4,
            ),
            max_leaves=12,
        ).map(json.dumps),
    )
)  # fmt: skip
def test_no_text_breaks_a_format(form, name: str, text: str) -> None:  # type: ignore[no-untyped-def]  # a module
    file = File(Source.of(name, text), lambda _: None)
    try:
        packages = form.collect(file, {}).packages
    except tree.Unreadable:
        packages = ()
    assert all(package.name for package in packages)


def test_the_packages_of_an_environment_are_read_without_starting_it(tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "python3.11" / "site-packages" / "vllm-0.10.1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: vLLM\nVersion: 0.10.1\n")
    interpreter = tmp_path / "bin" / "python"
    interpreter.parent.mkdir()
    interpreter.write_text("no program")
    for place in (tmp_path, interpreter):
        found = environment.collect(str(place)).packages
        assert [(p.name, p.version, p.asset.kind) for p in found] == [("vllm", "0.10.1", "host")]


def test_the_running_environment_knows_its_own_test_runner() -> None:
    assert "pytest" in {package.name for package in environment.collect(environment.RUNNING).packages}


def test_a_place_without_an_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(environment.NoEnvironment, match="no Python environment"):
        environment.collect(str(tmp_path))
