"""Shell text as commands with places. tree-sitter's Bash grammar reads it, so quoting, here-documents and nesting are its business.

Nothing is executed: variables are filled in where the text itself assigns them once, and stay unknown otherwise. The walk is
iterative, so deep nesting costs memory in proportion and never the stack.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from undercroft.model.evidence import FileEvidence
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Text
from undercroft.scan.scripts import Command, program

MAX_BYTES = 512 * 1024
"""Largest script that is parsed. The installers of the field stay below 100 KB; an error-ridden megabyte costs a grammar seconds."""
MAX_NESTING = 4
"""Levels of scripts inside words of scripts (``ssh host "bash -c '…'"``)."""
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}", re.DOTALL)


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


@dataclass(frozen=True, slots=True)
class Document:
    """A here-document that is written to a file."""

    path: str
    block: Block


@dataclass(frozen=True, slots=True)
class Reading:
    """What a script says."""

    commands: tuple[Command, ...] = ()
    exported: Mapping[str, Text] = field(default_factory=dict)
    """Variables handed to every command that follows."""
    documents: tuple[Document, ...] = ()


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))


def _characters(data: bytes) -> "array[int]":
    """Byte offset → character offset, one entry more than there are bytes."""
    table, count = array("I", [0]) * (len(data) + 1), 0
    for i, byte in enumerate(data):
        table[i] = count
        count += byte & 0xC0 != 0x80  # every byte but a continuation begins or is a character
        table[i + 1] = count
    return table


@dataclass(slots=True)
class _Raw:
    node: Node
    names: list[Node]
    assigned: list[Node]
    feeds: Node | None = None
    via: str = ""
    output: str = ""


class _Reader:
    """One block on its way through."""

    def __init__(self, source: Source, block: Block, depth: int, inherited: Mapping[str, Text], *, printed: bool) -> None:
        masked = _EXPRESSION.sub(lambda m: re.sub(r"[^\n]", "x", m[0]), block.text)
        masked = _PLACEHOLDER.sub(lambda m: re.sub(r"[^\n]", "x", m[0]), masked)
        # Same number of characters; bytes are what tree-sitter counts, so the original is cut at the same characters.
        self._source, self._block, self._depth, self._printed = source, block, depth, printed
        self._masked = masked
        self._data = masked.encode("utf-8", "surrogatepass")
        self._chars = None if len(self._data) == len(masked) else _characters(self._data)
        self._line_starts = [0, *(m.end() for m in re.finditer(r"\n", masked))]
        self._values: dict[str, list[Node | None]] = {}
        self._inherited = inherited
        self._exported_names: set[str] = set()
        self._known: set[str] = set()
        self._lines: dict[int, FileEvidence] = {}
        self.documents: list[Document] = []
        self.nested: list[tuple[Block, bool]] = []

    # -- places ---------------------------------------------------------------------------------------------------------

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

    # -- words ----------------------------------------------------------------------------------------------------------

    def _value(self, node: Node, seen: frozenset[str] = frozenset()) -> tuple[str | None, str, str]:
        """(value or ``None``, the word as written without its quotes, why it is unknown)."""
        kind = node.type
        if kind in {"word", "number", "file_descriptor", "variable_name", "special_variable_name", "regex"}:
            raw = self._slice(node)
            if kind == "word" and "{{" not in raw:
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
            if name in self._values and name not in seen and any(v is None or self._depends(v, name) is False for v in self._values[name]):
                return None, raw, f"variable {name} is assigned something unknown"
            return default.strip("\"'"), raw, ""
        return None, raw, f"variable {name} is not set in these files"

    def _depends(self, node: Node, name: str) -> bool:
        return re.search(rf"\$\{{?{name}\b", self._slice(node)) is not None

    def _variable(self, name: str, seen: frozenset[str]) -> tuple[str | None, str | None]:
        if name in seen:
            return None, None
        nodes = self._values.get(name)
        if not nodes:
            inherited = self._inherited.get(name)
            return (inherited.value, inherited.value) if inherited is not None else (None, None)
        found: set[str | None] = set()
        shown = None
        for node in nodes[:8]:
            value, shown, _ = self._value(node, seen | {name}) if node is not None else (None, None, "")
            found.add(value)
        return (found.pop(), shown) if len(found) == 1 else (None, None)

    # -- the walk -------------------------------------------------------------------------------------------------------

    def _assignment(self, node: Node) -> tuple[str, Node | None] | None:
        name = node.child_by_field_name("name")
        return (self._slice(name), node.child_by_field_name("value")) if name is not None and name.type == "variable_name" else None

    def walk(self) -> list[_Raw]:
        """Every command in the order of the text, with who reads it."""
        found: list[_Raw] = []
        # (node, the command whose word this stands in, how)
        stack: list[tuple[Node, Node | None, str]] = [(_parser().parse(self._data).root_node, None, "")]
        feeds: dict[int, tuple[Node, str]] = {}
        while stack:
            node, around, via = stack.pop()
            kind = node.type
            if kind == "command":
                raw = _Raw(node, [], [])
                for child in node.named_children:
                    if child.type == "variable_assignment":
                        raw.assigned.append(child)
                    elif child.type not in {"file_redirect", "herestring_redirect", "heredoc_redirect"}:
                        raw.names.append(child)
                    elif child.type == "file_redirect":
                        raw.output = self._target(child) or raw.output
                found.append(raw)
                around = node
            elif kind == "declaration_command":
                for child in node.named_children:
                    if child.type == "variable_assignment" and (pair := self._assignment(child)):
                        self._values.setdefault(pair[0], []).append(pair[1])
                        if self._slice(node).startswith(("export", "declare -x", "declare -gx")):
                            self._exported_names.add(pair[0])
                    elif child.type == "variable_name" and self._slice(node).startswith("export"):
                        self._exported_names.add(self._slice(child))
            elif kind == "variable_assignment" and (node.parent is None or node.parent.type not in {"command", "declaration_command"}):
                pair = self._assignment(node)
                if pair is not None:
                    self._values.setdefault(pair[0], []).append(pair[1])
            elif kind == "for_statement":
                variable = node.child_by_field_name("variable")
                if variable is not None:
                    self._values.setdefault(self._slice(variable), []).append(None)
            elif kind == "pipeline":
                parts = node.named_children
                for left, right in zip(parts, parts[1:], strict=False):
                    reader, writer = self._first(right), self._last(left)
                    if reader is not None and writer is not None:
                        feeds[writer.start_byte] = (reader, "pipe")
            elif kind in {"command_substitution", "process_substitution"} and around is not None:
                via = "process" if kind == "process_substitution" else "substitution"
                for child in node.named_children:
                    last = self._last(child)
                    if last is not None:
                        feeds.setdefault(last.start_byte, (around, via))
            elif kind == "redirected_statement":
                self._redirected(node, feeds)
            stack += [(child, around, via) for child in reversed(node.named_children)]
        found.sort(key=lambda raw: raw.node.start_byte)
        for raw in found:
            if raw.node.start_byte in feeds:
                raw.feeds, raw.via = feeds[raw.node.start_byte]
            parent = raw.node.parent
            if parent is not None and parent.type == "redirected_statement":
                for child in parent.named_children:
                    if child.type == "file_redirect":
                        raw.output = self._target(child) or raw.output
        return found

    def _target(self, redirect: Node) -> str:
        raw = self._slice(redirect)
        if not re.match(r"^1?>{1,2}[^&(]", raw) and not re.match(r"^&>", raw):
            return ""
        target = redirect.child_by_field_name("destination")
        return self._value(target)[1] if target is not None else ""

    @staticmethod
    def _first(node: Node) -> Node | None:
        """The first command in a node: the one that reads its input."""
        for _ in range(50):
            if node.type == "command":
                return node
            below = [c for c in node.named_children if c.type not in {"file_redirect", "heredoc_redirect", "word", "comment"}]
            if not below:
                return None
            node = below[0]
        return None

    @staticmethod
    def _last(node: Node) -> Node | None:
        """The last command in a node: the one that writes its output."""
        for _ in range(50):
            if node.type == "command":
                return node
            below = [c for c in node.named_children if c.type not in {"file_redirect", "heredoc_redirect", "word", "comment"}]
            if not below:
                return None
            node = below[-1]
        return None

    def _redirected(self, node: Node, feeds: dict[int, tuple[Node, str]]) -> None:
        heredocs = [child for child in node.named_children if child.type == "heredoc_redirect"]
        body = node.child_by_field_name("body")
        command = self._last(body) if body is not None else None
        for heredoc in heredocs:
            content = next((c for c in heredoc.named_children if c.type == "heredoc_body"), None)
            if content is None:
                continue
            block = self._part(self._char(content.start_byte), self._char(content.end_byte))
            targets = [c for c in (*node.named_children, *heredoc.named_children) if c.type == "file_redirect"]
            target = next((t for t in map(self._target, targets) if t and t != "/dev/null"), "")
            readers = [c for c in heredoc.named_children if c.type in {"pipeline", "command"}]
            reader = self._first(readers[0]) if readers else None
            if reader is not None and command is not None:
                feeds.setdefault(command.start_byte, (reader, "pipe"))
            consumer = reader or command
            words = [self._value(c)[1] for c in consumer.named_children] if consumer is not None else []
            bare = [w for w in words if w not in {"sudo", "-E", "exec", "env"}]
            name = program(bare[0]) if bare else ""
            if name == "tee":
                target = next((w for w in bare[1:] if not w.startswith("-")), "")
            if target:
                self.documents.append(Document(target, block))
            elif name in _SHELLS or name == "ssh" or not bare:
                self.nested.append((block, self._printed))
            elif name in {"cat", "echo", "more", "less"}:
                self.nested.append((block, True))

    # -- results --------------------------------------------------------------------------------------------------------

    def _secrets(self, raws: list[_Raw]) -> None:
        """Values that stand where secrets belong, masked in whatever evidence is made of this block."""
        for name, nodes in self._values.items():
            if names_a_secret(name):
                for node in nodes:
                    if node is not None and (value := self._value(node)[1]) and is_literal_secret(value):
                        self._known.add(value)
        for raw in raws:
            words = [self._value(node)[1] for node in raw.names]
            for child in raw.assigned:
                pair = self._assignment(child)
                if pair is not None and pair[1] is not None and names_a_secret(pair[0]):
                    words.append(f"{pair[0]}={self._value(pair[1])[1]}")
            for i, word in enumerate(words):
                name, equals, rest = word.partition("=")
                value = rest if equals else (words[i + 1] if word.startswith("-") and i + 1 < len(words) else "")
                if names_a_secret(name.lstrip("-")) and is_literal_secret(value) and not value.startswith("-") and len(value) > 2:
                    self._known.add(value)
                if word in {"-u", "--user"} and ":" in value:
                    self._known.add(value.partition(":")[2])
                if word == "-p" and len(words) > 1 and "login" in words[:3] and is_literal_secret(value):
                    self._known.add(value)

    def _text(self, node: Node) -> tuple[Text, str]:
        value, shown, reason = self._value(node)
        start, end = self._char(node.start_byte), self._char(node.end_byte)
        line, column = self._place(start)
        span = None
        if "\n" not in self._block.text[start:end] and self._source.line(line)[column - 1 : column - 1 + end - start] == self._block.text[start:end]:
            span = self._source.span(line, column, column + end - start)
        literal = node.type in {"word", "number", "raw_string", "string", "concatenation", "command_name"} and "$" not in self._slice(node)
        return Text(value, self._evidence(line, column), span, reason, literal), shown

    def _inner(self, raw: _Raw, words: tuple[str, ...]) -> None:
        """Scripts that stand as a word of the command."""
        names = [program(w) for w in words]
        for i, name in enumerate(names):
            takes = name in _SHELLS or name in {"su", "runuser", "script"}
            if not takes:
                continue
            for j in range(i + 1, len(words) - 1):
                if re.fullmatch(r"-[a-z]*c", words[j]):
                    node = raw.names[j + 1]
                    only = node.named_children[0].type if node.named_child_count == 1 else ""
                    if node.type in {"string", "raw_string"} and only != "command_substitution":
                        block = self._part(self._char(node.start_byte) + 1, self._char(node.end_byte) - 1)
                        self.nested.append((block, self._printed))
                    return

    def results(self) -> tuple[list[Command], dict[str, Text]]:
        """The commands, and what is exported."""
        raws = self.walk()
        self._secrets(raws)
        index = {raw.node.start_byte: i for i, raw in enumerate(raws)}
        commands = []
        for raw in raws:
            made = [self._text(node) for node in raw.names]
            words = tuple(text for text, _ in made)
            written = tuple(shown for _, shown in made)
            assignments = {}
            for child in raw.assigned:
                pair = self._assignment(child)
                if pair is not None:
                    assignments[pair[0]] = self._text(pair[1])[0] if pair[1] is not None else Text("", self._at(child))
            commands.append(
                Command(
                    words, written, self._at(raw.node), assignments,
                    index.get(raw.feeds.start_byte) if raw.feeds is not None else None, raw.via, raw.output, self._printed,
                )
            )  # fmt: skip
            if self._depth < MAX_NESTING:
                self._inner(raw, written)
        exported = {}
        for name in sorted(self._exported_names):
            nodes = self._values.get(name, [])
            if nodes and nodes[-1] is not None:
                text = self._text(nodes[-1])[0]
                value, _ = self._variable(name, frozenset())
                exported[name] = replace(text, value=value, reason="" if value is not None else (text.reason or f"{name} is assigned more than once"))
        return commands, exported

    def _at(self, node: Node) -> FileEvidence:
        return self._evidence(*self._place(self._char(node.start_byte)))

    def _evidence(self, line: int, column: int) -> FileEvidence:
        """A place as evidence. Masking a line costs more than all else here, so each line is masked once."""
        first = self._lines.get(line)
        if first is None:
            first = self._lines[line] = self._source.evidence(line, column, self._known)
        return first if first.column == column else first.at(column)


def read(source: Source, block: Block, inherited: Mapping[str, Text] | None = None) -> Reading:
    """What a block of shell text does. Text that is no shell gives the commands the grammar could make out; never an error."""
    return _read(source, block, inherited or {}, 0, printed=False)


def _read(source: Source, block: Block, inherited: Mapping[str, Text], depth: int, *, printed: bool) -> Reading:
    if len(block.text) > MAX_BYTES or not block.text.strip():
        return Reading()
    reader = _Reader(source, block, depth, inherited, printed=printed)
    commands, exported = reader.results()
    documents = list(reader.documents)
    known = {**inherited, **exported}
    for inner, shown in _unread(reader) if depth < MAX_NESTING else ():
        reading = _read(source, inner, known, depth + 1, printed=shown)
        offset = len(commands)
        commands += [command.shifted(offset) for command in reading.commands]
        documents += reading.documents
    return Reading(tuple(commands), exported, tuple(documents))


def _unread(reader: _Reader) -> Iterator[tuple[Block, bool]]:
    yield from reader.nested
