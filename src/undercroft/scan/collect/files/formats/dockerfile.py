"""Dockerfiles: the last stage becomes a workload that does not run yet, and a build with what it puts into the image."""

from collections.abc import Mapping

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.exposure import Exposure
from undercroft.scan.builds import Build
from undercroft.scan.collect.files import image
from undercroft.scan.collect.files.file import File
from undercroft.scan.graph import Graph, Listener, Text, Workload
from undercroft.scan.identify import Started, identify

_NOBODY_KNOWS = Exposure(None, (), "an image does not say who will reach it")


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """Files named like a Dockerfile."""
    low = path.lower().rpartition("/")[2]
    return (
        low in {"dockerfile", "containerfile"}
        or low.startswith(("dockerfile.", "containerfile.", "dockerfile_", "dockerfile-"))
        or low.endswith((".dockerfile", ".containerfile"))
    ) and not low.endswith((".dockerignore", ".md", ".py", ".sh", ".j2"))


def started(stage: image.Stage) -> Started:
    """How the image of a stage is started when nobody says otherwise."""
    return Started(
        stage.head, stage.origin, stage.entrypoint, stage.command, stage.environment, stage.installed, stage.workdir
    )


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """The image a Dockerfile builds, as a workload; nothing when no stage is there."""
    source = file.source
    stages = image.stages(source, components)
    if not stages:
        return Graph()
    last = stages[-1]
    words, running = identify(started(last), components)
    listeners = [Listener(number, "", _NOBODY_KNOWS, (), None, place) for number, place in last.ports]
    asset = Asset(f"dockerfile:{source.path}", "image", source.path, tuple(r.component for r in running))
    workload = Workload(
        asset, "dockerfile", last.head, last.base, words, last.environment, {"user": last.user}, running,
        tuple(listeners) or (Listener(None, "", _NOBODY_KNOWS),),
    )  # fmt: skip
    arguments: dict[str, Text] = {}
    for stage in stages:
        arguments |= stage.arguments
    return Graph(
        workloads=(workload,), builds=(Build(asset, stages[0].head, arguments, last.copied, last.environment),)
    )
