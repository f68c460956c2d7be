"""Log text is written by strangers: here it becomes safe to print, bounded, and countable by shape."""

import re

KEPT = 500
"""Characters of a line that are kept for evidence."""

_RUNS = re.compile(r"(?i)\b(?:0x)?(?=[0-9a-f]*[0-9])[0-9a-f]+\b|\d+")
_SHAPE = 120


def _escape(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def visible(text: str) -> str:
    """``text`` cut to ``KEPT`` characters, every control, format and separator character but the blank escaped."""
    if len(text) > KEPT:
        text = text[: KEPT - 1] + "…"
    return text if text.isprintable() else _escape(text)


def shape(text: str) -> str:
    """What kind of line it is: runs of digits and of hexadecimal collapsed, so that a million lines make a few shapes.

    >>> shape("worker 12 died at 0xdeadbeef01")
    'worker # died at #'
    """
    return visible(_RUNS.sub("#", text[: 2 * _SHAPE])[:_SHAPE])
