"""Debian's order of versions (Debian Policy 5.6.12), through ``univers``.

Imported only when a Debian package is met: ``univers`` costs as much to import as everything else a scan needs.
"""

from typing import Any

MAX_LENGTH = 256
"""Characters. Longer text is no version anybody published."""


def parse(text: str) -> Any | None:
    """``text`` as a ``univers.debian.Version``, or ``None`` when it is none."""
    from univers.debian import Version

    text = text.strip()
    if not text or len(text) > MAX_LENGTH or not text.isascii():
        return None
    try:
        return Version.from_string(text)  # type: ignore[no-untyped-call] # univers annotates none of it
    except ValueError:
        return None
