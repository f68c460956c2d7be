"""systemd service units and their drop-ins."""

from collections.abc import Mapping

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.scan import shell
from undercroft.scan.collect.files import tree, units
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.formats.shell import distinct
from undercroft.scan.graph import Graph
from undercroft.scan.scripts import Script


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """Files named ``*.service``, templates of them, and ``*.conf`` below ``*.service.d``."""
    return ".service" in path and units.is_unit(path)


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """The servers the unit starts, and its commands as a script."""
    source = file.source
    reason = shell.refused(source.text)
    if reason:
        raise tree.Unreadable(reason)
    block = shell.Block.whole(source)
    found = units.entries(block)
    commands = units.commands(source, found, {})
    script = Script(
        Asset(f"systemd:{source.path}", "unit", source.path), "systemd", source.path, tuple(commands), {}, 1
    )
    return Graph(
        workloads=distinct(units.workloads(source, block, source.path, components)),
        scripts=(script,) if commands else (),
    )
