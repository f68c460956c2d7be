"""Files of ``NAME=value`` lines, read as ``python-dotenv`` reads them: quotes, ``export``, comments and values of several lines."""

import fnmatch
import io
import re
from collections.abc import Callable
from pathlib import PurePosixPath

from dotenv.parser import Binding, parse_stream

from undercroft.model.redact import names_a_secret
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Text
from undercroft.scan.passwords import written_out

MAX_LINES = 20_000
"""Lines of one file. Those of the field have a few hundred."""
MAX_CHARACTERS = 1_000_000
"""Characters of one file."""


def _text(source: Source, binding: Binding, *, literal: bool) -> Text:
    raw = binding.original.string
    lead = len(raw) - len(raw.lstrip())
    line = binding.original.line + raw.count("\n", 0, lead)
    value = binding.value or ""
    known = (value,) if names_a_secret(binding.key or "") and written_out(value) else ()
    shown = source.line(line)
    head = re.match(r"\s*(?:export\s+)?[^=\s]*\s*=\s*", shown)
    column = (head.end() if head else 0) + 1
    tail = raw.strip().partition("=")[2].strip()
    span = None
    if head and value and "\n" not in tail and shown[column - 1 :].startswith(tail):
        quoted = tail[:1] in {"'", '"'} and len(tail) > len(value)
        end = column + (len(value) + 2 if quoted else len(value))
        span = source.span(line, column, end)
    return Text(value, source.evidence(line, column, known), span, literal=literal)


def read(source: Source, *, literal: bool = True) -> dict[str, Text]:
    """Variables with their places; lines that are none are passed over, as Compose does."""
    if len(source.lines) > MAX_LINES or len(source.text) > MAX_CHARACTERS:
        return {}
    return {
        binding.key: _text(source, binding, literal=literal)
        for binding in parse_stream(io.StringIO(source.text))
        if binding.key and not binding.error and binding.value is not None
    }


def ignored(path: str, beside: Callable[[str], str | None]) -> bool:
    """Whether a ``.gitignore`` in the file's folder or above names it. A later ``!`` line takes it back in."""
    name, steps = PurePosixPath(path).name, len(PurePosixPath(path).parts)
    for up in range(steps):
        text = beside(f"{'../' * up}.gitignore")
        if text is None:
            continue
        below = "/".join(PurePosixPath(path).parts[-(up + 1) :])
        verdict = None
        for line in text.splitlines()[:1000]:
            pattern = line.strip().rstrip("/")
            if not pattern or pattern.startswith("#"):
                continue
            negated, pattern = pattern.startswith("!"), pattern.lstrip("!")
            target = below if "/" in pattern.strip("/") or pattern.startswith("/") else name
            if fnmatch.fnmatchcase(target, pattern.lstrip("/").removeprefix("**/")):
                verdict = not negated
        if verdict is not None:
            return verdict
    return False
