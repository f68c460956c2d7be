"""The values a template works with, and how they become text without losing where they were written.

A value is a ``Node`` of ``values.yaml``, plain data a function made, a ``Rope`` of placed text, or ``UNKNOWN``. Unknown is
contagious: what it goes into is unknown as well, unless the function ignores it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from undercroft.scan.collect.files.helm.rendered import Piece
from undercroft.scan.collect.files.tree import HOLE, Node, Unreadable

MAX_DUMP = 20_000
"""Nodes one ``toYaml`` writes out; more is no values file but an aliased bomb."""


class _Unknown:
    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
"""A value nobody can tell from the files."""


class Rope(tuple[Piece, ...]):
    """Text in pieces that know their places."""

    __slots__ = ()

    def __str__(self) -> str:
        return "".join(piece.text for piece in self)


Value = Any
"""``Node``, ``Rope``, ``UNKNOWN``, ``None``, ``str``, ``int``, ``float``, ``bool``, ``list`` or ``dict``."""

_PLAIN_SAFE = re.compile(r"^[A-Za-z0-9_./@+\-][\w./@+:\-=,$ %~]*$")
_INT, _FLOAT = re.compile(r"^[+-]?\d{1,18}$"), re.compile(r"^[+-]?(\d+\.\d*|\.\d+|\d+[eE][+-]?\d+)$")


def scalar(node: Node) -> str | int | float | bool | None:
    """A YAML scalar as data."""
    if node.scalar is None or not node.plain:
        return node.scalar
    if node.boolean is not None and node.scalar.lower() in {"true", "false"}:
        return node.boolean
    if _INT.match(node.scalar):
        return int(node.scalar)
    return float(node.scalar) if _FLOAT.match(node.scalar) else node.scalar


def is_map(value: Value) -> bool:
    return isinstance(value, dict) or (isinstance(value, Node) and value.pairs is not None)


def is_list(value: Value) -> bool:
    return (isinstance(value, list)) or (isinstance(value, Node) and value.items is not None)


def plain(value: Value) -> Value:
    """Scalars as data; everything else as it is."""
    if isinstance(value, Rope):
        text = str(value)
        return UNKNOWN if HOLE in text or any(piece.hole for piece in value) else text
    if isinstance(value, Node) and value.pairs is None and value.items is None:
        return UNKNOWN if value.is_template and HOLE in (value.scalar or "") else scalar(value)
    return value


def truth(value: Value) -> bool | None:
    """Go's truth: empty, zero and nil are false. ``None`` when it cannot be known."""
    value = plain(value)
    if value is UNKNOWN:
        return None
    if isinstance(value, Node):
        return bool(value.pairs if value.pairs is not None else value.items)
    return bool(value)


def field(value: Value, name: str) -> Value:
    """``value.name``; nil for what is not there."""
    if value is UNKNOWN:
        return UNKNOWN
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, Node):
        found = value.get(name)
        if found is not None and found.scalar is None and found.pairs is None and found.items is None:
            return None
        return found
    return None


def elements(value: Value) -> Iterator[tuple[Value, Value]] | None:
    """Key and value of each element, maps in the order of their keys as Go ranges over them; ``None`` when unknown."""
    value = plain(value)
    if value is UNKNOWN:
        return None
    if isinstance(value, Node):
        return iter(sorted(value.entries())) if value.pairs is not None else iter(enumerate(value.items or ()))
    if isinstance(value, dict):
        return iter(sorted(value.items(), key=lambda pair: str(pair[0])))
    if isinstance(value, list):
        return iter(enumerate(value))
    return iter(enumerate(range(value))) if isinstance(value, int) and 0 <= value < 1000 else iter(())


def _of(node: Node, text: str) -> Piece:
    exact = node.end_line == node.line and node.scalar is not None
    return Piece(text, node.source, node.line, node.column, value=True, exact=exact, end=node.end_column)


def rope(value: Value) -> "Rope | _Unknown":
    """A value as ``{{ value }}`` prints it."""
    if value is UNKNOWN or isinstance(value, Rope):
        return value
    if isinstance(value, Node):
        if value.pairs is not None or value.items is not None:
            return UNKNOWN
        if value.is_template and HOLE in (value.scalar or ""):
            return UNKNOWN
        return Rope((_of(value, value.scalar or ""),))
    if value is None:
        return Rope()
    if isinstance(value, bool):
        return Rope((Piece("true" if value else "false"),))
    return UNKNOWN if isinstance(value, dict | list) else Rope((Piece(str(value)),))


