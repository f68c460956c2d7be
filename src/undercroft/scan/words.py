"""Command lines as words with places: exec form, shell form, and the script behind ``sh -c``. ``shlex`` does the splitting."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace

from undercroft.scan.graph import Span, Text
from undercroft.scan.recognise import is_shell


def split(text: Text, *, script: bool = False) -> tuple[Text, ...]:
    """A command in shell form as words. Words keep the place of the whole; one that cannot be split is one unresolved word.

    In a ``script`` the end of a line ends a command, and is a word of its own; elsewhere it is a blank.
    """
    if text.value is None:
        return (text,)
    try:
        written = text.value.replace("\\\n", " ")
        if script:
            written = re.sub(r"(?m)^\s*#.*$", "", written).strip()
        lexer = shlex.shlex(written, posix=True, punctuation_chars="();<>|&\n" if script else True)
        lexer.whitespace = " \t\r" if script else " \t\r\n"
        lexer.whitespace_split = True
        lexer.commenters = ""
        values = [word.replace("\n", "") or "\n" if word and set(word) <= set("();<>|&\n") else word for word in lexer]
    except ValueError as error:
        return (replace(text, value=None, reason=f"not a command line: {error}"),)
    spans = [text.span] if len(values) == 1 else _spans(text, values)
    return tuple(replace(text, value=value, span=span) for value, span in zip(values, spans, strict=True))


def _spans(text: Text, values: Sequence[str]) -> list[Span | None]:
    """Where each word stands, when the command is a plain scalar as written and no word holds a blank; nowhere otherwise."""
    span, written = text.span, list(re.finditer(r"\S+", text.value or ""))
    if (
        span is None
        or not text.literal
        or span.end - span.start != len(text.value or "")
        or len(written) != len(values)
    ):
        return [None] * len(values)
    return [
        replace(span, start=span.start + raw.start(), end=span.start + raw.end()) if _is(raw[0], value) else None
        for raw, value in zip(written, values, strict=True)
    ]


def _is(raw: str, value: str) -> bool:
    try:
        return shlex.split(raw) == [value]
    except ValueError:
        return False


def expand(words: Sequence[Text]) -> tuple[Text, ...]:
    """``words`` with the script of a leading ``sh -c`` split into the words it runs. Other command lines come back as they are."""
    values = [word.value for word in words]
    if values and is_shell(values[0]):
        for i, value in enumerate(values[1:], start=1):
            if value is not None and value.startswith("-") and not value.startswith("--") and "c" in value:
                script = words[i + 1 : i + 2]
                return split(script[0], script=True) if script else tuple(words)
    return tuple(words)
