"""Shell text as commands with places. tree-sitter's Bash grammar reads it, so quoting, here-documents and nesting are its business.

Nothing is executed: variables are filled in where the text itself assigns them once, and stay unknown otherwise. The walk is
iterative, so deep nesting costs memory in proportion and never the stack.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from undercroft.model.evidence import FileEvidence
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Text
from undercroft.scan.scripts import Command, program
from undercroft.scan.syntax import Block, Words, parser, refused

__all__ = ["Block", "Document", "Reading", "read", "refused"]

MAX_WORDS = 1000
"""Words of one command that are kept."""
MAX_NESTING = 4
"""Levels of scripts inside words of scripts (``ssh host "bash -c '…'"``)."""
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})


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


@dataclass(slots=True)
class _Raw:
    node: Node
    names: list[Node]
    assigned: list[Node]
    feeds: Node | None = None
    via: str = ""
    output: str = ""


class _Reader(Words):
    """One block on its way through."""

    def __init__(
        self, source: Source, block: Block, depth: int, inherited: Mapping[str, Text], *, printed: bool
    ) -> None:
        super().__init__(source, block, inherited)
        self._depth, self._printed = depth, printed
        self._exported_names: set[str] = set()
        self._known: set[str] = set()
        self._lines: dict[int, FileEvidence] = {}
        self.documents: list[Document] = []
        self.nested: list[tuple[Block, bool]] = []

    def _assignment(self, node: Node) -> tuple[str, Node | None] | None:
        name = node.child_by_field_name("name")
        return (
            (self._slice(name), node.child_by_field_name("value"))
            if name is not None and name.type == "variable_name"
            else None
        )

    def walk(self) -> list[_Raw]:
        """Every command in the order of the text, with who reads it."""
        found: list[_Raw] = []
        # (node, type of the node it stands in, the command whose word it stands in); asking a node for its parent costs a search
        stack: list[tuple[Node, str, Node | None]] = [(parser().parse(self._data).root_node, "", None)]
        feeds: dict[int, tuple[Node, str]] = {}
        outputs: dict[int, str] = {}
        while stack:
            node, parent, around = stack.pop()
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
                del raw.names[MAX_WORDS:]
                found.append(raw)
                around = node
            elif kind == "declaration_command":
                exports = self._slice(node)[:12].startswith(("export", "declare -x", "declare -gx"))
                for child in node.named_children:
                    if child.type == "variable_assignment" and (pair := self._assignment(child)):
                        self._values.setdefault(pair[0], []).append(pair[1])
                        if exports:
                            self._exported_names.add(pair[0])
                    elif child.type == "variable_name" and exports:
                        self._exported_names.add(self._slice(child))
            elif kind == "variable_assignment" and parent not in {"command", "declaration_command"}:
                pair = self._assignment(node)
                if pair is not None:
                    self._values.setdefault(pair[0], []).append(pair[1])
            elif kind == "for_statement":
                variable = node.child_by_field_name("variable")
                if variable is not None:
                    self._values.setdefault(self._slice(variable), []).append(None)
            elif kind == "pipeline":
                parts = node.named_children
                for left, right in itertools.pairwise(parts):
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
                self._redirected(node, feeds, outputs)
            stack += [(child, kind, around) for child in reversed(node.named_children)]
        found.sort(key=lambda raw: raw.node.start_byte)
        for raw in found:
            if raw.node.start_byte in feeds:
                raw.feeds, raw.via = feeds[raw.node.start_byte]
            raw.output = outputs.get(raw.node.start_byte, raw.output)
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
            below = [
                c for c in node.named_children if c.type not in {"file_redirect", "heredoc_redirect", "word", "comment"}
            ]
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
            below = [
                c for c in node.named_children if c.type not in {"file_redirect", "heredoc_redirect", "word", "comment"}
            ]
            if not below:
                return None
            node = below[-1]
        return None

    def _redirected(self, node: Node, feeds: dict[int, tuple[Node, str]], outputs: dict[int, str]) -> None:
        heredocs = [child for child in node.named_children if child.type == "heredoc_redirect"]
        body = node.child_by_field_name("body")
        command = self._last(body) if body is not None else None
        if body is not None and body.type == "command":
            for child in node.named_children:
                if child.type == "file_redirect" and (kept := self._target(child)):
                    outputs[body.start_byte] = kept
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
                if (
                    names_a_secret(name.lstrip("-"))
                    and is_literal_secret(value)
                    and not value.startswith("-")
                    and len(value) > 2
                ):
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
        if (
            "\n" not in self._block.text[start:end]
            and self._source.line(line)[column - 1 : column - 1 + end - start] == self._block.text[start:end]
        ):
            span = self._source.span(line, column, column + end - start)
        literal = node.type in {
            "word",
            "number",
            "raw_string",
            "string",
            "concatenation",
            "command_name",
        } and "$" not in self._slice(node)
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
                exported[name] = replace(
                    text,
                    value=value,
                    reason="" if value is not None else (text.reason or f"{name} is assigned more than once"),
                )
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
    if refused(block.text) or not block.text.strip():
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
