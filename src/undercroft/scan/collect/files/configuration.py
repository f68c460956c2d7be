"""Configuration files as dotted keys with values and places: properties, INI, TOML-like and Python assignments, key-value lists.

What a file *means* is the catalogue's; this only says what is written where. Python files are parsed (``ast``), never run.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator

from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.scan.collect.files import tree
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Text

Pairs = Iterator[tuple[str, Text]]

_PAIR = re.compile(r"^(?P<key>[\w.\-\[\]]+(?: [\w\-]+)?)(?P<gap>\s*[=:]\s*)(?P<value>.*?)\s*$")
_SECTION = re.compile(r"^\[(?P<name>[^\]]+)\]\s*$")
_WORD = re.compile(r"^(?P<key>[A-Za-z][\w\-]*)(?P<gap>\s+)(?P<value>.*?)\s*$")


def _text(source: Source, line: int, column: int, key: str, value: str, *, width: int | None = None) -> Text:
    known = (value,) if names_a_secret(key.rpartition(".")[2]) and is_literal_secret(value) else ()
    end = column + (len(value) if width is None else width)
    return Text(value, source.evidence(line, column, known), source.span(line, column, end))


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def assignments(source: Source, comments: tuple[str, ...] = ("#", ";", "!")) -> Pairs:
    """``key = value`` or ``key: value`` lines, below ``[section]`` headings where there are any (properties, INI, TOML's simple part)."""
    section = ""
    for number, line in enumerate(source.lines, start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith(comments):
            continue
        heading = _SECTION.match(stripped)
        if heading:
            section = f"{heading['name'].strip()}."
            continue
        match = _PAIR.match(stripped)
        if match:
            column = len(line) - len(line.lstrip()) + match.start("value") + 1
            key = section + match["key"]
            yield key, _text(source, number, column, key, _unquoted(match["value"]), width=len(match["value"]))


def directives(source: Source) -> Pairs:
    """``Key value`` lines (redis.conf, sshd_config). A directive given twice is yielded twice."""
    for number, line in enumerate(source.lines, start=1):
        stripped = line.strip()
        match = None if stripped.startswith("#") else _WORD.match(stripped)
        if match:
            column = len(line) - len(line.lstrip()) + match.start("value") + 1
            yield (
                match["key"],
                _text(source, number, column, match["key"], _unquoted(match["value"]), width=len(match["value"])),
            )


def python(source: Source) -> Pairs:
    """Assignments of literals: ``c.ServerApp.token = ''`` is key ``ServerApp.token``, ``SECRET_KEY = "x"`` is key ``SECRET_KEY``.

    A value that has to be computed is unresolved. Raises ``tree.Unreadable`` for text that is no Python.
    """
    try:
        module = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        raise tree.Unreadable(
            f"{f'line {line}: ' if line else ''}no Python: {getattr(error, 'msg', 'too deep')}"
        ) from None
    for statement in module.body:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        key = _dotted(statement.targets[0])
        if key is None:
            continue
        node = statement.value
        evidence_column = node.col_offset + 1
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            yield (
                key,
                Text(
                    None,
                    source.evidence(node.lineno, evidence_column),
                    None,
                    "its value is computed when the file runs",
                ),
            )
            continue
        shown = ",".join(map(str, value)) if isinstance(value, list | tuple | set) else str(value)
        width = (node.end_col_offset or 0) - node.col_offset if node.end_lineno == node.lineno else 0
        text = _text(source, node.lineno, evidence_column, key, shown, width=width)
        yield key, text if width else Text(text.value, text.evidence)


def _dotted(node: ast.expr) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    if node.id not in {"c", "config"} or not parts:
        parts.append(node.id)
    return ".".join(reversed(parts))


def nested(documents: Iterable[tree.Node], wanted: frozenset[str]) -> Pairs:
    """Scalars of a YAML or JSON file by their dotted path: those somebody asks for and credentials; the rest may be a whole application."""
    for document in documents:
        yield from _scalars(document, "", 0, wanted)


def _scalars(node: tree.Node, path: str, depth: int, wanted: frozenset[str]) -> Pairs:
    if depth > 12:  # aliases can make a tree without end; no configuration is nested deeper
        return
    for key, value in node.entries():
        here = f"{path}.{key}" if path else key
        if value.pairs is not None:
            yield from _scalars(value, here, depth + 1, wanted)
        elif value.items is not None and value.items and value.items[0].pairs is not None:
            for i, item in enumerate(value.items[:20]):  # a list of objects: by their place in it
                yield from _scalars(item, f"{here}.{i}", depth + 1, wanted)
        elif here not in wanted and not telling(key, value.scalar):
            continue
        elif value.items is not None:
            words = [item.scalar for item in value.each()]
            if all(word is not None for word in words):
                yield here, Text(",".join(str(w) for w in words), value.source.evidence(value.line, value.column))
        else:
            yield here, value.text(key)


def telling(key: str, value: str | None) -> bool:
    """Whether a value matters whoever's configuration it is: a credential by its name, or an address with one inside."""
    return names_a_secret(key) or (value is not None and "://" in value and "@" in value)


_LINES: dict[str, Callable[[Source], Pairs]] = {
    "properties": assignments,
    "ini": assignments,
    "toml": assignments,
    "env": assignments,
    "conf": directives,
    "python": python,
}
FORMATS = frozenset({*_LINES, "yaml", "json"})
"""Formats of the catalogue's ``ConfigFile`` that are read. Others (``pbtxt``) are recognised by name only."""


def read(
    source: Source, form: str, wanted: frozenset[str], documents: Callable[[], Iterable[tree.Node]]
) -> dict[str, Text]:
    """Dotted key → value for the keys in ``wanted`` and for credentials; of a key given twice the last. ``documents`` gives the file as YAML when that
    is what it is. Raises ``tree.Unreadable``."""
    reader = _LINES.get(form)
    if reader is not None:
        return {
            key: text for key, text in reader(source) if key in wanted or telling(key.rpartition(".")[2], text.value)
        }
    return dict(nested(documents(), wanted)) if form in FORMATS else {}
