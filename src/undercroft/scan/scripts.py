"""Scripts: commands that somebody lets run, wherever they are written.

A start-up script, a ``RUN`` line, a pipeline's step and a container's ``sh -c`` mean the same, so checks ask this noun and not the
format.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.scan.graph import Text

_PYTHON = re.compile(r"^(?:python|pypy)\d*(?:\.\d+)*$")
_WRAPPERS = frozenset({
    "sudo", "doas", "exec", "nohup", "time", "nice", "ionice", "env", "command", "builtin", "stdbuf", "tini", "dumb-init", "timeout",
    "setsid", "unbuffer", "chroot", "gosu", "su-exec", "retry", "xargs", "winpty", "catchsegv", "--",
})  # fmt: skip
# Options of those wrappers that take the next word.
_TAKES = {
    "sudo": {"-u", "-g", "-h", "-p", "-C", "-D", "--user", "--group"},
    "env": {"-u", "-C", "--unset", "--chdir"},
    "nice": {"-n"},
    "ionice": {"-c", "-n"},
    "timeout": {"-s", "-k", "--signal", "--kill-after"},
    "stdbuf": {"-i", "-o", "-e"},
    "xargs": {"-n", "-I", "-P", "-L", "-d"},
}
_OPERANDS = {"timeout": 1, "gosu": 1, "su-exec": 1, "chroot": 1}
_RUNNERS = {
    "uv": "run",
    "poetry": "run",
    "pipenv": "run",
    "rye": "run",
    "pdm": "run",
    "hatch": "run",
    "conda": "run",
    "mamba": "run",
}


def program(word: str | None) -> str:
    """The program a word names, without its folder; every Python interpreter is ``python``."""
    name = posixpath.basename((word or "").strip())
    return "python" if _PYTHON.match(name) else name


def _begin(words: tuple[str, ...]) -> int:
    """Position of the program behind everything that only starts it."""
    i = 0
    while i < len(words):
        name = program(words[i])
        if name in _WRAPPERS:
            takes = _TAKES.get(name, set())
            operands = _OPERANDS.get(name, 0)
            i += 1
            while i < len(words) and (words[i].startswith("-") or (name == "env" and re.match(r"\w+=", words[i]))):
                i += 2 if words[i] in takes else 1
            i += operands
        elif i + 1 < len(words) and _RUNNERS.get(name) == words[i + 1]:
            i += 2
            while i < len(words) and words[i].startswith("-"):
                i += (
                    2
                    if words[i] in {"-n", "-p", "--name", "--prefix", "--with", "--extra", "--group", "--python"}
                    else 1
                )
        else:
            break
    return min(i, len(words))


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command."""

    words: tuple[Text, ...]
    """Program and arguments; a word that depends on something unknown has no value."""
    written: tuple[str, ...]
    """The same words as they are written, quotes taken away and unknown variables left standing."""
    evidence: Evidence
    """Where it begins."""
    assignments: Mapping[str, Text] = field(default_factory=dict)
    """Variables set for this command alone, or assigned by it when it has no words."""
    feeds: int | None = None
    """Position in the script of the command that reads its output."""
    via: str = ""
    """How: ``pipe``, ``substitution`` (``$(…)``) or ``process`` (``<(…)``)."""
    output: str = ""
    """File its output is written to, as written."""
    printed: bool = False
    """Whether it only stands in text the script shows to people."""

    begin: int = field(init=False, default=0)
    """Position of the program itself, behind ``sudo``, ``env`` and their like."""
    bare: tuple[str, ...] = field(init=False, default=())
    """Words as written, from the program on."""
    name: str = field(init=False, default="")
    """The program's name; empty for a mere assignment."""

    def __post_init__(self) -> None:
        begin = _begin(self.written)
        object.__setattr__(self, "begin", begin)
        object.__setattr__(self, "bare", self.written[begin:])
        object.__setattr__(self, "name", program(self.written[begin]) if begin < len(self.written) else "")

    def shifted(self, offset: int) -> "Command":
        """The same command in a script that has ``offset`` others before this one's."""
        return self if self.feeds is None else replace(self, feeds=self.feeds + offset)

    def into(self, reader: int) -> "Command":
        """The same command with its output read by the command at that position."""
        return replace(self, feeds=reader, via="pipe")

    def option(self, *names: str) -> str | None:
        """The value of an option given as ``--name value``, ``--name=value`` or ``-nvalue``; ``None`` when it is not there."""
        words = self.bare
        for i, word in enumerate(words):
            if word in names:
                return words[i + 1] if i + 1 < len(words) else ""
            head, equals, rest = word.partition("=")
            if equals and head in names:
                return rest
        return None

    def has(self, *flags: str) -> bool:
        """Whether one of the flags is there, alone, joined with a value, or among other short ones."""
        shorts = {flag[1] for flag in flags if len(flag) == 2 and flag[0] == "-" and flag[1] != "-"}
        for word in self.bare[1:]:
            if word.partition("=")[0] in flags:
                return True
            if shorts and re.fullmatch(r"-[A-Za-z#]+", word) and shorts & set(word[1:]):
                return True
        return False

    def operands(self) -> tuple[str, ...]:
        """Words that are no options, the program left out."""
        return tuple(word for word in self.bare[1:] if not word.startswith("-"))


@dataclass(frozen=True, slots=True)
class Script:
    """Commands that run together."""

    asset: Asset
    format: str
    """``shell``, ``dockerfile``, ``github``, ``gitlab``, ``systemd``, ``compose`` or ``kubernetes``."""
    name: str
    """What people call it: a step, a line, a file."""
    commands: tuple[Command, ...]
    environment: Mapping[str, Text] = field(default_factory=dict)
    """Variables it exports or is given."""
    line: int = 0
    """Line it begins at, to tell scripts of one asset from one another in order."""

    def readers(self, position: int) -> Iterator[Command]:
        """The commands that read a command's output, one after the other."""
        seen = {position}
        following = self.commands[position].feeds
        while following is not None and following not in seen:
            seen.add(following)
            yield self.commands[following]
            following = self.commands[following].feeds
