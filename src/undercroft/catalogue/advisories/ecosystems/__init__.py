"""Which rules order an ecosystem's versions, and how it writes a package's name.

Ecosystem names are those of the OSV schema (``PyPI``, ``Go``, ``npm``, ``crates.io``, ``Debian:12``). ``product`` is our own,
for servers that are no package anywhere; their version numbers are read as PEP 440, which takes both dotted numbers of any
length and the usual spellings of pre-releases.

``packaging`` and ``semver`` do the work, because both import in a few milliseconds. ``univers`` covers every ecosystem, but
costs several times their import; it is used where neither of them knows the rules.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from undercroft.catalogue.advisories.ecosystems import debian, pep440, semantic

PRODUCT = "product"
"""The ecosystem of servers that no package registry carries."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One ecosystem's rules."""

    parse: Callable[[str], Any | None]
    """A text as a version that compares with its like, or ``None`` when it is none."""
    published: Callable[[Any], Any]
    """The release that somebody's own build of it stands for: PEP 440's public version; elsewhere the version itself."""
    normalise: Callable[[str], str]
    """A package's name as the registry compares it."""


def _same(value: Any) -> Any:
    return value


def _pypi_name(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _public(version: Any) -> Any:
    return version if version.local is None else pep440.parse(version.public)


_PEP440 = lru_cache(maxsize=65536)(pep440.parse)
_SEMANTIC = Rules(lru_cache(maxsize=65536)(semantic.parse), _same, str.strip)
_RULES = {
    "PyPI": Rules(_PEP440, _public, _pypi_name),
    PRODUCT: Rules(_PEP440, _public, lambda name: name.strip().lower()),
    "Go": _SEMANTIC,
    "npm": _SEMANTIC,
    "crates.io": _SEMANTIC,
    "Debian": Rules(lru_cache(maxsize=65536)(debian.parse), _same, str.strip),
}
_RULES["Ubuntu"] = _RULES["Debian"]


def rules(ecosystem: str) -> Rules | None:
    """The rules of ``ecosystem`` (release suffixes such as ``Debian:12`` count as ``Debian``); ``None`` when unknown."""
    return _RULES.get(ecosystem.partition(":")[0])
