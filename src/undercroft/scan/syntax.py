"""Shell text as words with places: Bash's grammar, by tree-sitter, and what its variables stand for.

Expressions of a template language are masked, character for character, before the grammar reads them, and are unknown values after.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Text

_TEMPLATE = re.compile(r"\$?\{\{(?:[^\n{]|\{(?!\{)){0,1000}?\}\}")
MAX_BYTES = 512 * 1024
"""Largest script that is parsed. The installers of the field stay below 100 KB."""
MAX_CHAIN, MAX_VALUE = 10, 4096
"""Variables that stand for variables, and characters of what comes out."""
MAX_HEREDOCS, MAX_PIPES = 500, 4000
"""Operators in one text. The grammar's time grows with their square: these many cost a second, and nobody writes them."""


def refused(text: str) -> str:
    """Why a text is not parsed; empty when it is."""
    if len(text) > MAX_BYTES:
        return f"a script of more than {MAX_BYTES} characters"
    if text.count("<<") > MAX_HEREDOCS or max(text.count("|"), text.count(">>>")) > MAX_PIPES:
        return f"a script with more than {MAX_HEREDOCS} here-documents or {MAX_PIPES} pipes or redirections"
    return ""


@dataclass(frozen=True, slots=True)
class Block:
    """Shell text and where its lines stand in the file."""

    text: str
    places: tuple[tuple[int, int], ...]
    """Line and column, from 1, of the first character of each line of ``text``."""

    @classmethod
    def whole(cls, source: Source) -> "Block":
        """A file that is a script from its first line to its last."""
        return cls(source.text, tuple((n, 1) for n in range(1, len(source.lines) + 1)))


@cache
def parser() -> Parser:
    """The one parser; it keeps no state between texts."""
    return Parser(Language(tree_sitter_bash.language()))


def _characters(data: bytes) -> "array[int]":
    """Byte offset → character offset, one entry more than there are bytes."""
    table, count = array("I", [0]) * (len(data) + 1), 0
    for i, byte in enumerate(data):
        table[i] = count
        count += byte & 0xC0 != 0x80  # every byte but a continuation begins or is a character
        table[i + 1] = count
    return table


