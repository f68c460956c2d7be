"""Shell scripts: what they do, and what they start.

A script is read as text, never run. Sourced files and functions' arguments are not followed: words that depend on them stay unknown.
"""

from collections.abc import Mapping
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.scan import shell
from undercroft.scan.collect.files import tree, units
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.started import first_words, process, run
from undercroft.scan.graph import Graph, Text, Workload
from undercroft.scan.scripts import Command, Script, program

_ENDINGS = (".sh", ".bash", ".ksh", ".zsh", ".sh.tpl", ".sh.tmpl", ".sh.j2", ".sh.in", ".bash.j2")


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """Files named as shell scripts."""
    return path.lower().endswith(_ENDINGS)


def distinct(workloads: list[Workload]) -> tuple[Workload, ...]:
    """Workloads under keys of their own: the second of a name is ``name@2``."""
    seen: dict[str, int] = {}
    found = []
    for workload in workloads:
        key = workload.asset.key
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            workload = replace(workload, asset=replace(workload.asset, key=f"{key}@{seen[key]}"))  # noqa: PLW2901 - the same one, renamed
        found.append(workload)
    return tuple(found)


def _starts(
    command: Command,
    environment: Mapping[str, Text],
    path: str,
    known: frozenset[str],
    components: Mapping[str, ComponentFact],
) -> Workload | None:
    if command.printed or not command.words:
        return None
    begin = command.begin
    given = {**environment, **command.assignments}
    for word in command.words[:begin]:
        name, equals, value = (word.value or "").partition("=")
        if equals and name.isidentifier():
            given[name] = replace(word, value=value, span=None)
    started = run(command, given, "shell", path, components)
    if started is not None:
        return started
    bare = command.bare
    if not bare or program(bare[0]) not in known:
        return None
    return process(
        command.words[begin:], given, command.words[begin].evidence or command.evidence, "shell", path, components
    )


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """The script, the servers and containers it starts, and the units it writes."""
    source = file.source
    reason = shell.refused(source.text)
    if reason:
        raise tree.Unreadable(reason)
    reading = shell.read(source, shell.Block.whole(source))
    asset = Asset(f"shell:{source.path}", "script", source.path)
    script = Script(asset, "shell", source.path, reading.commands, reading.exported, 1)
    known = first_words(components)
    workloads = [
        started
        for command in reading.commands
        if (started := _starts(command, reading.exported, source.path, known, components)) is not None
    ]
    for document in reading.documents:
        if units.is_unit(document.path):
            workloads += units.workloads(source, document.block, document.path, components)
    return Graph(workloads=distinct(workloads), scripts=(script,))
