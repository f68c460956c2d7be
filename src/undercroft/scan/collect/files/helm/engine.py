"""Evaluates a template against a chart's values. Nothing is executed: a closed set of functions over data that was read.

What the files do not say comes out unknown: a value as a mark, a block as a hole of its column.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from undercroft.scan.collect.files.helm.functions import FUNCTIONS, KUBERNETES
from undercroft.scan.collect.files.helm.rendered import Piece, unknown
from undercroft.scan.collect.files.helm.syntax import Block, Call, Literal, Operand, Path, Pipe, parse
from undercroft.scan.collect.files.helm.values import UNKNOWN, Rope, Value, elements, plain, rope, truth
from undercroft.scan.collect.files.helm.values import field as below
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import Node, Unreadable

MAX_STEPS = 200_000
"""Blocks and calls evaluated for one template; the largest published chart needs a tenth."""
MAX_OUTPUT = 4_000_000
"""Characters of output. A release larger than 1 MB is refused by Kubernetes itself (the limit of a Secret)."""
MAX_INCLUDES = 40
"""Templates that include one another, deep."""

_API_VERSIONS = frozenset({"networking.k8s.io/v1", "networking.k8s.io/v1/Ingress", "policy/v1", "autoscaling/v2", "batch/v1", "apps/v1", "rbac.authorization.k8s.io/v1"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Helper:
    """A named template."""

    source: Source
    body: list[Block]


@dataclass(slots=True)
class Engine:
    """One template's evaluation."""

    source: Source
    root: dict[str, Value]
    """``Values``, ``Chart``, ``Release`` …"""
    helpers: Mapping[str, Helper]
    out: list[Piece] = field(default_factory=list)
    steps: int = 0
    size: int = 0
    depth: int = 0
    tail: str = ""
    """The end of the output's last line."""

    def render(self, blocks: Sequence[Block]) -> list[Piece]:
        """All output. Raises ``tree.Unreadable`` when the template expands beyond any bound."""
        self._run(blocks, self.root, [{"$": self.root}])
        return self.out

    def _spend(self, block: Block | None = None) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Unreadable(f"line {block.line if block else 1}: the template takes more than {MAX_STEPS} steps")

    def _write(self, *pieces: Piece) -> None:
        for piece in pieces:
            self.size += len(piece.text)
            if self.size > MAX_OUTPUT:
                raise Unreadable(f"the template expands beyond {MAX_OUTPUT} characters")
            self.out.append(piece)
            _, newline, last = piece.text.rpartition("\n")
            self.tail = last if newline else self.tail + piece.text

    def _run(self, blocks: Sequence[Block], dot: Value, scopes: list[dict[str, Value]]) -> None:
        scopes = [*scopes, {}]
        for block in blocks:
            self._spend(block)
            match block.kind:
                case "text":
                    self._write(Piece(block.text, self.source, block.line, block.column, exact=True))
                case "action":
                    assert block.pipe is not None
                    value = self._pipe(block.pipe, dot, scopes)
                    if not block.pipe.variables:
                        self._emit(value, block)
                case "if" | "with":
                    assert block.pipe is not None
                    value = self._pipe(block.pipe, dot, scopes)
                    held = truth(value)
                    if held is None:
                        self._hole(block)
                    elif held:
                        self._run(block.body, value if block.kind == "with" else dot, scopes)
                    else:
                        self._run(block.otherwise, dot, scopes)
                case "range":
                    self._range(block, dot, scopes)
                case "template" | "block":
                    given = self._pipe(block.pipe, dot, scopes) if block.pipe is not None else None
                    self._emit(self._include(block.text, given), block)

    def _range(self, block: Block, dot: Value, scopes: list[dict[str, Value]]) -> None:
        assert block.pipe is not None
        value = self._pipe(Pipe(block.pipe.calls), dot, scopes)
        found = elements(value)
        if found is None:
            self._hole(block)
            return
        empty = True
        for key, item in found:
            self._spend(block)
            empty = False
            names = block.pipe.variables
            bound = dict(zip(names, (key, item) if len(names) == 2 else (item,), strict=False))
            self._run(block.body, item, [*scopes, bound])
        if empty:
            self._run(block.otherwise, dot, scopes)

    def _hole(self, block: Block) -> None:
        """A whole block nobody can tell: a hole at the column of what stands in it."""
        column = 0
        for inner in block.body:
            if inner.kind == "text":
                match = re.search(r"(?m)^([ ]*)[^\s#]", inner.text)
                if match is not None:
                    first = inner.text[: match.start()].count("\n") == 0
                    column = len(match[1]) + 1 + (inner.column - 1 if first and match.start() == 0 else 0)
                    break
            elif inner.pipe is not None and (width := _width(inner.pipe)) is not None:
                column = width + 1
                break
        self._write(Piece("", self.source, block.line, block.column, hole=column or len(self.tail) + 1))

    def _emit(self, value: Value, block: Block) -> None:
        text = rope(value)
        if isinstance(text, Rope):
            self._write(*text)
            return
        width = _width(block.pipe) if block.pipe is not None else None
        if width is not None:
            self._write(Piece("\n"), Piece("", self.source, block.line, block.column, hole=width + 1))
        elif not self.tail.strip():
            self._write(Piece("", self.source, block.line, block.column, hole=len(self.tail) + 1))
        else:
            gap = " " if self.tail.endswith(":") else ""
            self._write(Piece(gap), unknown(self.source, block.line, block.column))

    def _include(self, name: str, dot: Value) -> Value:
        helper = self.helpers.get(name)
        if helper is None or self.depth >= MAX_INCLUDES:
            return UNKNOWN
        outer = self.source, self.out, self.tail
        self.source, self.out, self.tail = helper.source, [], ""
        self.depth += 1
        try:
            self._run(helper.body, dot, [{"$": dot}])
            made = self.out
        finally:
            self.source, self.out, self.tail = outer
            self.depth -= 1
        if any(piece.hole or "\ue000" in piece.text for piece in made):
            return UNKNOWN if "".join(p.text for p in made).replace("\ue000", "").strip() == "" else Rope(made)
        return Rope(made)

    def _tpl(self, value: Value, dot: Value) -> Value:
        text = plain(value)
        if not isinstance(text, str) or "{{" not in text:
            return value
        place = value if isinstance(value, Node) else None
        source = Source.of(place.source.path if place else self.source.path, text)
        outer = self.source, self.out, self.tail
        self.source, self.out, self.tail = source, [], ""
        self.depth += 1
        try:
            if self.depth >= MAX_INCLUDES:
                return UNKNOWN
            self._run(parse(source), dot, [{"$": dot}])
            made = "".join(piece.text for piece in self.out)
        except Unreadable:
            return UNKNOWN
        finally:
            self.source, self.out, self.tail = outer
            self.depth -= 1
        if "\ue000" in made:
            return UNKNOWN
        if place is None:
            return Rope((Piece(made),))
        return Rope((Piece(made, place.source, place.line, place.column, value=True),))

    def _pipe(self, pipe: Pipe, dot: Value, scopes: list[dict[str, Value]]) -> Value:
        value: Value = None
        for i, call in enumerate(pipe.calls):
            self._spend()
            extra = (value,) if i else ()
            value = self._call(call, dot, scopes, extra)
        for name in pipe.variables:
            holder = next((s for s in reversed(scopes) if name in s), scopes[-1])
            holder[name] = value
        return value

    def _call(self, call: Call, dot: Value, scopes: list[dict[str, Value]], extra: tuple[Value, ...]) -> Value:
        if not call.name:
            return self._lone(call, dot, scopes, extra)
        arguments = (*(self._operand(a, dot, scopes) for a in call.arguments), *extra)
        match call.name:
            case "include" if len(arguments) == 2:
                return self._include(str(plain(arguments[0])), arguments[1])
            case "tpl" if len(arguments) == 2:
                return self._tpl(arguments[0], arguments[1])
            case "set" if len(arguments) == 3 and isinstance(arguments[0], dict):
                arguments[0][str(plain(arguments[1]))] = arguments[2]
                return arguments[0]
        function = FUNCTIONS.get(call.name)
        if function is None:
            return UNKNOWN
        try:
            return function(arguments)
        except (IndexError, TypeError, ValueError):
            return UNKNOWN

    def _lone(self, call: Call, dot: Value, scopes: list[dict[str, Value]], extra: tuple[Value, ...]) -> Value:
        first = call.arguments[0]
        if isinstance(first, Path) and first.fields[-2:] == ("APIVersions", "Has") and len(call.arguments) == 2:
            wanted = plain(self._operand(call.arguments[1], dot, scopes))
            return True if wanted in _API_VERSIONS else UNKNOWN
        if len(call.arguments) > 1 or extra:
            return UNKNOWN  # a method call
        return self._operand(first, dot, scopes)

    def _operand(self, operand: Operand, dot: Value, scopes: list[dict[str, Value]]) -> Value:
        found: Value
        match operand:
            case Literal(value):
                return value
            case Call():
                return self._call(operand, dot, scopes, ())
            case Path(Pipe() as pipe, fields):
                found = self._pipe(pipe, dot, scopes)
            case Path(".", fields):
                found = dot
            case Path(str() as name, fields):
                found = next((s[name] for s in reversed(scopes) if name in s), UNKNOWN)
        for step in fields:
            found = below(found, step)
        return found


