"""Command lines as words with places: exec form, shell form, and the script behind ``sh -c``. ``shlex`` does the splitting."""

import shlex
from collections.abc import Sequence
from dataclasses import replace

from undercroft.scan.graph import Text
from undercroft.scan.recognise import is_shell


def split(text: Text) -> tuple[Text, ...]:
    """A command in shell form as words. Words keep the place of the whole; one that cannot be split is one unresolved word."""
    if text.value is None:
        return (text,)
    try:
        lexer = shlex.shlex(text.value.replace("\\\n", " "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        values = list(lexer)
    except ValueError as error:
        return (replace(text, value=None, reason=f"not a command line: {error}"),)
    single = len(values) == 1
    return tuple(replace(text, value=value, span=text.span if single else None) for value in values)


def expand(words: Sequence[Text]) -> tuple[Text, ...]:
    """``words`` with the script of a leading ``sh -c`` split into the words it runs. Other command lines come back as they are."""
    values = [word.value for word in words]
    if values and is_shell(values[0]):
        for i, value in enumerate(values[1:], start=1):
            if value is not None and value.startswith("-") and not value.startswith("--") and "c" in value:
                script = words[i + 1 : i + 2]
                return split(script[0]) if script else tuple(words)
    return tuple(words)
