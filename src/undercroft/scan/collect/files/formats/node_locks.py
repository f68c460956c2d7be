"""Locks of Node projects: package-lock.json, npm-shrinkwrap.json, pnpm-lock.yaml and yarn.lock; and package.json where none is beside.

Read by lines where the format is one package a line, so that a lock of a hundred thousand lines costs one pass.
"""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Certainty
from undercroft.scan.collect.files import listed, tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Graph
from undercroft.scan.inventory import Package

_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock")
_RELEASE = re.compile(r"^\d+\.\d+\.\d+(?:[\-+][\w.\-+]+)?$")
_PNPM = re.compile(
    r"^ {2}['\"]?/?(?P<name>(?:@[\w.\-]+/)?[\w.\-]+)[@/](?P<version>\d+\.\d+\.\d+[\w.+\-]*)[^:]*:\s*(?:\{.*)?$"
)
_YARN = re.compile(r"^[\"']?(?P<name>(?:@[^@/\s\"]+/)?[^@/\s\"#]+)@.*:$")
_YARN_VERSION = re.compile(r"^\s+version:?\s+[\"']?(?P<version>[^\s\"']+)[\"']?\s*$")
MAX_DEPTH = 100
"""Levels of nested dependencies in a lock of npm 6 and older."""


def wants(path: str, paths: frozenset[str]) -> bool:
    """By their names; ``package.json`` only where no lock of any kind is beside it or above it."""
    folder, _, name = path.rpartition("/")
    if name in _LOCKS:
        return True
    if name != "package.json":
        return False
    while True:
        if any((f"{folder}/{lock}" if folder else lock) in paths for lock in _LOCKS):
            return False
        if not folder:
            return True
        folder = posixpath.dirname(folder)


def _json(source: Source) -> dict[str, Any]:
    try:
        document = json.loads(source.text)
    except json.JSONDecodeError as error:
        raise tree.Unreadable(f"line {error.lineno}, column {error.colno}: no JSON: {error.msg}") from error
    except RecursionError as error:
        raise tree.Unreadable("nested deeper than the parser goes") from error
    return document if isinstance(document, dict) else {}


def _package_lock(source: Source) -> Iterator[Package]:
    document = _json(source)
    places = listed.Places(source)
    packages = document.get("packages")
    if isinstance(packages, dict):
        for key, entry in packages.items():
            if "node_modules/" not in key or not isinstance(entry, dict) or entry.get("link"):
                continue
            name, version = entry.get("name", key.rpartition("node_modules/")[2]), entry.get("version")
            line, column = places.find(json.dumps(key, ensure_ascii=False) + ":")
            if isinstance(name, str):
                yield _one(source, name, version, line, column)
        return
    todo: list[tuple[Any, int]] = [(document.get("dependencies"), 0)]
    while todo:
        table, depth = todo.pop()
        for name, entry in table.items() if isinstance(table, dict) and depth < MAX_DEPTH else ():
            if isinstance(entry, dict):
                line, column = places.find(json.dumps(name, ensure_ascii=False) + ": {")
                yield _one(source, name, entry.get("version"), line, column)
                todo.append((entry.get("dependencies"), depth + 1))


def _one(source: Source, name: str, version: Any, line: int, column: int = 1) -> Package:
    exact = version if isinstance(version, str) and _RELEASE.match(version) else None
    reason = "" if exact else "locked to an address, which says no released version"
    return listed.locked(source, "npm", name, exact, line, reason, column)


def _pnpm(source: Source) -> Iterator[Package]:
    if not source.text.strip() or "lockfileVersion" not in source.text[:2000]:
        raise tree.Unreadable("line 1: a pnpm lock without lockfileVersion")
    inside = False
    for number, line in enumerate(source.lines, start=1):
        if line and not line[0].isspace() and not line.startswith("#"):
            inside = line.rstrip() == "packages:"
        elif inside and (match := _PNPM.match(line)):
            yield listed.locked(source, "npm", match["name"], match["version"], number, "", 3)


def _yarn(source: Source) -> Iterator[Package]:
    name, begun, some = "", 0, False
    for number, line in enumerate(source.lines, start=1):
        if line and not line[0].isspace():
            match = _YARN.match(line)
            name, begun = (
                ("", 0) if match is None or "@workspace:" in line or "@link:" in line else (match["name"], number)
            )
        elif name and (match := _YARN_VERSION.match(line)):
            some = True
            yield _one(source, name, match["version"], begun)
            name = ""
    if not some and re.search(r"^\S+@", source.text, re.MULTILINE) and "version" not in source.text:
        raise tree.Unreadable("line 1: a yarn lock without versions")


def _manifest(source: Source) -> Iterator[Package]:
    document = _json(source)
    places = listed.Places(source)
    for table in ("dependencies", "optionalDependencies", "devDependencies"):
        entries = document.get(table)
        for name, wanted in entries.items() if isinstance(entries, dict) else ():
            if not isinstance(wanted, str) or wanted.startswith(("workspace:", "file:", "link:")):
                continue
            line, column = places.find(json.dumps(name, ensure_ascii=False) + ":")
            exact = wanted if _RELEASE.match(wanted) else None
            reason = f"package.json asks for {wanted[:60]}" + ("" if exact else ", which leaves the version open")
            yield Package(
                "npm", name, exact, Certainty.EXACT if exact else Certainty.RANGE, reason, source.evidence(line, column),
                listed.asset(source), marker="group dev" if table == "devDependencies" else "",
            )  # fmt: skip


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The packages of the lock."""
    name = file.path.rpartition("/")[2]
    read = {"pnpm-lock.yaml": _pnpm, "yarn.lock": _yarn, "package.json": _manifest}.get(name, _package_lock)
    found = {(p.name, p.version): p for p in reversed(list(read(file.source)))}
    return Graph(packages=tuple(reversed(found.values())))
