"""HCL as a syntax tree with places. tree-sitter's grammar reads; this finds blocks and attributes in what it read.

The grammar is tree-sitter-hcl (Apache-2.0). Nothing is evaluated here: see ``hcl_values``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

from undercroft.scan.cloud import Place
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.tree import Unreadable

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_DEPTH = 100
"""Brackets open at once. Terraform that people write stays below 20."""
MAX_SIZE = 4 * 1024 * 1024
"""Characters. The largest modules of the public registry are below 500 kB."""

_BRACKETS = re.compile(r"[\[{(]|[\]})]")


@cache
def _parser() -> "Parser":
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


@dataclass(frozen=True, slots=True)
class Block:
    """``type "label" "label" { … }``."""

    unit: "Unit"
    type: str
    labels: tuple[str, ...]
    node: "Node"
    body: "Node | None"

    @property
    def attributes(self) -> "Iterator[tuple[str, Node, Node]]":
        """(name, node of the name, expression) of every attribute."""
        for child in self.body.children if self.body is not None else ():
            if child.type == "attribute":
                parts = child.children
                if len(parts) == 3:  # name = expression
                    yield self.unit.slice(parts[0]), parts[0], parts[2]

    @property
    def blocks(self) -> "Iterator[Block]":
        """Blocks inside this one."""
        if self.body is not None:
            yield from self.unit.blocks(self.body)

    @property
    def place(self) -> Place:
        """The line it begins on."""
        return self.unit.place(self.node)


@dataclass(eq=False)
class Unit:
    """One parsed file."""

    file: File
    data: bytes
    root: "Node"
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def _ascii(self) -> bool:
        return len(self.data) == len(self.file.source.text)

    def slice(self, node: "Node") -> str:
        """The node's own text."""
        return self.data[node.start_byte : node.end_byte].decode()

    def column(self, row: int, offset: int) -> int:
        """A byte offset in a line as a column, from 1."""
        if self._ascii:
            return offset + 1
        line = self.file.source.line(row + 1).encode()
        return len(line[:offset].decode(errors="replace")) + 1

    def place(self, node: "Node") -> Place:
        """Where a node stands."""
        (row, start), (last, end) = node.start_point, node.end_point
        return Place(
            self.file.path, row + 1, self.column(row, start), self.column(last, end) if row == last else 0,
            self.file.source.line(row + 1), self.secrets,
        )  # fmt: skip

    def blocks(self, body: "Node") -> Iterator[Block]:
        """The blocks of a body."""
        for child in body.children:
            if child.type != "block":
                continue
            labels: list[str] = []
            inner = None
            for part in child.children[1:]:
                if part.type in {"string_lit", "identifier"}:
                    labels.append(self.slice(part).strip('"'))
                elif part.type == "body":
                    inner = part
            yield Block(self, self.slice(child.children[0]), tuple(labels), child, inner)

    @cached_property
    def top(self) -> Block:
        """The whole file as one block without a name."""
        body = next((c for c in self.root.children if c.type == "body"), None)
        return Block(self, "", (), self.root, body)


def _too_deep(text: str) -> int | None:
    """Offset at which more than ``MAX_DEPTH`` brackets are open. Brackets inside texts count, which errs by little."""
    depth = 0
    for match in _BRACKETS.finditer(text):
        depth = depth + 1 if match[0] in "[{(" else max(0, depth - 1)
        if depth > MAX_DEPTH:
            return match.start()
    return None


def parse(file: File) -> Unit:
    """The file's syntax tree. Raises ``tree.Unreadable`` with the place where the grammar ends."""
    text = file.source.text
    if len(text) > MAX_SIZE:
        raise Unreadable(f"{len(text)} characters of HCL; more than {MAX_SIZE} are not read")
    deep = _too_deep(text)
    if deep is not None:
        raise Unreadable(f"line {text.count(chr(10), 0, deep) + 1}: nested deeper than {MAX_DEPTH} levels")
    data = text.encode()
    root = _parser().parse(data).root_node
    if root.has_error:
        node = root
        while True:
            bad = next((c for c in node.children if c.has_error or c.is_missing or c.is_error), None)
            if bad is None or node.is_error:
                break
            node = bad
        row, offset = node.start_point
        raise Unreadable(f"line {row + 1}, column {offset + 1}: no HCL")
    return Unit(file, data, root)
