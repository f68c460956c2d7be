"""systemd units, wherever they stand: a file of their own, a drop-in, or a here-document that a script writes.

The grammar is systemd.syntax(7): sections, ``Key=value``, a backslash continues, later lines of a list key add and an empty one resets.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.model.setting import Origin, Setting
from undercroft.scan import shell
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.started import process, run
from undercroft.scan.graph import Text, Workload
from undercroft.scan.scripts import Command

_DROP_IN = re.compile(r"(?:^|/)(?P<unit>[\w@.\-]+)\.service\.d/[^/]+\.conf$")
_UNIT = re.compile(r"(?:^|/)(?P<unit>[\w@.\-]+)\.service(?:\.(?:j2|tpl|tmpl|in|template))?$")


def is_unit(path: str) -> bool:
    """Whether a path is a service's unit or a drop-in of one."""
    return _UNIT.search(path) is not None or _DROP_IN.search(path) is not None


@dataclass(frozen=True, slots=True)
class Entry:
    """One assignment."""

    section: str
    key: str
    value: str
    place: shell.Block
    """The value as a block: where each of its lines stands."""


def entries(block: shell.Block) -> list[Entry]:
    """The assignments of a unit, in order. Lines that are none are passed over, as systemd does after a warning."""
    found: list[Entry] = []
    section = ""
    lines = [line.removesuffix("\r") for line in block.text.split("\n")]
    i = 0
    while i < len(lines):
        raw, (number, column) = lines[i], block.places[min(i, len(block.places) - 1)]
        line = raw.strip()
        i += 1
        if not line or line[0] in "#;":
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        key, equals, value = raw.partition("=")
        if not equals:
            continue
        start = len(key) + 1 + len(value) - len(value.lstrip())
        texts, places = [raw[start:]], [(number, column + start)]
        while texts[-1].rstrip().endswith("\\") and i < len(lines):
            if not lines[i].lstrip().startswith(("#", ";")):
                texts.append(lines[i])
                places.append(block.places[min(i, len(block.places) - 1)])
            i += 1
        text = "\n".join(texts)
        found.append(
            Entry(section, key.strip(), re.sub(r"\\\n\s*", " ", text).strip(), shell.Block(text, tuple(places)))
        )
    return found


def _environment(source: Source, found: list[Entry]) -> dict[str, Text]:
    values: dict[str, Text] = {}
    for entry in found:
        if entry.key != "Environment":
            continue
        if not entry.value:
            values.clear()
        try:
            words = shlex.split(entry.value)
        except ValueError:
            words = entry.value.split()
        for word in words:
            name, equals, value = word.partition("=")
            if equals:
                line, column = entry.place.places[0]
                known = (value,) if names_a_secret(name) and is_literal_secret(value) else ()
                templated = "{{" in value
                values[name] = Text(
                    None if templated else value,
                    source.evidence(line, column, known),
                    None,
                    "a template that was not rendered" if templated else "",
                )
    return values


def commands(source: Source, found: list[Entry], environment: Mapping[str, Text]) -> list[Command]:
    """What the unit runs: ``ExecStart`` and its neighbours, special prefixes taken away."""
    made: list[Command] = []
    for entry in found:
        if entry.section != "Service" or not entry.key.startswith("Exec"):
            continue
        stripped = re.sub(r"^[-@:+!|]+", lambda m: " " * len(m[0]), entry.place.text)
        reading = shell.read(source, shell.Block(stripped, entry.place.places), environment)
        made += reading.commands
    return made


def workloads(source: Source, block: shell.Block, path: str, components: Mapping[str, ComponentFact]) -> list[Workload]:
    """The servers a unit starts. A drop-in that starts nothing itself counts for the product its unit is named after."""
    found = entries(block)
    environment = _environment(source, found)
    match = _DROP_IN.search(path) or _UNIT.search(path)
    name = match["unit"] if match else path
    user = None
    for entry in found:
        if entry.section == "Service" and entry.key == "User":
            user = Setting("user", entry.value, Origin.EXPLICIT, (source.evidence(*entry.place.places[0]),))
    if not any(entry.key == "ExecStart" for entry in found):
        return _named(source, block, name, environment, components) if _DROP_IN.search(path) else []
    made: list[Workload] = []
    for command in commands(source, [e for e in found if e.key == "ExecStart"], environment):
        begin = command.begin
        given = {**environment, **command.assignments}
        started = run(command, given, "systemd", source.path, components)
        if started is None and command.words[begin:]:
            started = process(
                command.words[begin:], given, command.evidence, "systemd", source.path, components, name, user
            )
        if started is not None:
            made.append(started)
    return made


def _named(
    source: Source,
    block: shell.Block,
    name: str,
    environment: Mapping[str, Text],
    components: Mapping[str, ComponentFact],
) -> list[Workload]:
    """A drop-in without a command: its unit's name is the program, when the catalogue knows a command that begins with it."""
    argv = next(
        (entry.argv for fact in components.values() for entry in fact.commands if entry.argv[0] == name),
        None,
    )
    if argv is None or not environment:
        return []
    head = source.evidence(*block.places[0])
    words = tuple(Text(word, head, None, literal=False) for word in argv)
    started = process(words, environment, head, "systemd", source.path, components, name)
    return [started] if started is not None else []
