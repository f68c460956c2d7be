"""JSON and YAML inside other files, and JSON trees, as cloud values with places."""

import re

from undercroft.scan.cloud import Field, Place, Scalar
from undercroft.scan.collect.files import tree
from undercroft.scan.collect.files.source import Source

_INTERPOLATION = re.compile(r"\$\{[^{}]*\}")


def place(node: tree.Node, secrets: tuple[str, ...] = ()) -> Place:
    """Where a node stands."""
    end = node.end_column if node.end_line == node.line else 0
    return Place(node.source.path, node.line, node.column, end, node.source.line(node.line), secrets)


def scalar(node: tree.Node) -> Scalar:
    """A scalar with the type YAML gives it."""
    text = node.scalar
    if text is None or not node.plain:
        return text
    if node.boolean is not None:
        return node.boolean
    if re.fullmatch(r"-?\d+", text):
        return int(text) if len(text) < 300 else text
    return text


MAX_VALUES = 50_000
"""Values read of one document, those that aliases repeat counted again."""


def fielded(node: tree.Node, secrets: tuple[str, ...] = (), depth: int = 0, budget: list[int] | None = None) -> Field:
    """A tree of nodes as values. An alias is followed, 20 levels deep."""
    where = place(node, secrets)
    budget = [MAX_VALUES] if budget is None else budget
    budget[0] -= 1
    if depth > 20 or budget[0] < 0:
        return Field(where, None, False, "nested too deep")
    if node.pairs is not None:
        return Field(where, members={key: fielded(value, secrets, depth + 1, budget) for key, value in node.entries()})
    if node.items is not None:
        return Field(where, items=tuple(fielded(item, secrets, depth + 1, budget) for item in node.each()))
    text = node.scalar or ""
    if _INTERPOLATION.search(text):
        return Field(where, None, False, "part of it is filled in later", text, literal=False)
    return Field(where, scalar(node))


def documents(text: str, source: Source, before: int, secrets: tuple[str, ...]) -> tuple[Field, ...]:
    """What a text of JSON holds, with places: it begins ``before`` lines below the top of its file. Nothing for other texts."""
    if text.lstrip()[:1] not in {"{", "["}:
        return ()
    moved = Source(source.path, "\n" * before + text.replace("\t", " "), source.lines)
    try:
        return tuple(fielded(node, secrets) for node in tree.read(moved))
    except tree.Unreadable:
        return ()
