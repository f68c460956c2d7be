"""Texts from scanned files and servers, made safe and short enough to show.

A scanned file can hold terminal escapes that hide a finding, direction marks that reorder a line (CVE-2021-42574) and
lines a megabyte long. What a reader sees must be what stands there, so such characters are written out instead of obeyed.
"""

CUT = 300
"""Characters of one text that are shown unless a caller says otherwise."""


def _written_out(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def shown(text: str, cut: int = CUT) -> str:
    r"""``text`` on one line, every character that acts on a display or shows nothing written out, at most ``cut`` characters long.

    >>> shown("a\x1b[31mb\u202ec")
    'a\\x1b[31mb\\u202ec'
    """
    head = text[: cut + 1].replace("\t", "    ")
    if not head.isprintable():
        head = "".join(c if c.isprintable() else _written_out(c) for c in head)
    return head if len(head) <= cut else head[: cut - 1] + "…"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(names: tuple[str, ...] | list[str], most: int = 4) -> str:
    """``a, b and c``; ``a, b, c, d and 3 more`` beyond ``most``."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
