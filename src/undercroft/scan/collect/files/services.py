"""Compose services as Compose itself puts them together: ``extends``, overrides by their usual names, merge keys, variable files.

The rules are the Compose specification's (https://github.com/compose-spec/compose-spec, ``13-merge.md``, Apache-2.0): mappings are
merged, lists are joined, single values and commands are replaced, ``!reset`` takes away and ``!override`` replaces. Merged nodes keep
the place where they were written, so evidence points at the right file.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace

from undercroft.scan.collect.files import tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import Node

MAX_STEPS = 8
"""Files that ``extends`` may lead through, and merge keys inside merge keys."""
_REPLACED = frozenset({"command", "entrypoint", "test"})
_BY_TARGET = frozenset({"volumes", "devices", "secrets", "configs"})
BASES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""Names Compose looks for, in its order."""
OVERRIDES = {
    base: tuple(f"{stem}.override.{ending}" for ending in ("yml", "yaml"))
    for base in BASES
    for stem in (base.rpartition(".")[0],)
}
"""The file Compose reads on top of each of them when nobody names files."""


def flat(
    node: Node, steps: int = MAX_STEPS, done: dict[int, list[tuple[Node, Node]]] | None = None
) -> list[tuple[Node, Node]]:
    """Keys and values of a mapping with merge keys filled in, also those of the merged; the mapping's own keys win.

    ``done`` keeps a mapping that many aliases name from being worked through more than once.
    """
    done = {} if done is None else done
    if id(node) in done:
        return done[id(node)]
    own: dict[str, tuple[Node, Node]] = {}
    brought: dict[str, tuple[Node, Node]] = {}
    for key, value in node.pairs or ():
        if key.scalar == "<<" and steps:
            for base in value.items if value.items is not None else [value]:
                for pair in flat(base, steps - 1, done):
                    brought.setdefault(pair[0].scalar or "", pair)
        elif key.scalar is not None:
            own[key.scalar] = (key, value)
    done[id(node)] = [*(pair for name, pair in brought.items() if name not in own), *own.values()]
    return done[id(node)]


def _names(node: Node) -> set[str]:
    listed = {(item.scalar or "").partition("=")[0] for item in node.each()}
    return {key.scalar or "" for key, _ in flat(node)} | listed


def _target(node: Node) -> str:
    if node.pairs is not None:
        target = node.get("target") or node.get("source")
        return target.scalar or "" if target else ""
    parts = (node.scalar or "").split(":")
    return parts[1] if len(parts) > 1 else parts[0]


def merged(
    base: Node, over: Node, key: str = "", steps: int = MAX_STEPS, done: dict[tuple[int, int], Node] | None = None
) -> Node:
    """``over`` laid on ``base``. A pair that aliases bring up again is merged once."""
    done = {} if done is None else done
    pair = (id(base), id(over))
    if pair not in done:
        done[pair] = _laid(base, over, key, steps, done)
    return done[pair]


def _laid(base: Node, over: Node, key: str, steps: int, done: dict[tuple[int, int], Node]) -> Node:
    if over.tag == "!override" or steps == 0 or key in _REPLACED:
        return over
    if key in {"environment", "labels", "args", "annotations"} and (base.pairs is None) != (over.pairs is None):
        if base.scalar is not None or over.scalar is not None:
            return over
        taken = _names(over)
        pairs = [p for p in flat(base) if p[0].scalar not in taken] + flat(over)
        items = [i for i in base.each() if (i.scalar or "").partition("=")[0] not in taken] + list(over.each())
        return replace(over, pairs=pairs, items=items)
    if base.pairs is not None and over.pairs is not None:
        found = {k.scalar or "": (k, v) for k, v in flat(base)}
        for k, v in flat(over):
            name = k.scalar or ""
            if v.tag == "!reset":
                found.pop(name, None)
            elif name in found:
                # The key's place is the base's: that is where the service is declared.
                found[name] = (found[name][0], merged(found[name][1], v, name, steps - 1, done))
            else:
                found[name] = (k, v)
        return replace(base, pairs=list(found.values()))
    if base.items is not None and over.items is not None:
        taken = {_target(item) for item in over.each()} if key in _BY_TARGET else set()
        kept = [item for item in base.each() if _target(item) not in taken]
        if key == "environment":
            kept = [item for item in kept if (item.scalar or "").partition("=")[0] not in _names(over)]
        return replace(over, items=[*kept, *over.each()])
    return over


@dataclass(frozen=True, slots=True)
class _Reading:
    """Where a service is looked for: a file's services, and how to open its neighbours."""

    file: File
    folder: str
    """Folder of the read file, relative to the folder of ``file``."""
    services: Node


def document(file: File, path: str) -> Node | None:
    """The Compose document of a neighbour by its path relative to the file's folder; ``None`` when it is not there or unreadable."""
    text = file.beside(path)
    if text is None:
        return None
    shown = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), path))
    try:
        documents = tree.read(Source.of(shown, text))
    except tree.Unreadable:
        return None
    return documents[0] if documents else None


def _extended(reading: _Reading, service: Node, steps: int) -> Node:
    """A service with what it ``extends``."""
    flattened = replace(service, pairs=flat(service))
    link = flattened.get("extends")
    if link is None or steps == 0:
        return flattened
    wanted = link.scalar or ((name.scalar or "") if (name := link.get("service")) else "")
    path = link.get("file")
    there = reading
    if path is not None and path.scalar and "$" not in path.scalar:
        target = posixpath.normpath(posixpath.join(reading.folder, path.scalar))
        found = document(reading.file, target)
        services = found.get("services") if found is not None else None
        if services is None:
            return flattened
        there = _Reading(reading.file, posixpath.dirname(target), services)
    base = there.services.get(wanted)
    if base is None or base.pairs is None or base is service:
        return flattened
    return merged(_extended(there, base, steps - 1), flattened)


def overlays(file: File) -> list[Node]:
    """Documents Compose would read on top of this file without being told."""
    name = posixpath.basename(file.path)
    folder = posixpath.dirname(file.path)
    for candidate in OVERRIDES.get(name, ()):
        if posixpath.join(folder, candidate) in file.paths:
            found = document(file, candidate)
            return [found] if found is not None else []
    return []


def is_overlay(file: File) -> bool:
    """Whether the file is read on top of another one beside it, and so is no project of its own."""
    name, folder = posixpath.basename(file.path), posixpath.dirname(file.path)
    return any(
        name in overrides and posixpath.join(folder, base) in file.paths for base, overrides in OVERRIDES.items()
    )


def services(file: File, compose: Node) -> Iterator[tuple[Node, Node]]:
    """Key and merged definition of every service of a Compose document."""
    layers = [compose, *overlays(file)]
    every: dict[str, tuple[Node, Node]] = {}
    for layer in layers:
        listed = layer.get("services")
        if listed is None or listed.pairs is None:
            continue
        for key, service in flat(listed):
            if service.pairs is None or key.scalar is None:
                continue
            whole = _extended(_Reading(file, "", listed), service, MAX_STEPS)
            before = every.get(key.scalar)
            every[key.scalar] = (key, whole) if before is None else (before[0], merged(before[1], whole))
    yield from every.values()


def networks(compose: Node) -> frozenset[str]:
    """Names of networks that let nothing in or out."""
    listed = compose.get("networks")
    found = set()
    for name, network in listed.entries() if listed else ():
        internal = network.get("internal")
        if internal is not None and internal.boolean:
            found.add(name)
    return frozenset(found)
