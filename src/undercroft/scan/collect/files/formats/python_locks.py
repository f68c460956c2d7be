"""Locks of Python projects: poetry.lock, uv.lock, pdm.lock, pylock.toml (PEP 751) and Pipfile.lock."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from undercroft.catalogue.schema import ComponentFact
from undercroft.scan.collect.files import listed, tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Graph
from undercroft.scan.inventory import Package

_TABLE = re.compile(r"^\s*\[\[packages?\]\]\s*(?:#.*)?$")
_VERSION = re.compile(r"^\s*version\s*=")


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """By their names."""
    name = path.rpartition("/")[2]
    return name in {"poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock"} or (
        name.startswith("pylock.") and name.endswith("toml")
    )


def _from_source(package: dict[str, Any]) -> str | None:
    """Why a package's version is no released one; empty when it is one; ``None`` for the project itself."""
    origin = package.get("source")
    kinds = set(origin) if isinstance(origin, dict) else set()
    kind = str(origin.get("type", "")) if isinstance(origin, dict) else ""
    if kinds & {"virtual", "editable", "directory", "path"} or kind in {"directory", "file"}:
        return None
    if "git" in kinds or kind in {"git", "hg"} or "vcs" in package or "git" in package:
        return "locked to a commit, which is no released version"
    return ""


def _toml(source: Source) -> Iterator[Package]:
    document = listed.toml(source)
    found = document.get("package", document.get("packages"))
    if not isinstance(found, list):
        raise tree.Unreadable("a lock without packages")
    heads = [number for number, _ in listed.lines(source, _TABLE)]
    for i, package in enumerate(found[: listed.MOST]):
        if not isinstance(package, dict) or not isinstance(package.get("name"), str):
            continue
        doubt = _from_source(package)
        if doubt is None:
            continue
        line = heads[i] if i < len(heads) else 1
        line = next((n for n in range(line, line + 8) if _VERSION.match(source.line(n))), line)
        version = package.get("version") if not doubt else None
        yield listed.locked(source, "PyPI", package["name"], version if isinstance(version, str) else None, line, doubt)


def _pipfile(source: Source) -> Iterator[Package]:
    try:
        document = json.loads(source.text)
    except json.JSONDecodeError as error:
        raise tree.Unreadable(f"line {error.lineno}, column {error.colno}: no JSON: {error.msg}") from error
    except RecursionError as error:
        raise tree.Unreadable("nested deeper than the parser goes") from error
    places = listed.Places(source)
    for group, packages in document.items() if isinstance(document, dict) else ():
        if group == "_meta" or not isinstance(packages, dict):
            continue
        for name, entry in packages.items():
            text = entry.get("version") if isinstance(entry, dict) else entry
            line, column = places.find(f'"{name}"')
            version = text.removeprefix("==") if isinstance(text, str) and text.startswith("==") else None
            yield listed.locked(source, "PyPI", name, version, line, "", column)


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The packages of the lock."""
    read = _pipfile if file.path.endswith("Pipfile.lock") else _toml
    return Graph(packages=tuple(read(file.source)))
