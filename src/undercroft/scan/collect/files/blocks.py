"""Code inside YAML: a scalar as a block of shell text whose every line knows its place in the file."""

import re

from undercroft.scan.collect.files.tree import Node
from undercroft.scan.shell import Block

_HEADER = re.compile(r"^[|>][+\-\d]*\s*(?:#.*)?$")


def block(node: Node) -> Block:
    """The scalar's text with places; empty for anything but a scalar."""
    text = node.scalar
    if text is None:
        return Block("", ())
    source, number = node.source, node.line
    head = source.line(number)[node.column - 1 :]
    if _HEADER.match(head):
        return _literal(node, folded=head.startswith(">"))
    lines = text.split("\n")
    column = node.column + (0 if node.plain else 1)
    if node.end_line == number:
        return Block(text, ((number, column), *((number, column) for _ in lines[1:])))
    return Block(text, tuple((number, column) for _ in lines))


def _literal(node: Node, *, folded: bool) -> Block:
    source = node.source
    last = node.end_line - 1 if node.end_column == 1 else node.end_line
    raw = [source.line(n) for n in range(node.line + 1, max(last, node.line + 1) + 1)]
    count = (node.scalar or "").rstrip("\n").count("\n") + 1
    indent = next((len(line) - len(line.lstrip(" ")) for line in raw if line.strip()), 0)
    texts, places = [], []
    for offset, line in enumerate(raw):
        if line.strip() and len(line) - len(line.lstrip(" ")) < indent:
            break
        if not folded and offset >= count:
            break
        texts.append(line[indent:])
        places.append((node.line + 1 + offset, indent + 1))
    if folded:  # what YAML joins with a blank, the shell joins with a backslash; so every line keeps its place
        texts = [
            f"{line} \\"
            if line.strip() and i + 1 < len(texts) and texts[i + 1].strip() and not texts[i + 1].startswith(" ")
            else line
            for i, line in enumerate(texts)
        ]
    return Block("\n".join(texts), tuple(places))
