"""The grammar of Go's text/template, as far as charts use it: text and actions in, a tree out. Nothing is evaluated here.

Source of the grammar: https://pkg.go.dev/text/template (BSD-3-Clause).
"""

import re
from dataclasses import dataclass, field

from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import Unreadable

MAX_DEPTH = 60
"""Levels of blocks and parentheses. Published charts stay below 15."""

_ACTION = re.compile(
    r"\{\{(?P<left>-(?=\s))?(?P<body>(?:\s*/\*.*?\*/\s*)|(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|[^\"`}]|\}(?!\}))*?)(?P<right>(?<=\s)-)?\}\}",
    re.DOTALL,
)
_TOKEN = re.compile(
    r"""(?x) (?P<space>\s+) | (?P<string>"(?:[^"\\]|\\.)*" | `[^`]*` | '(?:[^'\\]|\\.)*') | (?P<number>[+-]?\d[\w.+]*)
    | (?P<assign>:=|=) | (?P<mark>[|(),]) | (?P<field>(?:\.[A-Za-z_]\w*)+) | (?P<variable>\$\w*) | (?P<dot>\.) | (?P<name>[A-Za-z_]\w*)"""
)


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, a number, a boolean or nil."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Path:
    """Fields below something: ``.Values.image``, ``$root.Values``, ``(expression).field``."""

    base: "str | Pipe"
    """``.`` for the dot, ``$…`` for a variable, a pipe for parentheses."""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments, or a lone operand with none."""

    name: str
    """Empty for a lone operand."""
    arguments: "tuple[Operand, ...]"


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands, each fed to the next; and the variables the result goes to."""

    calls: tuple[Call, ...]
    variables: tuple[str, ...] = ()


Operand = Literal | Path | Call


@dataclass(slots=True)
class Block:
    """A piece of a template: text, an action, or a control structure with what stands inside."""

    kind: str
    """``text``, ``action``, ``if``, ``with``, ``range``, ``define``, ``template`` or ``block``."""
    line: int
    column: int
    text: str = ""
    """The text; the name of a definition."""
    pipe: Pipe | None = None
    body: "list[Block]" = field(default_factory=list)
    otherwise: "list[Block]" = field(default_factory=list)


class _Tokens:
    def __init__(self, text: str, where: str) -> None:
        self.where, self.at, self.found = where, 0, []
        position, end = 0, len(text)
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise Unreadable(f"{where}: {text[position]!r} is not understood in a template action")
            position = match.end()
            if match.lastgroup != "space":
                glued = bool(self.found) and match.start() > 0 and text[match.start() - 1] == ")"
                self.found.append((match.lastgroup or "", match[0], glued))

    def peek(self, ahead: int = 0) -> tuple[str, str, bool]:
        return self.found[self.at + ahead] if self.at + ahead < len(self.found) else ("end", "", False)

    def take(self) -> tuple[str, str, bool]:
        token = self.peek()
        self.at += 1
        return token

    found: list[tuple[str, str, bool]]


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def _string(raw: str) -> str:
    if raw[0] == "`":
        return raw[1:-1]
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), raw[1:-1])


def _number(raw: str) -> int | float | str:
    for convert in (int, float):
        try:
            return convert(raw)
        except ValueError:
            continue
    return raw


def _operand(tokens: _Tokens, depth: int) -> Operand:
    kind, raw, _ = tokens.take()
    found: Operand
    match kind:
        case "string":
            return Literal(_string(raw))
        case "number":
            return Literal(_number(raw))
        case "name":
            words: dict[str, bool | None] = {"true": True, "false": False, "nil": None}
            return Literal(words[raw]) if raw in words else Call(raw, ())
        case "field":
            return Path(".", tuple(raw[1:].split(".")))
        case "dot":
            return Path(".")
        case "variable":
            found = Path(raw)
            if tokens.peek()[0] == "field":
                found = Path(raw, tuple(tokens.take()[1][1:].split(".")))
            return found
        case "mark" if raw == "(":
            inner = _pipe(tokens, depth + 1)
            if tokens.take()[1] != ")":
                raise Unreadable(f"{tokens.where}: a parenthesis is not closed")
            fields: tuple[str, ...] = ()
            if tokens.peek()[0] == "field" and tokens.peek()[2]:
                fields = tuple(tokens.take()[1][1:].split("."))
            return Path(inner, fields)
    raise Unreadable(f"{tokens.where}: {raw or 'the end'} where a value belongs")


