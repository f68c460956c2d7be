"""Notebooks: what their cells install, with ``%pip``, ``!pip`` and their like. Cells are read, never run."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from undercroft.catalogue.schema import ComponentFact
from undercroft.scan.collect.files import listed, tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.graph import Graph
from undercroft.scan.installs import operands
from undercroft.scan.inventory import Package

_INSTALL = re.compile(
    r"^\s*[%!]{1,2}\s*(?:sudo\s+)?(?:\S*python[\d.]*\s+-m\s+|\{sys\.executable\}\s+-m\s+)?(?:uv\s+)?pip[\d.]*\s+install\s+(?P<rest>.*)$"
)


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """By the ending."""
    return path.endswith(".ipynb")


def _cells(file: File) -> Iterator[list[str]]:
    """Lines of each code cell."""
    try:
        document = json.loads(file.source.text)
    except json.JSONDecodeError as error:
        raise tree.Unreadable(f"line {error.lineno}, column {error.colno}: no JSON: {error.msg}") from error
    except RecursionError as error:
        raise tree.Unreadable("nested deeper than the parser goes") from error
    cells: Any = document.get("cells") if isinstance(document, dict) else None
    for cell in cells if isinstance(cells, list) else ():
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        written = cell.get("source")
        parts = written if isinstance(written, list) else [written]
        yield "".join(part for part in parts if isinstance(part, str)).splitlines()


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The packages the cells install."""
    if "pip" not in file.source.text:
        return Graph()
    places = listed.Places(file.source)
    packages: list[Package] = []
    for lines in _cells(file):
        for i, line in enumerate(lines):
            match = _INSTALL.match(line)
            if match is None:
                continue
            rest = match["rest"]
            for more in lines[i + 1 : i + 200]:
                if not rest.rstrip().endswith("\\"):
                    break
                rest = rest.rstrip()[:-1] + " " + more
            number, _ = places.find(json.dumps(line, ensure_ascii=False)[1:-1])
            for word in operands(_words(rest)):
                package = listed.asked(file.source, word, number)
                if package is not None:
                    packages.append(package)
    return Graph(packages=tuple(packages))
