"""YAML (and JSON, which is YAML) as a tree whose every node knows its line and column.

PyYAML's C parser reads; this only strings its events together. Iterative, so a 10,000-deep file costs a message and not the
stack; tags are never acted on; an alias is the same node again, never a copy, so a billion laughs weigh as much as they are
long. Whoever walks the tree must bound the walk: ``Node`` offers look-ups, not traversals.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from undercroft.model.evidence import FileEvidence
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import UNRESOLVED, Text

MAX_DEPTH = 100
"""Levels of nesting. Kubernetes' own schema stays below 30."""
MAX_NODES = 1_000_000
"""Nodes in one file; a 10 MB manifest has about half as many."""

HOLE = UNRESOLVED
"""Stands in rendered text where a template's value could not be resolved."""

_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})


class Unreadable(ValueError):
    """The text is no YAML, or more of it than anyone writes by hand. The message says where."""


@dataclass(slots=True, eq=False)
class Node:
    """A mapping, a sequence or a scalar."""

    source: Source = field(repr=False)
    line: int
    column: int
    end_line: int = 0
    end_column: int = 0
    scalar: str | None = None
    """Text of a scalar; ``None`` for collections and for a null."""
    plain: bool = False
    """Whether the scalar stands without quotes, so that ``true`` means true."""
    pairs: list[tuple["Node", "Node"]] | None = None
    items: list["Node"] | None = None
    tag: str = ""
    """A tag of the file's own language, such as CloudFormation's ``!Ref``, for the format that knows it; never acted on here."""

    def get(self, *path: str) -> "Node | None":
        """The node below these keys, or ``None``. A key given twice: the last, as PyYAML and Go's parser read it."""
        node: Node | None = self
        for key in path:
            if node is None or node.pairs is None:
                return None
            node = next((v for k, v in reversed(node.pairs) if k.scalar == key), None) or node.merged(key)
        return node

    def merged(self, key: str) -> "Node | None":
        """The value a merge key (``<<``) brings in, or ``None``."""
        for name, value in self.pairs or ():
            if name.scalar == "<<":
                for base in value.items if value.items is not None else [value]:
                    for k, v in base.pairs or ():
                        if k.scalar == key:
                            return v
        return None

    def entries(self) -> Iterator[tuple[str, "Node"]]:
        """Keys and values of a mapping, merge keys (``<<``) filled in one level deep; nothing for anything else."""
        own = {k.scalar for k, _ in self.pairs or () if k.scalar}
        for key, value in self.pairs or ():
            if key.scalar == "<<":
                for base in value.items if value.items is not None else [value]:
                    for k, v in base.pairs or ():
                        if k.scalar and k.scalar not in own:
                            yield k.scalar, v
            elif key.scalar is not None:
                yield key.scalar, value

    def each(self) -> Iterator["Node"]:
        """Items of a sequence; nothing for anything else."""
        yield from self.items or ()

    def key(self, name: str) -> "Node | None":
        """The node of the key itself, for its place."""
        return next((k for k, _ in self.pairs or () if k.scalar == name), None)

    @property
    def boolean(self) -> bool | None:
        """A plain ``true``/``yes``/``on`` or its opposite; ``None`` for anything else."""
        low = self.scalar.lower() if self.scalar is not None and self.plain else ""
        return True if low in _TRUE else False if low in _FALSE else None

    @property
    def is_template(self) -> bool:
        """Whether a template language has to be run before this means anything."""
        return self.scalar is not None and ("{{" in self.scalar or HOLE in self.scalar)

    @property
    def shown(self) -> str:
        """A scalar as people see it: ``…`` for what was not resolved, ``?`` for nothing."""
        return self.scalar.replace(HOLE, "…") if self.scalar else "?"

    def text(self, name: str = "") -> Text:
        """This scalar as written text. ``name`` is the key it stands under: where that names a secret, the value is masked."""
        known = (
            (self.scalar,) if self.scalar and name and names_a_secret(name) and is_literal_secret(self.scalar) else ()
        )
        one = self.end_line == self.line
        span = self.source.scalar_span(self.line, self.column, self.end_column) if one else None
        value = None if self.is_template else (self.scalar if self.scalar is not None else "")
        reason = "a template that was not rendered" if self.is_template else ""
        return Text(value, self.evidence(known), span, reason)

    def evidence(self, known: Iterable[str] = ()) -> FileEvidence:
        """Where the node stands."""
        if self.end_line == self.line and self.pairs is None and self.items is None:
            return self.source.scalar_evidence(self.line, self.column, self.end_column, known)
        return self.source.evidence(self.line, self.column, known)

    def doubt(self, *path: str) -> bool:
        """Whether something may stand at ``path`` although ``get`` finds nothing: a template's part there was not resolved."""
        node = self
        for key in path:
            below = node.get(key)
            if below is None:
                break
            node = below
        else:
            return node.is_template
        if node.pairs is None and node.items is None:
            return node.is_template or (node.scalar is None and node.source.doubtful(node.line, node.line + 1, 0))
        return node.source.doubtful(node.line, node.end_line, node.column)

    def words(self) -> tuple[Text, ...]:
        """The items of a command in exec form. A word that stands behind a flag which takes a secret is masked as one."""
        found, flag = [], ""
        for item in self.each():
            found.append(item.text(flag))
            word = item.scalar or ""
            flag = word.lstrip("-") if word.startswith("-") and "=" not in word else ""
        return tuple(found)