def like(text: str, *origins: Value) -> Rope:
    """Text a function made from others: placed where the last of them that has a place was written."""
    for origin in reversed(origins):
        if isinstance(origin, Node):
            return Rope((_of(origin, text),)) if origin.scalar == text else Rope((_made(_of(origin, text)),))
        if isinstance(origin, Rope):
            for piece in reversed(origin):
                if piece.source is not None and piece.value:
                    return Rope((_made(piece, text),))
    return Rope((Piece(text),))


def _made(piece: Piece, text: str | None = None) -> Piece:
    return Piece(piece.text if text is None else text, piece.source, piece.line, piece.column, value=piece.value)


def _quoted(text: str) -> str:
    if _PLAIN_SAFE.match(text) and not text.endswith((" ", ":")) and ": " not in text:
        low = text.lower()
        special = low in {"true", "false", "yes", "no", "on", "off", "null", "y", "n", ".", "-"} or _INT.match(text)
        if not special and not _FLOAT.match(text) and not text.startswith(("- ", "+", "-.", ".")):
            return text
    return json.dumps(text, ensure_ascii=False)


def dump(value: Value) -> Rope | _Unknown:
    """``toYaml``: block style, without a last line end; every scalar keeps its place."""
    out: list[Piece] = []
    budget = [MAX_DUMP]
    known = _dump(value, 0, out, budget, inline=True)
    if not known:
        return UNKNOWN
    return Rope(out)


def _dump(value: Value, indent: int, out: list[Piece], budget: list[int], *, inline: bool) -> bool:
    """``inline``: whether the output stands at the right column already."""
    budget[0] -= 1
    if budget[0] < 0 or indent > 120:
        raise Unreadable("toYaml writes out more than anyone writes by hand")
    if value is UNKNOWN:
        return False
    entries: list[tuple[Piece | None, Value]]
    if isinstance(value, Node) and value.pairs is not None:
        entries = [
            (Piece(_quoted(key) + ":", node.source, node.line, node.column), node) for key, node in value.entries()
        ]
        keys = {k.scalar: k for k, _ in value.pairs}
        entries = [
            (_placed(piece, keys.get(key)), node)
            for (piece, node), (key, _) in zip(entries, value.entries(), strict=True)
        ]
    elif isinstance(value, dict):
        entries = [(Piece(_quoted(str(key)) + ":"), each) for key, each in value.items()]
    elif is_list(value):
        items = value.items if isinstance(value, Node) else value
        entries = [(None, each) for each in items or ()]
    else:
        return _dump_scalar(value, out)
    if not entries:
        out.append(Piece("{}" if is_map(value) else "[]", *_origin(value)))
        return True
    for i, (key, each) in enumerate(entries):
        if i or not inline:
            out.append(Piece("\n" + " " * indent))
        nested = (is_map(each) or is_list(each)) and bool(truth(each))
        if key is None:
            out.append(Piece("- "))
            if not _dump(each, indent + 2, out, budget, inline=True):
                return False
            continue
        out.append(key)
        if nested:
            if not _dump(each, indent + (2 if is_map(each) else 0), out, budget, inline=False):
                return False
        else:
            out.append(Piece(" "))
            if not _dump(each, indent + 2, out, budget, inline=True):
                return False
    return True


def _origin(value: Value) -> tuple[Any, ...]:
    return (value.source, value.line, value.column, True) if isinstance(value, Node) else ()


def _placed(piece: Piece | None, key: Node | None) -> Piece | None:
    if piece is None or key is None:
        return piece
    return Piece(piece.text, key.source, key.line, key.column)


def _dump_scalar(value: Value, out: list[Piece]) -> bool:
    if isinstance(value, Node):
        if value.is_template and HOLE in (value.scalar or ""):
            return False
        if value.scalar is None:
            out.append(Piece("null", value.source, value.line, value.column, value=True))
        elif value.plain and "\n" not in value.scalar and not value.scalar.startswith("{"):
            out.append(_of(value, value.scalar))
        else:
            out.append(_of(value, _quoted(value.scalar)))
        return True
    value = plain(value)
    text = (
        "null"
        if value is None
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
        if isinstance(value, int | float)
        else _quoted(str(value))
    )
    out.append(Piece(text))
    return True
