"""Go modules: ``go.mod`` names the version that is built with, ``go.sum`` everything that was ever downloaded.

Minimal version selection makes the ``require`` lines of a tidy ``go.mod`` (Go 1.17 and later) the build list
(https://go.dev/ref/mod#minimal-version-selection); ``replace`` puts another module or version in its place.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping

from undercroft.catalogue.schema import ComponentFact
from undercroft.scan.collect.files import listed, tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Graph
from undercroft.scan.inventory import Package

_REQUIRE = re.compile(r"^\"?(?P<module>[\w.\-~/]+)\"?\s+(?P<version>v\d[\w.\-+]*)$")
_REPLACE = re.compile(r"^\"?(?P<module>[\w.\-~/]+)\"?(?:\s+(?P<version>v\S+))?\s+=>\s+(?P<by>\S+)(?:\s+(?P<at>v\S+))?$")
_SUM = re.compile(r"^(?P<module>\S+) (?P<version>v\S+?) h1:")


def wants(path: str, paths: frozenset[str]) -> bool:
    """``go.mod``; ``go.sum`` only where no ``go.mod`` is beside it."""
    folder, _, name = path.rpartition("/")
    return name == "go.mod" or (name == "go.sum" and posixpath.join(folder, "go.mod") not in paths)


def _directives(source: Source) -> Iterator[tuple[int, str, str]]:
    """(line, directive, rest) with blocks taken apart and comments away."""
    block = ""
    for number, line in enumerate(source.lines, start=1):
        text = line.partition("//")[0].strip()
        if not text:
            continue
        word, _, rest = text.partition(" ")
        if block:
            if text == ")":
                block = ""
            else:
                yield number, block, text
        elif rest.strip() == "(" or text.endswith("("):
            block = word.removesuffix("(")
        else:
            yield number, word, rest.strip()
    if block:
        raise tree.Unreadable(f"line {len(source.lines)}: the {block} block is not closed")


def _module(source: Source) -> Iterator[Package]:
    asked: dict[str, tuple[str, int]] = {}
    replaced: dict[str, tuple[str | None, str, str | None]] = {}
    for number, word, rest in _directives(source):
        if word == "require":
            match = _REQUIRE.match(rest)
            if match is None:
                raise tree.Unreadable(f"line {number}: no module and version: {rest[:60]}")
            asked[match["module"]] = (match["version"], number)
        elif word == "replace" and (match := _REPLACE.match(rest)):
            replaced[match["module"]] = (match["version"], match["by"], match["at"])
    for name, (version, number) in asked.items():
        only, by, at = replaced.get(name, ("", "", None))
        if by and (only is None or only == version):
            if at is not None:
                yield listed.locked(source, "Go", by, at, number, f"replaces {name} {version}")
            else:
                yield listed.locked(source, "Go", name, None, number, "replaced by a folder, which says no version")
        else:
            yield listed.locked(source, "Go", name, version, number)


def _sums(source: Source) -> Iterator[Package]:
    found: dict[str, dict[str, int]] = {}
    for number, match in listed.lines(source, _SUM):
        if not match["version"].endswith("/go.mod"):
            found.setdefault(match["module"], {})[match["version"]] = number
    for name, versions in found.items():
        version, number = next(iter(versions.items()))
        if len(versions) == 1:
            yield listed.locked(source, "Go", name, version, number, "the only version in go.sum")
        else:
            yield listed.locked(source, "Go", name, None, number, f"go.sum holds {len(versions)} versions of it")


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The modules that are built with."""
    read = _module if file.path.endswith("go.mod") else _sums
    return Graph(packages=tuple(read(file.source))[: listed.MOST])
