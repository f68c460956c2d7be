"""Values files on their own: what the well-known keys of charts say, whatever the templates make of it.

The keys are those of ``helm create`` and of the conventions published charts follow (https://helm.sh/docs/chart_best_practices/values/,
Apache-2.0). A key that is missing says nothing: the chart has its own default. Only what is written is a fact.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from undercroft.scan.collect.files.tree import Node

MAX_NODES = 50_000
"""Nodes looked at in one values file; the largest published one has some 10,000."""

_SHAPES = frozenset({"NodePort", "LoadBalancer", "ClusterIP", "ExternalName"})
_IMAGE_KEY = re.compile(r"(?i)(^|_|[a-z])image$")
_REFERENCE = re.compile(
    r"^[a-z0-9][\w.\-]*(?::\d+)?(?:/[\w.\-]+)+(?::[\w.\-]+)?(?:@sha256:[0-9a-f]{64})?$|^[a-z0-9][\w.\-/]*:[\w.\-]+$"
)


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping of a values file with its place in it."""

    node: Node
    path: tuple[str, ...]
    active: bool
    """False where an ``enabled: false`` above or in it switches the part off."""
    around: bool = True
    """The same, of what stands above it alone."""

    @property
    def name(self) -> str:
        return ".".join(self.path)


def sections(document: Node) -> Iterator[Section]:
    """Every mapping of the file, outermost first."""
    queue = [Section(document, (), active=True)]
    for looked, section in enumerate(queue):
        if looked > MAX_NODES:
            return
        switch = section.node.get("enabled")
        off = switch is not None and switch.boolean is False
        here = Section(section.node, section.path, section.active and not off, section.active)
        yield here
        for key, value in section.node.entries():
            path = (*section.path, key)
            if len(path) > 40:
                continue
            if value.pairs is not None:
                queue.append(Section(value, path, here.active))
            else:
                queue += [
                    Section(item, (*path, str(i)), here.active)
                    for i, item in enumerate(value.each())
                    if item.pairs is not None
                ]


def is_values(path: str, document: Node) -> bool:
    """Whether a document is a chart's values: by the file's name, or by the shape of what stands in it."""
    if document.pairs is None or document.get("apiVersion") is not None or document.get("$schema") is not None:
        return False
    if any(document.get(key) is not None for key in ("services", "jobs", "version", "on", "steps", "AWSTemplateFormatVersion", "openapi")) and document.get("image") is None:  # fmt: skip
        return False
    name = path.lower().rpartition("/")[2]
    return (
        "values" in name or "/values/" in f"/{path.lower()}" or any(_shaped(value) for _, value in _shallow(document))
    )


def _shallow(document: Node) -> Iterator[tuple[str, Node]]:
    for key, value in document.entries():
        yield key, value
        yield from value.entries()


def _shaped(node: Node) -> bool:
    """A service with a Kubernetes type, or an image in Helm's three parts."""
    kind, repository = node.get("type"), node.get("repository")
    typed = kind is not None and kind.scalar in _SHAPES
    return typed or (repository is not None and node.get("tag") is not None and repository.scalar is not None)


@dataclass(frozen=True, slots=True)
class Image:
    """An image as values write it."""

    value: str
    place: Node | None
    """The node that decides the version; ``None`` when the chart does."""


def image(section: Section) -> Image | None:
    """The image a section runs: ``image: {repository, tag}``, ``image: name:tag``, or the parts in the section itself."""
    node = section.node
    held = node.get("image")
    if held is not None and held.pairs is not None:
        return _parts(held)
    if held is not None and held.scalar and not held.is_template and _REFERENCE.match(held.scalar):
        return _whole(node, held)
    if (
        section.path[-1:] != ("image",)
        and node.get("repository") is not None
        and (node.get("tag") or node.get("modelURL"))
    ):
        return _parts(node)
    return None


def _whole(node: Node, held: Node) -> Image:
    tag = node.get("imageTag") or node.get("tag")
    if tag is not None and tag.scalar and ":" not in (held.scalar or "").rpartition("/")[2]:
        return Image(f"{held.scalar}:{tag.scalar}", tag)
    return Image(held.scalar or "", held)


def _parts(node: Node) -> Image | None:
    repository = node.get("repository") or node.get("name")
    if repository is None or not repository.scalar or repository.is_template:
        return None
    registry, tag, digest = node.get("registry"), node.get("tag") or node.get("version"), node.get("digest")
    value = repository.scalar
    if registry is not None and registry.scalar:
        value = f"{registry.scalar}/{value}"
    if digest is not None and digest.scalar:
        return Image(f"{value}@{digest.scalar}", digest)
    if tag is None or not tag.scalar:
        inside = ":" in value.rpartition("/")[2]
        return Image(value, repository if inside else None)
    return Image(f"{value}:{tag.scalar}", tag)


def lone_images(section: Section) -> Iterator[tuple[str, Node]]:
    """Keys such as ``torchserve_image`` that hold a whole reference."""
    for key, value in section.node.entries():
        if (
            key != "image"
            and _IMAGE_KEY.search(key)
            and value.scalar
            and _REFERENCE.match(value.scalar)
            and ":" in value.scalar
        ):
            yield key, value
