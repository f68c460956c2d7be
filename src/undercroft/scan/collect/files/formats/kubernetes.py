"""Kubernetes manifests. ``kube`` reads the objects, ``routes`` says who reaches them; templates of charts are ``helm``'s."""

from collections.abc import Mapping
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.scan.collect.files import routes
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.helm import chart
from undercroft.scan.collect.files.kube import objects
from undercroft.scan.graph import Graph


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """YAML and JSON files; what they hold decides the rest."""
    return path.lower().endswith((".yaml", ".yml", ".json")) and not chart.is_template(path)


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """Every Kubernetes object of a file."""
    text = file.source.text
    if file.path.lower().endswith(".json") and '"apiVersion"' not in text:
        return Graph()
    return Graph.joined(
        objects.read(document, components) for document in file.documents if objects.is_manifest(document)
    )


def link(graph: Graph) -> Graph:
    """Services and what leads to them followed to their workloads, across all files."""
    return replace(graph, workloads=routes.expose(graph.workloads, graph.routes))
