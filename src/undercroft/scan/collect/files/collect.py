"""Turns a tree of files into the declared part of the graph: each file goes to the formats that want it."""

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Protocol, cast

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.result import Unread
from undercroft.scan.collect.files import formats, tree, walk
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Graph


class Format(Protocol):
    """What a module in ``formats`` looks like."""

    def wants(self, path: str, paths: frozenset[str]) -> bool: ...
    def collect(self, file: File, components: Mapping[str, ComponentFact]) -> Graph: ...


@cache
def discover() -> dict[str, Format]:
    """Every format module by its name."""
    names = sorted(info.name for info in pkgutil.iter_modules(formats.__path__))
    return {name: cast("Format", importlib.import_module(f"{formats.__name__}.{name}")) for name in names}


class Collection:
    """What has been read of one root. ``add`` its files, then take the ``graph``."""

    def __init__(self, root: Path, paths: frozenset[str], components: Mapping[str, ComponentFact]) -> None:
        self._root, self._paths, self._components = root, paths, components
        self._parts: list[Graph] = []
        self.unread: list[Unread] = []
        self.sources: dict[str, Source] = {}
        """Files that were read, for inline suppressions."""
        self.files = 0

    def add(self, path: Path, shown: str) -> None:
        """Read one file. A file that no format wants costs a look at its name."""
        wanted = {name: each for name, each in discover().items() if each.wants(shown, self._paths)}
        if not wanted:
            return
        content = walk.text(path, shown)
        if isinstance(content, Unread):
            self.unread.append(content)
            return
        self.files += 1
        file = File(Source.of(shown, content), lambda beside: self._beside(path, beside), self._paths)
        self.sources[shown] = file.source
        refused: list[Unread] = []
        done: set[str] = set()
        for name, each in wanted.items():
            try:
                self._parts.append(each.collect(file, self._components))
                done.add(name)
            except tree.Unreadable as error:
                template = "{{" in content
                reason = f"a template, not YAML: {error}" if template else str(error)
                remedy = "render the chart (helm template) and scan the result" if template else "mend the file"
                refused.append(Unread(shown, reason, remedy=remedy))
        self.unread += [Unread(shown, why, partial=True, remedy="mend the file") for why in file.partial]
        # A chart's template is no YAML until it is rendered; once that is done, nobody has missed anything.
        self.unread += [] if file.partial or ("helm" in done and "{{" in content) else refused[:1]

    def _beside(self, path: Path, name: str) -> str | None:
        """A neighbour's text. Nothing outside the scanned root is opened, nor anything behind a link."""
        if PurePosixPath(name).is_absolute():
            return None
        target = Path(os.path.normpath(path.parent / name))
        root = self._root if self._root.is_dir() else self._root.parent
        if not target.is_relative_to(root) or target.is_symlink() or not target.is_file():
            return None
        content = walk.text(target, name)
        return None if isinstance(content, Unread) else content

    def graph(self) -> Graph:
        """Everything read, with what only shows across files filled in."""
        graph = Graph.joined(self._parts)
        for each in discover().values():
            link: Callable[[Graph], Graph] | None = getattr(each, "link", None)
            if link is not None:
                graph = link(graph)
        return graph


def collect(
    roots: Iterable[Path], components: Mapping[str, ComponentFact], progress: Callable[[str], None] = lambda _: None
) -> tuple[Graph, list[Unread], dict[str, Source], int]:
    """Every file below the roots: the graph, what could not be read, the sources, and how many files were read.

    Paths in evidence are relative to their root.
    """
    graphs: list[Graph] = []
    unread: list[Unread] = []
    sources: dict[str, Source] = {}
    count = 0
    for root in roots:
        entries = list(walk.files(root))
        unread += [entry for entry in entries if isinstance(entry, Unread)]
        found = [entry for entry in entries if not isinstance(entry, Unread)]
        collection = Collection(root, frozenset(shown for _, shown in found), components)
        for path, shown in found:
            progress(shown)
            collection.add(path, shown)
        graphs.append(collection.graph())
        unread += collection.unread
        sources |= collection.sources
        count += collection.files
    return Graph.joined(graphs), unread, sources, count


def readable(root: Path) -> bool:
    """Whether ``root`` is there and may be read."""
    return root.exists() and os.access(root, os.R_OK)
