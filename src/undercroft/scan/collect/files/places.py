"""Where the words of a command stand that was written over several lines."""

from collections.abc import Sequence
from dataclasses import replace

from undercroft.model.evidence import FileEvidence
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import UNRESOLVED, Text

MAX_LINES = 500
"""Lines of one command that are looked through."""
MAX_WORDS = 2_000
"""Words of one command that are looked for."""


def behind_flags(words: Sequence[str]) -> tuple[str, ...]:
    """Values of flags that take a secret: to be masked wherever the command is shown."""
    found = []
    for i, word in enumerate(words):
        flag, equals, rest = word.partition("=")
        if not word.startswith("-") or not names_a_secret(flag.lstrip("-")):
            continue
        value = rest if equals else (words[i + 1] if i + 1 < len(words) else "")
        if value and not value.startswith("-") and is_literal_secret(value):
            found.append(value)
    return tuple(found)


def placed(words: Sequence[Text], node: Node) -> tuple[Text, ...]:
    """``words``, each with the line it stands on, as far as it is found there in order; the others keep the place of the whole."""
    if node.end_line <= node.line or len(words) > MAX_WORDS:
        return tuple(words)
    lines = [node.source.line(n) for n in range(node.line, min(node.end_line, node.line + MAX_LINES) + 1)]
    known = behind_flags([word.value or "" for word in words])
    at, column = 0, node.column - 1
    found = []
    for word in words:
        wanted = (word.value or "").partition(UNRESOLVED)[0] or (word.value or "").rpartition(UNRESOLVED)[2]
        place = next(
            ((i, c) for i in range(at, len(lines)) if (c := lines[i].find(wanted, column if i == at else 0)) >= 0), None
        )
        if not wanted.strip() or place is None:
            found.append(word)
            continue
        at, column = place[0], place[1] + len(wanted)
        evidence = node.source.evidence(node.line + at, place[1] + 1, known)
        found.append(
            replace(word, evidence=evidence if isinstance(word.evidence, FileEvidence) else word.evidence, span=None)
        )
    return tuple(found)
