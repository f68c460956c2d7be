"""PEP 440, as PyPI packages follow it, through ``packaging``."""

from packaging.version import InvalidVersion, Version

MAX_LENGTH = 256
"""Characters. Longer text is no version anybody published, and reading it costs time."""


def parse(text: str) -> Version | None:
    """``text`` as a version, or ``None`` when it is none (``latest``, a git hash)."""
    if len(text) > MAX_LENGTH:
        return None
    try:
        return Version(text)
    except InvalidVersion:
        return None
