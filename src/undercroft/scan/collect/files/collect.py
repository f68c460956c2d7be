"""Turns a tree of files into the declared part of the graph: each file goes to the formats that recognise it."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.result import Unread
from undercroft.scan.collect.files import compose, dockerfile, kubernetes, routes, tree, walk
from undercroft.scan.collect.files.interpolate import dotenv
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Graph, Secret, Workload

_YAML = (".yaml", ".yml", ".json")


class Collection:
    """What has been read so far. ``add`` files, then take the ``graph``."""

    def __init__(self, components: Mapping[str, ComponentFact]) -> None:
        self._components = components
        self._workloads: list[Workload] = []
        self._manifests: list[kubernetes.Manifests] = []
        self._secrets: list[Secret] = []
        self.unread: list[Unread] = []
        self.sources: dict[str, Source] = {}
        """Files in which something was recognised, for inline suppressions."""
        self.files = 0

    def add(self, path: Path, shown: str) -> None:
        """Read one file. A file nobody recognises by name costs one look at its name."""
        is_yaml, is_image = shown.lower().endswith(_YAML), dockerfile.is_dockerfile(path.name)
        if not (is_yaml or is_image):
            return
        content = walk.text(path, shown)
        if isinstance(content, Unread):
            self.unread.append(content)
            return
        self.files += 1
        if shown.lower().endswith(".json") and '"apiVersion"' not in content and '"services"' not in content:
            return
        source = Source.of(shown, content)
        if is_image:
            self.sources[shown] = source
            self._workloads += dockerfile.collect(source, self._components)
            return
        try:
            documents = tree.read(source)
        except tree.Unreadable as error:
            template = "{{" in content
            remedy = "render the chart (helm template) and scan the result" if template else "mend the file"
            self.unread.append(
                Unread(shown, f"a template, not YAML: {error}" if template else str(error), remedy=remedy)
            )
            return
        for document in documents:
            self._document(path, source, document)

    def _document(self, path: Path, source: Source, document: tree.Node) -> None:
        if compose.is_compose(document):
            self.sources[source.path] = source
            variables = self._variables(path)
            self._workloads += compose.collect(source, document, self._components, variables)
        elif kubernetes.is_manifest(document):
            self.sources[source.path] = source
            self._manifests.append(kubernetes.collect(source, document, self._components))
            kind, name = document.get("kind"), document.get("metadata", "name")
            for key, text in kubernetes.literal_secrets(source, document):
                title = f"{kind.scalar if kind else '?'}/{name.scalar if name else '?'}"
                self._secrets.append(Secret(Asset(f"kubernetes:{source.path}#{title}", "manifest", title), key, text))

    def _variables(self, path: Path) -> dict[str, str]:
        beside = path.parent / ".env"
        if not beside.is_file() or beside.is_symlink():
            return {}
        content = walk.text(beside, ".env")
        return {} if isinstance(content, Unread) else dotenv(content)

    def graph(self) -> Graph:
        """Everything read, with Services and Ingresses followed to their workloads."""
        manifests = kubernetes.merge(self._manifests)
        return Graph(
            (*self._workloads, *routes.expose(manifests.workloads, manifests.routes)),
            manifests.policies,
            tuple(self._secrets),
        )


def collect(
    roots: Iterable[Path], components: Mapping[str, ComponentFact], progress: Callable[[str], None] = lambda _: None
) -> Collection:
    """Every file below the roots. Paths in evidence are relative to their root."""
    collection = Collection(components)
    for root in roots:
        for entry in walk.files(root):
            if isinstance(entry, Unread):
                collection.unread.append(entry)
                continue
            path, shown = entry
            progress(shown)
            collection.add(path, shown)
    return collection


def readable(root: Path) -> bool:
    """Whether ``root`` is there and may be read."""
    return root.exists() and os.access(root, os.R_OK)
