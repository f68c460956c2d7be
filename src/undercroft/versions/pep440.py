"""PEP 440, as PyPI packages follow it, through ``packaging``."""

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version


def parse(text: str) -> Version | None:
    """``text`` as a version, or ``None`` when it is none (``latest``, a git hash)."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def satisfies(version: str | None, specifier: str) -> bool | None:
    """Whether ``version`` lies in ``specifier``. ``None`` when that cannot be known.

    An empty specifier holds for every version, known or not. A pre-release counts as a version like any other.
    Raises ``ValueError`` for a specifier that is none: that is a mistake in the catalogue, not in the input.
    """
    if not specifier:
        return True
    try:
        wanted = SpecifierSet(specifier)
    except InvalidSpecifier as error:
        raise ValueError(f"{specifier!r} is no PEP 440 specifier") from error
    parsed = parse(version) if version else None
    return None if parsed is None else wanted.contains(parsed, prereleases=True)