class Words:
    """A block with its variables: what its words say, and where they stand."""

    def __init__(self, source: Source, block: Block, inherited: Mapping[str, Text]) -> None:
        masked = _TEMPLATE.sub(lambda m: "x" * len(m[0]), block.text)
        # Same number of characters; bytes are what tree-sitter counts, so the original is cut at the same characters.
        self._source, self._block, self._inherited = source, block, inherited
        self._data = masked.encode("utf-8", "surrogatepass")
        self._chars = None if len(self._data) == len(masked) else _characters(self._data)
        self._line_starts = [0, *(m.end() for m in re.finditer(r"\n", masked))]
        self._values: dict[str, list[Node | None]] = {}
        """Variable → what is assigned to it; ``None`` for something only known when it runs."""
        self._resolved: dict[str, tuple[str | None, str | None]] = {}

    def _char(self, offset: int) -> int:
        return offset if self._chars is None else self._chars[offset]

    def _slice(self, node: Node) -> str:
        """The text under a node, expressions unmasked."""
        return self._block.text[self._char(node.start_byte) : self._char(node.end_byte)]

    def _place(self, char: int) -> tuple[int, int]:
        row = bisect_right(self._line_starts, char) - 1
        places = self._block.places
        line, column = places[min(row, len(places) - 1)] if places else (1, 1)
        return line, column + char - self._line_starts[row]

    def _part(self, start: int, end: int) -> Block:
        """Characters ``[start, end)`` as a block of their own."""
        text = self._block.text[start:end]
        places = [self._place(start)]
        places += [self._place(start + m.end()) for m in re.finditer(r"\n", text)]
        return Block(text, tuple(places))

    def _value(self, node: Node, seen: frozenset[str] = frozenset()) -> tuple[str | None, str, str]:
        """(value or ``None``, the word as written without its quotes, why it is unknown)."""
        kind = node.type
        if kind in {"word", "number", "file_descriptor", "variable_name", "special_variable_name", "regex"}:
            raw = self._slice(node)
            if kind == "word" and "\\" in raw and "{{" not in raw:
                raw = re.sub(r"\\(?:\n|(.))", lambda m: m[1] or "", raw)
            return self._templated(raw)
        if kind == "raw_string":
            return self._templated(self._slice(node)[1:-1])
        if kind in {"string_content", "heredoc_content"}:
            return self._templated(self._slice(node).replace('\\"', '"').replace("\\\n", ""))
        if kind == "ansi_c_string":
            return self._templated(self._slice(node)[2:-1])
        if kind in {"simple_expansion", "expansion"}:
            return self._expansion(node, seen)
        if kind in {"string", "concatenation", "command_name"} and len(seen) < 20:
            return self._joined(node, seen)
        raw = self._slice(node)
        why = "a command's output" if "substitution" in kind else "it cannot be resolved from the script"
        return None, raw, why

    @staticmethod
    def _templated(raw: str) -> tuple[str | None, str, str]:
        return (None, raw, "an expression that is filled in when it runs") if "{{" in raw else (raw, raw, "")

    def _joined(self, node: Node, seen: frozenset[str]) -> tuple[str | None, str, str]:
        values, shown, why, unknown = [], [], "", False
        position = node.start_byte + (1 if node.type == "string" else 0)
        end = node.end_byte - (1 if node.type == "string" else 0)
        for child in node.named_children:
            if child.start_byte > position:  # blanks between parts of a string belong to no node
                between = self._block.text[self._char(position) : self._char(child.start_byte)]
                values.append(between)
                shown.append(between)
            value, text, reason = self._value(child, seen)
            unknown = unknown or value is None
            why = why or reason
            values.append(value or "")
            shown.append(text)
            position = child.end_byte
        if position < end:
            rest = self._block.text[self._char(position) : self._char(end)]
            values.append(rest)
            shown.append(rest)
        return None if unknown else "".join(values), "".join(shown), why

    def _expansion(self, node: Node, seen: frozenset[str]) -> tuple[str | None, str, str]:
        raw = self._slice(node)
        match = re.fullmatch(r"\$\{?(\w+)(?:(:?[-=?+])(.*?))?\}?", raw, re.DOTALL)
        if match is None:
            return None, raw, "it cannot be resolved from the script"
        name, operator, default = match[1], match[2] or "", match[3] or ""
        known, text = self._variable(name, seen)
        if known is not None:
            return known, text or raw, ""
        if operator in {"-", ":-", "=", ":="} and "$" not in default and "`" not in default:
            if (
                name in self._values
                and name not in seen
                and any(v is None or self._depends(v, name) is False for v in self._values[name])
            ):
                return None, raw, f"variable {name} is assigned something unknown"
            return default.strip("\"'"), raw, ""
        return None, raw, f"variable {name} is not set in these files"

    def _depends(self, node: Node, name: str) -> bool:
        return re.search(rf"\$\{{?{name}\b", self._slice(node)) is not None

    def _variable(self, name: str, seen: frozenset[str]) -> tuple[str | None, str | None]:
        """(value, as written) of a variable that the text assigns one value; unknown for chains nobody writes by hand."""
        if name in seen or len(seen) > MAX_CHAIN:
            return None, None
        if name in self._resolved:
            return self._resolved[name]
        nodes = self._values.get(name)
        if not nodes:
            inherited = self._inherited.get(name)
            return (inherited.value, inherited.value) if inherited is not None else (None, None)
        found: set[str | None] = set()
        shown: str | None = None
        for node in nodes[:8]:
            value, shown, _ = self._value(node, seen | {name}) if node is not None else (None, None, "")
            found.add(value)
        only = found.pop() if len(found) == 1 else None
        result = (only, shown) if only is not None and len(only) <= MAX_VALUE else (None, None)
        self._resolved[name] = result
        return result
