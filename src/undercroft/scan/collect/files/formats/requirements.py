"""Requirements files of pip: what is installed, by name and version.

The format is pip's (https://pip.pypa.io/en/stable/reference/requirements-file-format/): a comment begins at `` #``, a backslash joins
lines, ``-r`` includes a file and ``-c`` one whose versions hold for what others ask for. Nothing outside the scanned root is read.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Certainty
from undercroft.scan.collect.files import listed
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Graph
from undercroft.scan.inventory import Asked, Package, requirement

MAX_INCLUDES = 50
"""Files included by one; pip itself has no bound, people stay below ten."""

_NAME = re.compile(r"^(?:[\w.\-]*requirements?[\w.\-]*|reqs?(?:[\-_.][\w.\-]+)?)\.(?:txt|in|pip)$")
_OPTION = re.compile(r"\s--?(?:hash|config-settings|global-option|install-option|no-binary|only-binary)\b")
_FILE = re.compile(r"^(?:(?P<short>-[rc])\s*=?\s*|--(?P<long>requirement|constraint)(?:\s*=\s*|\s+))(?P<path>\S.*)$")


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """``requirements.txt``, ``dev-requirements.txt``, ``requirements/base.txt`` and their like."""
    low = path.lower()
    folder, _, name = low.rpartition("/")
    if _NAME.match(name):
        return True
    return folder.rpartition("/")[2] == "requirements" and name.endswith((".txt", ".in"))


def _logical(source: Source) -> Iterator[tuple[int, str]]:
    """Lines joined at backslashes, comments taken away, with the number of the first."""
    first, parts = 0, list[str]()
    for number, line in enumerate(source.lines, start=1):
        first = first or number
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            parts.append(line[:-1])
            continue
        parts.append("" if comment else line)
        text = re.sub(r"(?:^|\s)#.*$", "", " ".join(parts)).strip()
        if text:
            yield first, text
        first, parts = 0, []
    if parts and (text := " ".join(parts).strip()):
        yield first, text


def _beside(file: File, base: str, name: str) -> tuple[str, Source] | None:
    """A file named from another: its path relative to the scanned root, and its text."""
    if "://" in name or posixpath.isabs(name):
        return None
    near = posixpath.normpath(posixpath.join(base, name))
    text = file.beside(near)
    shown = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), near))
    return None if text is None else (near, Source.of(shown, text))


def _read(file: File) -> tuple[list[tuple[Source, int, str, Asked | None]], dict[str, str]]:
    """Every requirement with its place, and what the constraints pin."""
    found: list[tuple[Source, int, str, Asked | None]] = []
    pinned: dict[str, str] = {}
    todo = [(".", file.source, False)]
    seen = {file.path}
    while todo:
        near, source, constrains = todo.pop(0)
        for number, text in _logical(source):
            include = _FILE.match(text)
            if include is not None:
                other = _beside(file, posixpath.dirname(near), include["path"].strip().strip("\"'"))
                holds = constrains or include["short"] == "-c" or include["long"] == "constraint"
                if other is None or other[1].path in seen or len(seen) > MAX_INCLUDES:
                    continue
                if not holds and other[1].path in file.paths and wants(other[1].path, file.paths):
                    continue  # it is read for itself
                seen.add(other[1].path)
                todo.append((other[0], other[1], holds))
                continue
            if text.startswith("-"):
                continue
            asked = requirement(_OPTION.split(text, maxsplit=1)[0].strip())
            if constrains and asked is not None and asked.version is not None:
                pinned[asked.name] = asked.version
            elif not constrains:
                found.append((source, number, text, asked))
    return found, pinned


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The packages the file asks for. A line that is no requirement, such as a path, is passed over as something unnamed."""
    packages: list[Package] = []
    found, pinned = _read(file)
    for source, number, text, asked in found[: listed.MOST]:
        if asked is None:
            continue
        bound = asked
        if asked.version is None and asked.name in pinned:
            reason = f"constraint {asked.name}=={pinned[asked.name]}"
            bound = Asked(asked.name, pinned[asked.name], Certainty.EXACT, reason, asked.marker)
        packages.append(listed.placed(source, bound, number, hashed="--hash" in text))
    return Graph(packages=tuple(packages))
