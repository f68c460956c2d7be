"""What HCL expressions mean, as far as that shows without running Terraform.

Variables with their defaults, locals, inputs of modules, conditionals, templates and the pure functions people use in
configuration. Everything else is unknown, and says why. Nothing is executed; ``file`` reads inside the scanned root only.
"""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from undercroft.scan.cloud import Field, Place
from undercroft.scan.collect.files.hcl import Block, Unit
from undercroft.scan.collect.files.hcl_functions import FUNCTIONS, OPERATORS, operate
from undercroft.scan.collect.files.json_text import documents
from undercroft.scan.collect.files.source import Source

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_DEPTH = 60
"""Steps from one value to the next: operators inside operators, variables that come from variables."""
MAX_WEIGHT = 20_000
"""Values in one value. A list that holds itself many times over is no configuration."""
MAX_ITEMS = 200
"""Iterations of one ``for`` or ``dynamic`` that are followed."""


class Scope(Protocol):
    """What a name means: the module instance an expression stands in."""

    def lookup(self, root: str, name: str, depth: int) -> "tuple[Field | None, int]":
        """The value of ``root.name``, and how many of the following attributes it has used up."""
        ...

    def reference(self, id_: str) -> str:
        """The id of a resource of this instance."""
        ...

    def output(self, module: str, name: str, depth: int) -> Field | None:
        """An output of a module called here; ``None`` when the module's files are not in the tree."""
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """Evaluates the expressions of one file in one scope."""

    unit: Unit
    scope: Scope
    bound: Mapping[str, Field] = field(default_factory=dict)
    """Iterators in force: ``each``, ``count``, names of ``for`` and ``dynamic``."""

    def unknown(self, node: "Node", reason: str, references: tuple[str, ...] = ()) -> Field:
        written = self.unit.slice(node)
        return Field(self.unit.place(node), None, False, reason, written, references=references, literal=False)

    def plain(self, node: "Node", value: str | float | bool | None, *, literal: bool = True) -> Field:
        return Field(self.unit.place(node), value, literal=literal)

    def body(self, block: Block, depth: int = 0) -> Field:
        """A block as an object: attributes by name, blocks of one name as a list."""
        members: dict[str, Field] = {}
        for name, node, expression in block.attributes:
            value = self.value(expression, depth + 1)
            place = self.unit.place(node)
            end = value.place.end if value.place.line == place.line and value.place.file == place.file else 0
            members[name] = value if end else replace(value, place=place, origin=value.origin or value.place)
        several: dict[str, list[Field]] = {}
        for inner in block.blocks:
            if depth > MAX_DEPTH:
                break
            if inner.type == "dynamic" and inner.labels:
                several.setdefault(inner.labels[0], []).extend(self._dynamic(inner, depth + 1))
            else:
                several.setdefault(inner.type, []).append(self.body(inner, depth + 1))
        for name, found in several.items():
            members[name] = Field(found[0].place if found else block.place, items=tuple(found))
        return Field(block.place, members=members)

    def _dynamic(self, block: Block, depth: int) -> list[Field]:
        given = {name: expression for name, _, expression in block.attributes}
        content = next((b for b in block.blocks if b.type == "content"), None)
        if content is None or "for_each" not in given:
            return []
        name = self.unit.slice(given["iterator"]) if "iterator" in given else block.labels[0]
        over = self.value(given["for_each"], depth)
        return [self.binding({name: each}).body(content, depth) for each in iterations(over)]

    def binding(self, names: Mapping[str, Field]) -> "Reader":
        return Reader(self.unit, self.scope, {**self.bound, **names})

    def value(self, node: "Node", depth: int = 0) -> Field:
        """What an expression is worth."""
        while node.type in {"expression", "literal_value", "collection_value", "operation"} and node.child_count == 1:
            node = node.children[0]
        if depth > MAX_DEPTH:
            return self.unknown(node, "it goes through too many steps")
        read = _READERS.get(node.type)
        if read is not None:
            found = read(self, node, depth + 1)
            return found if found.weight <= MAX_WEIGHT else self.unknown(node, "it grows too large")
        if node.type == "expression" and node.child_count:
            return self._part(node, node.children, depth)
        return self.unknown(node, "an expression that is not evaluated")

    def _part(self, node: "Node", children: "list[Node]", depth: int) -> Field:
        """A stretch of siblings as one value: what the first is, then the way down from there."""
        if len(children) > 2 and children[0].type == "(":
            return self._traverse(node, self.value(children[1], depth + 1), children[3:], depth)
        if len(children) == 1:
            return self.value(children[0], depth + 1)
        return self._path(node, children, depth + 1) if children else self.unknown(node, "not evaluated")

    def read_number(self, node: "Node", _: int) -> Field:
        text = self.unit.slice(node)
        try:
            return self.plain(node, int(text) if text.lstrip("-").isdigit() else float(text))
        except ValueError:
            return self.plain(node, text)

    def read_string(self, node: "Node", _: int) -> Field:
        raw = self.unit.slice(node)
        return self.plain(node, _unescaped(raw[1:-1]))

    def read_template(self, node: "Node", depth: int) -> Field:
        inner = node.children[0]
        heredoc = inner.type == "heredoc_template"
        begin, end = inner.start_byte, inner.end_byte
        if heredoc:
            begin = self.unit.data.find(b"\n", begin) + 1
            end = self.unit.data.rfind(b"\n", 0, inner.children[-1].start_byte) + 1
        else:
            begin, end = begin + 1, end - 1
        parts: list[str] = []
        references: list[str] = []
        reason, at, literal = "", begin, True
        for child in inner.children:
            if child.type not in {"template_interpolation", "template_directive"} or child.start_byte < begin:
                continue
            parts.append(_plain(self.unit.data[at : child.start_byte].decode(errors="replace"), heredoc=heredoc))
            at, literal = child.end_byte, False
            expression = next((c for c in child.children if c.type == "expression"), None)
            value = self.value(expression, depth) if expression is not None else None
            if value is not None:
                references += value.references
            if value is None or not value.known or value.members is not None or value.items is not None:
                reason = reason or (
                    value.reason if value is not None and value.reason else "a template that is not evaluated"
                )
                parts.append(self.unit.slice(child))
            else:
                parts.append(value.text)
        parts.append(_plain(self.unit.data[at:end].decode(errors="replace"), heredoc=heredoc))
        text = "".join(parts)
        place = self.unit.place(node)
        if not reason and len(parts) == 3 and parts[0] == parts[2] == "":
            return replace(value, place=place, literal=False) if value is not None else self.plain(node, text)
        first = inner.start_point[0] + 1 if heredoc else 0
        read = documents(text, self.unit.file.source, first, self.unit.secrets) if heredoc else ()
        if reason:
            found = Field(place, None, False, reason, text, references=tuple(references), literal=False, documents=read)
        else:
            found = Field(place, text, references=tuple(references), literal=literal, documents=read)
        return found

    def read_tuple(self, node: "Node", depth: int) -> Field:
        items = tuple(self.value(c, depth) for c in node.children if c.type == "expression")
        return Field(self.unit.place(node), items=items)

    def read_object(self, node: "Node", depth: int) -> Field:
        members: dict[str, Field] = {}
        for element in node.children:
            if element.type != "object_elem":
                continue
            expressions = [c for c in element.children if c.type == "expression"]
            if len(expressions) == 2:
                key = expressions[0]
                bare = key.children[0] if key.child_count == 1 else key
                name = self.unit.slice(bare) if bare.type == "variable_expr" else self.value(key, depth).text
                members[name] = self.value(expressions[1], depth)
        return Field(self.unit.place(node), members=members)

    def read_conditional(self, node: "Node", depth: int) -> Field:
        condition, yes, no = (c for c in node.children if c.type == "expression")
        decided = self.value(condition, depth)
        if decided.boolean is not None:
            return replace(self.value(yes if decided.boolean else no, depth), literal=False)
        either = self.value(yes, depth), self.value(no, depth)
        if (
            all(e.known and e.members is None and e.items is None for e in either)
            and either[0].value == either[1].value
        ):
            return either[0]
        return self.unknown(
            node, f"depends on {self.unit.slice(condition)[:80]}", either[0].references + either[1].references
        )

    def read_unary(self, node: "Node", depth: int) -> Field:
        sign, value = self.unit.slice(node.children[0]), self._part(node, node.children[1:], depth)
        if sign == "!" and value.boolean is not None:
            return self.plain(node, not value.boolean, literal=False)
        if sign == "-" and value.number is not None:
            return self.plain(node, -value.number)
        return self.unknown(node, value.reason or "not evaluated")

    def read_binary(self, node: "Node", depth: int) -> Field:
        children = node.children
        at = next((i for i, child in enumerate(children) if i and child.type in OPERATORS), 0)
        left, right = self._part(node, children[:at], depth), self._part(node, children[at + 1 :], depth)
        found = operate(children[at].type, left, right)
        if found is None:
            return self.unknown(node, left.reason or right.reason or "not evaluated")
        return self.plain(node, found, literal=False)

    def read_for(self, node: "Node", depth: int) -> Field:
        inner = node.children[0]
        intro = next((c for c in inner.children if c.type == "for_intro"), None)
        bodies = [c for c in inner.children if c.type == "expression"]
        if intro is None or not bodies:
            return self.unknown(node, "not evaluated")
        names = [self.unit.slice(c) for c in intro.children if c.type == "identifier"]
        over = self.value(next(c for c in intro.children if c.type == "expression"), depth)
        if not over.known:
            return self.unknown(node, over.reason, over.references)
        condition = next((c for c in inner.children if c.type == "for_cond"), None)
        items: list[Field] = []
        members: dict[str, Field] = {}
        for each in iterations(over):
            key, value = each.get("key"), each.get("value")
            if key is None or value is None:
                continue
            reader = self.binding({names[-1]: value} | ({names[0]: key} if len(names) > 1 else {}))
            if condition is not None:
                kept = reader.value(next(c for c in condition.children if c.type == "expression"), depth)
                if kept.boolean is False:
                    continue
            if len(bodies) == 2:
                members[reader.value(bodies[0], depth).text] = reader.value(bodies[1], depth)
            else:
                items.append(reader.value(bodies[0], depth))
        place = self.unit.place(node)
        return Field(place, members=members) if len(bodies) == 2 else Field(place, items=tuple(items))

    def read_call(self, node: "Node", depth: int) -> Field:
        name = self.unit.slice(node.children[0])
        given = next((c for c in node.children if c.type == "function_arguments"), None)
        spread = given is not None and any(c.type == "ellipsis" for c in given.children)
        arguments = (
            [self.value(c, depth) for c in given.children if c.type == "expression"] if given is not None else []
        )
        if spread and arguments:
            arguments[-1:] = list(arguments[-1].items or ())
        references = tuple(r for a in arguments for r in a.references)
        if name in {"file", "templatefile"} and arguments:
            return self._file(node, arguments[0])
        function = FUNCTIONS.get(name)
        found = function(self.unit.place(node), arguments) if function is not None else None
        if found is None:
            reason = next((a.reason for a in arguments if not a.known), f"{name}() is not evaluated")
            return self.unknown(node, reason, references)
        return found

    def _file(self, node: "Node", path: Field) -> Field:
        relative = path.text.replace("${path.module}/", "").replace("${path.root}/", "").removeprefix("./")
        text = self.unit.file.beside(relative) if relative and "$" not in relative else None
        if text is None:
            return self.unknown(node, f"{path.text} is not in the tree")
        source = Source.of(posixpath.normpath(posixpath.join(posixpath.dirname(self.unit.file.path), relative)), text)
        read = documents(text, source, 0, ())
        return Field(self.unit.place(node), text, literal=False, documents=read)

    def read_name(self, node: "Node", depth: int) -> Field:
        return self._path(node, [node], depth)

    def _path(self, node: "Node", children: "list[Node]", depth: int) -> Field:
        """``a.b[0].c``: what the first names mean, then the way down from there."""
        head = children[0]
        if head.type != "variable_expr":
            return self._traverse(node, self.value(head, depth), children[1:], depth)
        root = self.unit.slice(head)
        rest = children[1:]
        if root in self.bound:
            return self._traverse(node, self.bound[root], rest, depth)
        names = []
        for each in rest:
            if each.type != "get_attr":
                break
            names.append(self.unit.slice(each.children[-1]))
        if not names:
            return (
                self.plain(node, root, literal=True)
                if not rest and root in _TYPES
                else self.unknown(node, f"{root} is not known here")
            )
        if root == "module":
            skipped = next((i for i, each in enumerate(rest[1:], 1) if each.type == "get_attr"), 0)
            wanted = self.unit.slice(rest[skipped].children[-1]) if skipped else ""
            output = self.scope.output(names[0], wanted, depth) if wanted else None
            if output is not None:
                return self._traverse(node, replace(output, literal=False), rest[skipped + 1 :], depth)
            return self.unknown(node, f"an output of module {names[0]}", (self.scope.reference(f"module.{names[0]}"),))
        found, used = self.scope.lookup(root, names[0], depth)
        if found is not None:
            place = self.unit.place(node)
            moved = replace(found, place=place, literal=False, origin=found.origin or found.place)
            if found.items is not None and not rest[used:]:
                moved = replace(moved, items=tuple(_moved(item, place) for item in found.items))
            return self._traverse(node, moved, rest[used:], depth)
        if root in {"path", "terraform", "self", "each", "count"}:
            return self.unknown(node, f"{root}.{names[0]} is known at run time only")
        id_ = f"data.{names[0]}.{names[1]}" if root == "data" and len(names) > 1 else f"{root}.{names[0]}"
        shown = "a data source" if root == "data" else "another resource"
        return self.unknown(node, f"comes from {shown}, {id_}", (self.scope.reference(id_),))

    def _traverse(self, node: "Node", value: Field, steps: "list[Node]", depth: int) -> Field:
        for step in steps:
            if not value.known:
                return self.unknown(node, value.reason, value.references)
            if step.type == "get_attr":
                found = value.members.get(self.unit.slice(step.children[-1])) if value.members is not None else None
            elif step.type == "index":
                found = self._index(value, step.children[0], depth)
            elif step.type == "splat":
                inner = step.children[0].children[1:]
                items = tuple(self._traverse(node, each, inner, depth) for each in value.each())
                return Field(self.unit.place(node), items=items, literal=False)
            else:
                found = None
            if found is None:
                return self.unknown(node, f"{self.unit.slice(node)[:80]} is not known", value.references)
            value = found
        return value

    def _index(self, value: Field, step: "Node", depth: int) -> Field | None:
        expression = next((c for c in step.children if c.type == "expression"), None)
        key = self.value(expression, depth).text if expression is not None else self.unit.slice(step).strip(".")
        if value.members is not None:
            return value.members.get(key)
        if value.items is not None and key.isdigit() and int(key) < len(value.items):
            return value.items[int(key)]
        return None