def _pipe(tokens: _Tokens, depth: int = 0) -> Pipe:
    if depth > MAX_DEPTH:
        raise Unreadable(f"{tokens.where}: parentheses nested deeper than {MAX_DEPTH}")
    variables: list[str] = []
    start = tokens.at
    while tokens.peek()[0] == "variable":
        variables.append(tokens.take()[1])
        if tokens.peek()[1] == ",":
            tokens.take()
            continue
        break
    if variables and tokens.peek()[0] == "assign":
        tokens.take()
    else:
        tokens.at, variables = start, []
    calls = []
    while True:
        operands: list[Operand] = []
        while tokens.peek()[0] != "end" and tokens.peek()[1] not in {"|", ")", ","}:
            operands.append(_operand(tokens, depth))
        if not operands:
            raise Unreadable(f"{tokens.where}: an empty command in a template action")
        head = operands[0]
        calls.append(Call(head.name, tuple(operands[1:])) if isinstance(head, Call) else Call("", tuple(operands)))
        if tokens.peek()[1] != "|":
            return Pipe(tuple(calls), tuple(variables))
        tokens.take()


def _whole(text: str, where: str) -> Pipe:
    tokens = _Tokens(text, where)
    found = _pipe(tokens)
    if tokens.peek()[0] != "end":
        raise Unreadable(f"{where}: {tokens.peek()[1]} is left over in a template action")
    return found


_WORD = re.compile(r"(?s)\s*(if|else|end|range|with|define|template|block|break|continue)\b\s*(.*)$")


def parse(source: Source) -> list[Block]:
    """A template as blocks. Raises ``tree.Unreadable`` with the place of what is not understood."""
    text, root = source.text, Block("define", 1, 1)
    open_: list[tuple[Block, list[Block]]] = [(root, root.body)]
    position, trim = 0, False
    line, counted = 1, 0
    for match in _ACTION.finditer(text):
        literal = text[position : match.start()]
        start = position
        if trim:
            start += len(literal) - len(literal.lstrip())
            literal = literal.lstrip()
        if match["left"]:
            literal = literal.rstrip()
        if literal:
            line += text.count("\n", counted, start)
            counted = start
            open_[-1][1].append(Block("text", line, start - text.rfind("\n", 0, start), literal))
        line += text.count("\n", counted, match.start())
        counted = match.start()
        column = match.start() - text.rfind("\n", 0, match.start())
        position, trim = match.end(), bool(match["right"])
        body = match["body"].strip()
        if not body or body.startswith("/*"):
            continue
        _place(open_, body, line, column, f"{source.path}:{line}")
        if len(open_) > MAX_DEPTH:
            raise Unreadable(f"line {line}: blocks nested deeper than {MAX_DEPTH}")
    rest = text[position:].lstrip() if trim else text[position:]
    if rest:
        start = len(text) - len(rest)
        line += text.count("\n", counted, start)
        open_[-1][1].append(Block("text", line, start - text.rfind("\n", 0, start), rest))
    if len(open_) > 1:
        raise Unreadable(f"line {open_[-1][0].line}: {open_[-1][0].kind} has no end")
    return root.body


def _place(open_: list[tuple[Block, list[Block]]], body: str, line: int, column: int, where: str) -> None:
    """One action into the tree."""
    word = _WORD.match(body)
    if word is None:
        open_[-1][1].append(Block("action", line, column, "", _whole(body, where)))
        return
    kind, rest = word[1], word[2].strip()
    match kind:
        case "if" | "with" | "range":
            block = Block(kind, line, column, "", _whole(rest, where))
            open_[-1][1].append(block)
            open_.append((block, block.body))
        case "define" | "block":
            name = re.match(r"(?s)\"((?:[^\"\\]|\\.)*)\"|`([^`]*)`", rest)
            if name is None:
                raise Unreadable(f"line {line}: {kind} without a name")
            given = rest[name.end() :].strip()
            block = Block(kind, line, column, name[1] or name[2] or "", _whole(given, where) if given else None)
            open_[-1][1].append(block)
            open_.append((block, block.body))
        case "template":
            name = re.match(r"(?s)\"((?:[^\"\\]|\\.)*)\"|`([^`]*)`", rest)
            if name is None:
                raise Unreadable(f"line {line}: template without a name")
            given = rest[name.end() :].strip()
            open_[-1][1].append(
                Block(kind, line, column, name[1] or name[2] or "", _whole(given, where) if given else None)
            )
        case "else":
            if len(open_) < 2:
                raise Unreadable(f"line {line}: else outside a block")
            top = open_[-1][0]
            again = re.match(r"(if|with)\b\s*(.*)$", rest, re.DOTALL)
            if again is None:
                open_[-1] = (top, top.otherwise)
                return
            block = Block(again[1], line, column, "chained", _whole(again[2], where))
            top.otherwise.append(block)
            # The chain shares the one ``end``: the inner block takes the place of the outer on the stack.
            open_[-1] = (block, block.body)
        case "end":
            if len(open_) < 2:
                raise Unreadable(f"line {line}: end without a block")
            open_.pop()
        case _:
            open_[-1][1].append(Block("break", line, column))
