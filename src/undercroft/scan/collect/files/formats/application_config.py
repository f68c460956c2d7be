"""A component's own configuration file: recognised by its name and keys, read into the settings the catalogue knows.

Which file belongs to whom is the catalogue's (``config_files``); a component's folder adds its files here without a line of code.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache

from undercroft.catalogue import loader
from undercroft.catalogue.schema import ComponentFact, ConfigFile
from undercroft.model.asset import Asset, Certainty, Component
from undercroft.model.exposure import Exposure, Reach
from undercroft.scan.collect.files import configuration
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.interpolate import interpolate
from undercroft.scan.graph import Graph, Listener, Running, Text, Workload
from undercroft.scan.identify import binds_to_loopback, ports
from undercroft.scan.settings import Invocation, resolve


@cache
def _keys(slug: str, requires: tuple[str, ...]) -> frozenset[str]:
    """Every key the catalogue reads from a component's configuration, and those by which the file is recognised."""
    settings = loader.load().components[slug].settings.values()
    return frozenset(
        {*requires, *(spelling.config for fact in settings for spelling in fact.spellings if spelling.config)}
    )


@cache
def _known() -> tuple[tuple[str, ConfigFile], ...]:
    """(slug, file) of every component, the most telling name first."""
    found = [
        (slug, entry)
        for slug, fact in loader.load().components.items()
        for entry in fact.config_files
        if entry.format in configuration.FORMATS
    ]
    return tuple(sorted(found, key=lambda each: -len(each[1].name)))


@lru_cache(maxsize=4096)
def _named(path: str) -> list[tuple[str, ConfigFile]]:
    name = path.rpartition("/")[2]
    return [
        (slug, entry)
        for slug, entry in _known()
        if fnmatchcase(path if "/" in entry.name else name, entry.name if "/" not in entry.name else f"*{entry.name}")
    ]


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """Files with a name the catalogue knows."""
    return bool(_named(path))


def _running(file: File, fact: ComponentFact, keys: Mapping[str, Text]) -> Running:
    head = file.source.evidence(1)
    component = Component(
        fact.slug,
        None,
        Certainty.UNKNOWN,
        f"its configuration file {file.path.rpartition('/')[2]}, which does not say a version",
        (head,),
    )
    # What the file does not say may be said on the command line: only what it does say is known.
    settings = resolve(fact, None, Invocation((), {}, keys, complete=True, head=head))
    return Running(component, fact, settings)


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """The component this file configures, as a workload whose reach is not in the file."""
    for slug, entry in _named(file.path):
        fact = components.get(slug)
        if fact is None:
            continue
        if entry.requires and not any(key.rpartition(".")[2] in file.source.text for key in entry.requires):
            continue
        wanted = _keys(slug, entry.requires)
        keys = configuration.read(file.source, entry.format, wanted, lambda: file.documents)
        if not set(keys) & wanted or (entry.requires and not set(entry.requires) & set(keys)):
            continue
        running = _running(file, fact, keys)
        if binds_to_loopback((running,)):
            exposure = Exposure(Reach.LOOPBACK, (), "it binds to loopback")
        else:
            exposure = Exposure(None, (), "what stands in front of it is not in this file")
        listeners = tuple(Listener(port, role, exposure) for port, role in ports((running,)).items()) or (
            Listener(None, "", exposure),
        )
        asset = Asset(f"configuration:{file.path}", "configuration", file.path, (running.component,))
        workload = Workload(
            asset,
            "configuration",
            file.source.evidence(1),
            running=(running,),
            listeners=listeners,
            # A credential in a configuration file is judged like one in an environment.
            environment={
                key.rpartition(".")[2]: interpolate(text, {})
                for key, text in keys.items()
                if configuration.telling(key.rpartition(".")[2], text.value)
            },
            words=(),
        )
        return Graph(workloads=(workload,))
    return Graph()
