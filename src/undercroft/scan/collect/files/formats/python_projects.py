"""Python projects by what they declare: ``pyproject.toml`` (PEP 621, PEP 735, Poetry), ``setup.cfg`` and ``Pipfile``.

They mostly say ranges. A lock beside them says what is installed; without one the version is unknown.
"""

import configparser
from collections.abc import Iterator, Mapping
from typing import Any

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Certainty
from undercroft.scan.collect.files import listed, tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Graph
from undercroft.scan.inventory import Asked, Package, normal


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """By their names."""
    return path.rpartition("/")[2] in {"pyproject.toml", "setup.cfg", "Pipfile"}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _standard(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(requirement, extra or group) of the standard tables."""
    project = _table(document.get("project"))
    yield from ((text, "") for text in _texts(project.get("dependencies")))
    for kind, tables in (
        ("extra", project.get("optional-dependencies")),
        ("group", document.get("dependency-groups")),
    ):
        for name, wanted in _table(tables).items():
            yield from ((text, f"{kind} {name}") for text in _texts(wanted))


def _named(tables: Iterator[tuple[Any, str]]) -> Iterator[tuple[Asked, str]]:
    """Poetry's and Pipenv's tables: name → version, or a table with one."""
    for table, group in tables:
        for name, value in _table(table).items():
            given = _table(value).get("version", "") if isinstance(value, dict) else value
            if name == "python" or not isinstance(given, str):
                continue
            exact = given.removeprefix("==").strip()
            is_exact = bool(exact) and exact[0].isdigit() and not set(exact) & set("*,<>^~|= ")
            if is_exact:
                yield Asked(normal("PyPI", name), exact, Certainty.EXACT, f'{name} = "{given}"'), group
            else:
                said = f'{name} = "{given}" leaves the version open' if given else "no version is written"
                yield Asked(normal("PyPI", name), None, Certainty.RANGE, said), group


def _poetry(document: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    poetry = _table(_table(document.get("tool")).get("poetry"))
    yield poetry.get("dependencies"), ""
    yield poetry.get("dev-dependencies"), "group dev"
    for name, group in _table(poetry.get("group")).items():
        yield _table(group).get("dependencies"), f"group {name}"


def _setup(source: Source) -> Iterator[tuple[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(source.text)
    except configparser.Error as error:
        raise tree.Unreadable(f"no setup.cfg: {str(error).splitlines()[0]}") from error
    if parser.has_option("options", "install_requires"):
        yield from ((text, "") for text in parser["options"]["install_requires"].splitlines())
    if parser.has_section("options.extras_require"):
        for name, value in parser["options.extras_require"].items():
            yield from ((text, f"extra {name}") for text in value.splitlines())


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The packages the project asks for."""
    source = file.source
    name = file.path.rpartition("/")[2]
    places = listed.Places(source)
    packages: list[Package] = []
    wanted: Iterator[tuple[str, str]]
    tables: Iterator[tuple[Any, str]] = iter(())
    if name == "setup.cfg":
        wanted = _setup(source)
    else:
        document = listed.toml(source)
        wanted = _standard(document) if name == "pyproject.toml" else iter(())
        pipfile = ((document.get(key), group) for key, group in (("packages", ""), ("dev-packages", "group dev")))
        tables = _poetry(document) if name == "pyproject.toml" else pipfile
    for text, group in wanted:
        package = (
            listed.asked(source, text.strip(), places.find(text.strip())[0], marker=group) if text.strip() else None
        )
        if package is not None:
            packages.append(package)
    for asked, group in _named(tables):
        line = places.find(asked.reason.partition(" leaves")[0])[0]
        packages.append(listed.placed(source, asked, line, marker=group))
    return Graph(packages=tuple(packages[: listed.MOST]))
