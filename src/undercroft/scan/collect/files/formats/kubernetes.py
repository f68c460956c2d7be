"""Kubernetes manifests. ``kube`` reads the objects, ``routes`` says who reaches them; templates of charts are ``helm``'s."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.scan.collect.files import embedded, routes
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.helm import chart
from undercroft.scan.collect.files.kube import objects
from undercroft.scan.collect.files.tree import Node, Unreadable
from undercroft.scan.graph import Graph

_OWN = frozenset({"kubernetes", "helm", "helm_values", "kustomize"})
"""Formats that do not lie in a ConfigMap."""


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """YAML and JSON files; what they hold decides the rest."""
    return path.lower().endswith((".yaml", ".yml", ".json")) and not chart.is_template(path)


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """Every Kubernetes object of a file."""
    text = file.source.text
    if file.path.lower().endswith(".json") and '"apiVersion"' not in text:
        return Graph()
    return Graph.joined(
        part for document in file.documents if objects.is_manifest(document) for part in parts(document, components)
    )


def parts(document: Node, components: Mapping[str, ComponentFact]) -> Iterator[Graph]:
    """What an object tells, and what the files inside it tell to the formats they belong to."""
    yield objects.read(document, components)
    kind = document.get("kind")
    if kind is None or kind.scalar != "ConfigMap":
        return
    from undercroft.scan.collect.files.collect import discover  # the formats are found when all are there

    for name, inner in embedded.files(document):
        for slug, each in discover().items():
            if slug not in _OWN and each.wants(name, frozenset({name})):
                with contextlib.suppress(Unreadable):  # the manifest was read; a name alone does not make a format
                    yield each.collect(inner, components)


def link(graph: Graph) -> Graph:
    """Services and what leads to them followed to their workloads, across all files."""
    return replace(graph, workloads=routes.expose(graph.workloads, graph.routes))
