"""The change to a file as a unified diff that shows no secret. Pure."""

import difflib
import re
from collections.abc import Iterable

from undercroft.model.redact import MASK, redact

_KEY_BEGINS, _KEY_ENDS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"-----END [A-Z ]*PRIVATE KEY-----"),
)
_NO_END = "\\ No newline at end of file\n"


def _masked(text: str, known: tuple[str, ...]) -> tuple[list[str], bool]:
    """The lines of ``text`` with secrets masked, line ends kept, and whether anything was masked."""
    lines: list[str] = []
    masked = inside = False
    for line in re.findall(r"[^\n]*\n|[^\n]+$", text):
        body = line.rstrip("\r\n")
        if inside and not _KEY_ENDS.search(body):
            clean = MASK
        else:
            # A line with a whole key on it is redact's own business; one that only begins or ends one stays as a frame.
            clean = body if inside or (_KEY_BEGINS.search(body) and not _KEY_ENDS.search(body)) else redact(body, known)
        inside = bool(_KEY_BEGINS.search(body) or inside) and not _KEY_ENDS.search(body)
        masked = masked or clean != body
        lines.append(clean + line[len(body) :])
    return lines, masked


def unified(name: str, before: str, after: str, known: Iterable[str] = ()) -> tuple[str, bool]:
    """The diff of one file, and whether lines in it were masked, so that it cannot be applied as it stands.

    ``known`` are values to mask wherever they stand. Empty when nothing changed.
    """
    secrets = tuple(known)
    old, old_masked = _masked(before, secrets)
    new, new_masked = _masked(after, secrets)
    out: list[str] = []
    for line in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"):
        out.append(line)
        if not line.endswith("\n"):
            out += ["\n", _NO_END]
    text = "".join(out)
    return text, (old_masked or new_masked) and MASK in text