def _width(pipe: Pipe) -> int | None:
    """The indentation a pipe ends with, so that a hole can be put at its column."""
    last = pipe.calls[-1]
    if last.name in {"nindent", "indent"} and last.arguments and isinstance(last.arguments[0], Literal):
        width = last.arguments[0].value
        return width if isinstance(width, int) else None
    return None


def root(values: Value, chart: Value, template: str) -> dict[str, Value]:
    """What a template sees. The release's own data is not in any file, so it gets names that say so."""
    version = ".".join(map(str, KUBERNETES))
    return {
        "Values": values,
        "Chart": _chart(chart),
        "Release": {"Name": "release-name", "Namespace": "default", "Service": "Helm", "IsInstall": True, "IsUpgrade": False, "Revision": 1},
        "Template": {"Name": template, "BasePath": "templates"},
        "Capabilities": {"KubeVersion": {"Version": f"v{version}", "GitVersion": f"v{version}", "Major": "1", "Minor": str(KUBERNETES[1])}, "APIVersions": UNKNOWN, "HelmVersion": UNKNOWN},
        "Files": UNKNOWN,
        "Subcharts": UNKNOWN,
    }  # fmt: skip


def _chart(chart: Value) -> Value:
    """Chart.yaml with the capitals templates use."""
    if not isinstance(chart, Node):
        return UNKNOWN
    return {key[:1].upper() + key[1:]: value for key, value in chart.entries()}


def definitions(source: Source) -> dict[str, Helper]:
    """Named templates of a file. Raises ``tree.Unreadable``."""
    return {b.text: Helper(source, b.body) for b in parse(source) if b.kind in {"define", "block"}}
