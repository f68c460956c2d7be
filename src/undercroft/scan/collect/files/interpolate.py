"""Compose's variable interpolation, and the ``.env`` file it reads. The grammar is the Compose specification's (``interpolation``)."""

import io
import re
from collections.abc import Mapping
from dataclasses import replace

from dotenv.parser import parse_stream

from undercroft.scan.graph import UNRESOLVED, Text

_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?P<op>:?[-?+])?(?P<word>[^{}]*(?:\$\{[^{}]*\}[^{}]*)*)\})"
)


def dotenv(text: str) -> dict[str, str]:
    """Variables of a ``.env`` file. Lines that are none are passed over, as Compose does."""
    return {b.key: b.value or "" for b in parse_stream(io.StringIO(text)) if b.key and not b.error}


def interpolate(text: Text, variables: Mapping[str, str], *, holes: bool = False) -> Text:
    """``text`` with ``${X}`` filled in. A variable nobody sets leaves it unresolved, and says which one.

    With ``holes`` the rest of the text stays: ``UNRESOLVED`` stands for what is missing, for commands that are split into words later.
    ``${X:?message}`` refuses to start without a value, so it counts as set: the reference itself stands for the value.
    """
    raw = text.value
    if raw is None or "$" not in raw:
        return text
    missing: list[str] = []
    fallbacks: list[str] = []
    used: list[str] = []

    def fill(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        name, op, word = match["bare"] or match["name"], match["op"] or "", match["word"] or ""
        used.append(name)
        value = variables.get(name)
        if op.startswith(":") and value == "":
            value = None
        if op.endswith("+"):
            return _VARIABLE.sub(fill, word) if value is not None else ""
        if value is not None:
            return value
        if op.endswith("-"):
            fallbacks.append(name)
            return _VARIABLE.sub(fill, word)
        if op.endswith("?"):
            return f"${{{name}}}"
        missing.append(name)
        return UNRESOLVED

    value = _VARIABLE.sub(fill, raw)
    uses = tuple(dict.fromkeys(used))
    if missing:
        reason = f"variable {missing[0]} has neither a default nor an entry in .env"
        return replace(text, value=value if holes else None, literal=False, reason=reason, uses=uses)
    return replace(text, value=value, literal=False, fallback=fallbacks[0] if fallbacks else "", uses=uses)
