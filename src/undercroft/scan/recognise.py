"""Which product an image name, a command line or a package is, by the catalogue. Pure.

The most specific match wins: the longest command prefix, the longest repository. Where two components tie, neither is
claimed; the catalogue's gate keeps that from happening.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from undercroft.catalogue.schema import Command, ComponentFact, Image, Package
from undercroft.model.asset import Certainty, Component
from undercroft.model.evidence import Evidence

_PYTHON = re.compile(r"^(?:python|pypy)(?:\d+(?:\.\d+)?)?$")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_PREFIXES = frozenset({"exec", "nohup", "time", "sudo", "tini", "dumb-init", "--", "env", "uv", "run", "poetry"})
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", "\n"})


@dataclass(frozen=True, slots=True)
class Reference:
    """An image reference in its parts (OCI distribution's grammar, with Docker Hub's defaults filled in)."""

    repository: str
    """Registry and path in full: ``docker.io/library/redis``."""
    tag: str | None
    """Tag as written, ``None`` when there is none."""
    digest: str | None
    """``sha256:…``, ``None`` when the image is not pinned."""


def reference(text: str) -> Reference:
    """``text`` taken apart. Never fails: an odd reference is a repository nobody knows."""
    name, _, digest = text.strip().partition("@")
    head, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    name = f"{head}{slash}{last}"
    first = name.partition("/")[0]
    if "/" not in name:
        name = f"docker.io/library/{name}"
    elif "." not in first and ":" not in first and first != "localhost":
        name = f"docker.io/{name}"
    return Reference(name.replace("index.docker.io/", "docker.io/"), tag if colon else None, digest or None)


def _repository_matches(pattern: str, repository: str) -> bool:
    return repository.startswith(pattern[:-1]) if pattern.endswith("*") else repository == pattern


def _tag_version(template: str, tag: str | None) -> tuple[str | None, str]:
    if not template:
        return None, "the image's tags do not say the component's version"
    if tag is None:
        return None, "the image has no tag, so it runs whatever is newest when pulled"
    before, _, after = template.partition("{version}")
    ending = re.escape(after).replace(r"\*", ".*")
    pattern = rf"{re.escape(before)}(\d+(?:\.\d+)*(?:[abcdrtpsov.+]\w*?)*){ending}"
    match = re.fullmatch(pattern, tag)
    if match is None:
        return None, f"tag {tag} does not say a version"
    if re.fullmatch(r"\d{1,3}", match[1]):
        return None, f"tag {tag} moves with every release of {match[1]}.x, so it says no version"
    return match[1], f"image tag {tag}"


def image(
    text: str, components: Mapping[str, ComponentFact], evidence: Evidence | None = None
) -> tuple[Component, Image] | None:
    """The component an image runs, with the catalogue's entry for it: of several entries for one repository, the one whose tag fits."""
    ref = reference(text)
    best: tuple[tuple[int, bool], ComponentFact, Image, str | None, str] | None = None
    for fact in components.values():
        for entry in fact.images:
            if not _repository_matches(entry.repository, ref.repository):
                continue
            version, reason = _tag_version(entry.version_tag, ref.tag)
            weight = (len(entry.repository), version is not None)
            if best is None or weight > best[0]:
                best = (weight, fact, entry, version, reason)
    if best is None:
        return None
    _, fact, entry, version, reason = best
    certainty = Certainty.EXACT if version else Certainty.UNKNOWN
    return Component(fact.slug, version, certainty, reason, (evidence,) if evidence else ()), entry


def _program(word: str) -> str:
    name = word.replace("\\", "/").rpartition("/")[2]
    return "python" if _PYTHON.match(name) else name


def _starts(argv: Sequence[str | None], command: Command) -> bool:
    if len(argv) < len(command.argv):
        return False
    for i, wanted in enumerate(command.argv):
        word = argv[i]
        if word is None or (wanted != "*" and (_program(word) if i == 0 else word) != wanted):
            return False
    return True


def simple_commands(argv: Sequence[str | None]) -> list[tuple[int, int]]:
    """The stretches ``[start, end)`` of ``argv`` that are commands of their own, leading wrappers such as ``exec`` left out.

    A ``sh -c`` with its script as one word is not taken apart here: the collector splits it, because it knows the place.
    """
    stretches, start = [], 0
    for i in range(len(argv) + 1):
        if i == len(argv) or argv[i] in _SEPARATORS:
            begin = start
            while begin < i and ((argv[begin] or "") in _PREFIXES or re.match(r"^\w+=", argv[begin] or "")):
                begin += 1
            if begin < i:
                stretches.append((begin, i))
            start = i + 1
    return stretches


def is_shell(word: str | None) -> bool:
    """Whether a word starts a shell whose ``-c`` script has to be split."""
    return word is not None and _program(word) in _SHELLS


def command(
    argv: Sequence[str | None], components: Mapping[str, ComponentFact]
) -> tuple[ComponentFact, Command, tuple[int, int]] | None:
    """The component a command line starts, the catalogue's entry, and the stretch of ``argv`` behind its own words."""
    best: tuple[int, ComponentFact, Command, tuple[int, int]] | None = None
    for start, end in simple_commands(argv):
        stretch = argv[start:end]
        program = _program(stretch[0] or "")
        for fact in components.values():
            for entry in fact.commands:
                # The first word decides nearly always: it is compared before anything else is.
                if (
                    entry.argv[0] in {program, "*"}
                    and _starts(stretch, entry)
                    and (best is None or len(entry.argv) > best[0])
                ):
                    best = (len(entry.argv), fact, entry, (start + len(entry.argv), end))
    return best[1:] if best else None


def package(ecosystem: str, name: str, components: Mapping[str, ComponentFact]) -> tuple[ComponentFact, Package] | None:
    """The component a package contains, with the catalogue's entry. PyPI names compare as PEP 503 normalises them."""
    wanted = _normal(ecosystem, name)
    for fact in components.values():
        for entry in fact.packages:
            if entry.ecosystem == ecosystem and _normal(ecosystem, entry.name) == wanted:
                return fact, entry
    return None


@lru_cache(maxsize=4096)
def _normal(ecosystem: str, name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower() if ecosystem == "PyPI" else name