@dataclass(slots=True)
class _Open:
    node: Node
    key: Node | None = None


def read(source: Source) -> list[Node]:
    """The documents of a file. Raises :class:`Unreadable`."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents: list[Node] = []
    anchors: dict[str, Node] = {}
    stack: list[_Open] = []
    count = 0

    def place(node: Node) -> None:
        if not stack:
            documents.append(node)
            return
        top = stack[-1]
        if top.node.items is not None:
            top.node.items.append(node)
        elif top.key is None:
            top.key = node
        else:
            assert top.node.pairs is not None
            top.node.pairs.append((top.key, node))
            top.key = None

    try:
        for event in yaml.parse(source.text, Loader=loader):
            match event:
                case yaml.ScalarEvent():
                    node = _scalar(source, event)
                case yaml.MappingStartEvent():
                    node = Node(source, *_place(event.start_mark), pairs=[])
                case yaml.SequenceStartEvent():
                    node = Node(source, *_place(event.start_mark), items=[])
                case yaml.AliasEvent():
                    found = anchors.get(event.anchor or "")
                    if found is None:
                        raise Unreadable(f"line {_place(event.start_mark)[0]}: alias *{event.anchor} has no anchor")
                    place(found)
                    continue
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    closed = stack.pop().node
                    closed.end_line, closed.end_column = _place(event.end_mark)
                    continue
                case yaml.DocumentStartEvent():
                    anchors.clear()
                    continue
                case _:
                    continue
            count += 1
            if count > MAX_NODES:
                raise Unreadable(f"line {node.line}: more than {MAX_NODES} values")
            if event.tag and event.tag.startswith("!") and len(event.tag) > 1:
                node.tag = event.tag
            if event.anchor:
                anchors[event.anchor] = node
            place(node)
            if node.pairs is not None or node.items is not None:
                stack.append(_Open(node))
                if len(stack) > MAX_DEPTH:
                    raise Unreadable(f"line {node.line}: nested deeper than {MAX_DEPTH} levels")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise Unreadable(f"{where}{error.problem or error.context or 'no YAML'}") from error
    except yaml.YAMLError as error:
        raise Unreadable(f"no YAML: {error}") from error
    except RecursionError as error:
        raise Unreadable("nested deeper than the parser goes") from error
    return documents


def _place(mark: Any) -> tuple[int, int]:
    """A parser's mark as line and column, counted from 1."""
    return mark.line + 1, mark.column + 1


def _scalar(source: Source, event: yaml.ScalarEvent) -> Node:
    plain = event.style in (None, "")
    value: str | None = event.value
    if plain and value in ("", "~", "null", "Null", "NULL"):
        value = None
    return Node(source, *_place(event.start_mark), *_place(event.end_mark), scalar=value, plain=plain)