_TYPES = frozenset({"string", "number", "bool", "any", "list", "map", "set", "object", "tuple"})
_READERS: "dict[str, Callable[[Reader, Node, int], Field]]" = {
    "numeric_lit": Reader.read_number,
    "string_lit": Reader.read_string,
    "bool_lit": lambda r, n, _: r.plain(n, r.unit.slice(n) == "true"),
    "null_lit": lambda r, n, _: r.plain(n, None),
    "template_expr": Reader.read_template,
    "tuple": Reader.read_tuple,
    "object": Reader.read_object,
    "conditional": Reader.read_conditional,
    "unary_operation": Reader.read_unary,
    "binary_operation": Reader.read_binary,
    "for_expr": Reader.read_for,
    "function_call": Reader.read_call,
    "variable_expr": Reader.read_name,
}


def _moved(item: Field, place: Place) -> Field:
    """A scalar of a list that came by way of a variable: it stands where the variable is used."""
    if item.members is not None or item.items is not None:
        return item
    return replace(item, place=place, literal=False, origin=item.origin or item.place)


def _unescaped(text: str) -> str:
    if "\\" in text:
        text = text.replace('\\"', '"').replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")
    return text.replace("$${", "${").replace("%%{", "%{")


def _plain(text: str, *, heredoc: bool) -> str:
    return text.replace("$${", "${").replace("%%{", "%{") if heredoc else _unescaped(text)


def iterations(over: Field) -> list[Field]:
    """``{key, value}`` of everything an expression ranges over; one unknown pair where that is not known."""
    if not over.known:
        blank = replace(over, written=over.written or "each", literal=False)
        return [Field(over.place, members={"key": blank, "value": blank})]
    if over.members is not None:
        pairs = [(Field(value.place, key), value) for key, value in over.members.items()]
    else:
        pairs = [
            (value if value.known and value.members is None else Field(value.place, str(i)), value)
            for i, value in enumerate(over.items or ())
        ]
    return [Field(value.place, members={"key": key, "value": value}) for key, value in pairs[:MAX_ITEMS]]
