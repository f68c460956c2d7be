"""Semantic Versioning 2.0.0, as npm, Go modules and crates.io follow it, through ``semver``.

Go writes a leading ``v``, and ``+incompatible`` for modules that are none; its pseudo-versions
(``v0.0.0-20240131185645-0ae4915a9391``) are pre-releases whose order is their date (Go Modules Reference, "Pseudo-versions").
"""

from typing import Any

MAX_LENGTH = 256
"""Characters; npm's own limit (node-semver ``MAX_LENGTH``). Longer text is no version."""


def parse(text: str) -> Any | None:
    """``text`` as a ``semver.Version``, or ``None`` when it is none. A missing minor or patch number reads as 0."""
    from semver import Version

    text = text.strip()
    if len(text) > MAX_LENGTH or not text.isascii():
        return None
    try:
        return Version.parse(text.removeprefix("v"), optional_minor_and_patch=True)
    except ValueError:
        return None
