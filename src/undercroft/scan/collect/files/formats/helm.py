"""Helm charts: templates rendered with the chart's own values, then read as the manifests they become."""

from collections.abc import Mapping

from undercroft.catalogue.schema import ComponentFact
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.formats import kubernetes
from undercroft.scan.collect.files.helm import chart
from undercroft.scan.collect.files.kube import objects
from undercroft.scan.graph import Graph


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """YAML files below a folder ``templates``."""
    return chart.is_template(path)


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """Every object the template comes out as. What depends on values nobody wrote down is unknown, not absent."""
    if "apiVersion" not in file.source.text:
        return Graph()
    return Graph.joined(
        part
        for document in file.documents
        if objects.is_manifest(document)
        for part in kubernetes.parts(document, components)
    )
