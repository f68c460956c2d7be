"""Kustomize: an overlay's images and patches win over what its bases write.

Done: ``resources``, ``bases``, ``components``, ``images``, and strategic-merge patches kept in files, by kind, name and container.
Where several overlays of one base disagree, the base is told as it is written: each of them is a deployment of its own. JSON patches,
generators, replacements and remote bases are not followed. The grammar is https://kubectl.docs.kubernetes.io/references/kustomize/.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Certainty, Component
from undercroft.model.evidence import FileEvidence
from undercroft.scan.cluster import Overlay, Retag
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Graph, Text, Workload

_NAMES = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """Files of Kustomize's own names."""
    return posixpath.basename(path) in _NAMES


def _texts(node: Node | None) -> Iterator[str]:
    for item in node.each() if node is not None else ():
        path = item.get("path")
        text = item.scalar or (path.scalar if path is not None else None)
        if text and "\n" not in text and "://" not in text:
            yield text


def _retags(document: Node) -> Iterator[Retag]:
    for item in (document.get("images") or Node(document.source, 0, 0)).each():
        name, new, tag, digest = (item.get(key) for key in ("name", "newName", "newTag", "digest"))
        place = digest or tag or new
        if name is None or not name.scalar or place is None or not place.scalar:
            continue
        value = new.scalar if new is not None and new.scalar else name.scalar
        value = f"{value}@{place.scalar}" if place is digest else f"{value}:{place.scalar}" if place is tag else value
        yield Retag(name.scalar, value, place.evidence(), place.text().span)


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The overlay a Kustomization is."""
    document = next(iter(file.documents), None)
    if document is None or document.pairs is None:
        return Graph()
    folder = posixpath.dirname(file.path)

    def inside(*keys: str) -> tuple[str, ...]:
        found = (text for key in keys for text in _texts(document.get(key)))
        return tuple(posixpath.normpath(posixpath.join(folder, text)) for text in found)

    overlay = Overlay(
        folder,
        inside("resources", "bases", "components"),
        inside("patches", "patchesStrategicMerge"),
        tuple(_retags(document)),
    )
    return Graph(overlays=(overlay,))


def _files(overlay: Overlay, by_folder: Mapping[str, Overlay]) -> tuple[set[str], list[Overlay]]:
    """Every file the overlay takes, and the Kustomizations on the way, innermost first."""
    files: set[str] = set()
    way, queue, seen = [overlay], [overlay], {overlay.folder}
    for each in queue:
        for path in each.resources:
            below = by_folder.get(path)
            if below is None:
                files.add(path)
            elif below.folder not in seen:
                seen.add(below.folder)
                queue.append(below)
                way.append(below)
    return files, way[::-1]


def _file(workload: Workload) -> str:
    return workload.head.file if isinstance(workload.head, FileEvidence) else ""


def _moved(component: Component) -> Component:
    """The component without the version that the base's tag told: another image runs."""
    return replace(component, version=None, certainty=Certainty.UNKNOWN, reason="an overlay sets the image")


def _changed(workload: Workload, way: list[Overlay], patches: Mapping[str, list[Workload]]) -> Workload:
    for overlay in way:
        for path in overlay.patches:
            for patch in patches.get(path, ()):
                if patch.asset.name == workload.asset.name:
                    workload = replace(
                        workload,
                        container={**workload.container, **patch.container},
                        environment={**workload.environment, **patch.environment},
                        image=patch.image or workload.image,
                    )
        image = workload.image
        for retag in overlay.images:
            if image is not None and image.value and image.value.partition("@")[0].partition(":")[0] == retag.name:
                running = tuple(replace(r, component=_moved(r.component)) for r in workload.running)
                workload = replace(workload, image=Text(retag.value, retag.evidence, retag.span), running=running)
    return workload


def link(graph: Graph) -> Graph:
    """The workloads as the outermost overlays make them, where those agree."""
    if not graph.overlays:
        return graph
    by_folder = {overlay.folder: overlay for overlay in graph.overlays}
    taken = {path for overlay in graph.overlays for path in overlay.resources}
    outer = [overlay for overlay in graph.overlays if overlay.folder not in taken]
    ways = [_files(overlay, by_folder) for overlay in outer]
    patches: dict[str, list[Workload]] = {}
    named = {path for overlay in graph.overlays for path in overlay.patches}
    for workload in graph.workloads:
        if _file(workload) in named:
            patches.setdefault(_file(workload), []).append(workload)
    found, used = [], set()
    for workload in graph.workloads:
        through = [way for files, way in ways if _file(workload) in files]
        results = [_changed(workload, way, patches) for way in through]
        agreed = bool(results) and all(result == results[0] for result in results)
        if agreed:
            used |= {path for way in through for overlay in way for path in overlay.patches}
        found.append(results[0] if agreed else workload)
    joined = {w.asset.name for w in found if _file(w) not in named}
    return replace(
        graph,
        workloads=tuple(w for w in found if _file(w) not in used or w.asset.name not in joined),
    )
