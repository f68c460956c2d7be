"""What is installed: packages under the name and version their ecosystem knows, whatever file or answer tells of them.

A version is exact or it is unknown. A range, a branch or a floating tag says what may be installed, not what is, and nothing is
concluded from it: neither *all of its vulnerabilities* nor *none*.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from undercroft.model.asset import Asset, Certainty
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.scan.collect.files.interpolate import interpolate
from undercroft.scan.graph import Graph, Running, Span, Text, Workload
from undercroft.scan.installs import is_tooling, python_operands

WRITTEN = Exposure(None, (), "a list of packages does not say who will reach what is installed from it")
"""The exposure of packages that stand in a file of their own."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package at one place."""

    ecosystem: str
    """OSV's name for it: ``PyPI``, ``npm``, ``Go`` …; ``Conda`` for conda's own; ``product`` for what no ecosystem packages."""
    name: str
    """As its ecosystem writes it; PyPI names normalised (PEP 503)."""
    version: str | None
    """The exact version, or ``None`` when it is unknown."""
    certainty: Certainty
    reason: str
    """What the version rests on, or why it is unknown."""
    evidence: Evidence
    """Where it is written or was seen."""
    asset: Asset
    """What holds it: the file, the image, the workload."""
    span: Span | None = None
    """The version as it is written, where replacing it is all that an upgrade needs."""
    marker: str = ""
    """Environment marker or extra under which alone it is installed."""
    locked: bool = False
    """Whether a lock says it: whatever a manifest beside it leaves open is settled by that."""
    exposure: Exposure = WRITTEN
    """Who can reach what runs it."""
    written: str = ""
    """What people call it where that is not the package's name: the image, the product."""


def normal(ecosystem: str, name: str) -> str:
    """A package's name as its ecosystem compares it. PEP 503 for PyPI; npm and Go names are compared as they are."""
    return re.sub(r"[-_.]+", "-", name).lower() if ecosystem == "PyPI" else name


@dataclass(frozen=True, slots=True)
class Asked:
    """A Python requirement, read."""

    name: str
    version: str | None
    certainty: Certainty
    reason: str
    marker: str = ""


def _from_url(name: str, url: str) -> tuple[str | None, str]:
    """The version a direct reference names: a wheel's or a source archive's file name says it, a git reference does not."""
    if url.startswith(("git+", "hg+", "svn+", "bzr+")):
        return None, "built from version control, which says no released version"
    try:
        file = unquote(posixpath.basename(urlsplit(url).path))
    except ValueError:
        return None, "installed from an address that cannot be read"
    for parse in (parse_wheel_filename, parse_sdist_filename):
        try:
            found = parse(file)
        except (InvalidWheelFilename, InvalidSdistFilename):
            continue
        if found[0] == normal("PyPI", name):
            return str(found[1]), f"file {file}"
    return None, "installed from an address that does not say a version"


def requirement(text: str) -> Asked | None:
    """A PEP 508 requirement; ``None`` for what is none. Only ``==`` and ``===`` without a wildcard name a version."""
    try:
        parsed = Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None
    name = normal("PyPI", parsed.name)
    marker = str(parsed.marker) if parsed.marker else ""
    if parsed.url:
        version, reason = _from_url(parsed.name, parsed.url)
        return Asked(name, version, Certainty.EXACT if version else Certainty.UNKNOWN, reason, marker)
    exact = {s.version for s in parsed.specifier if s.operator in {"==", "==="} and not s.version.endswith(".*")}
    if len(exact) == 1:
        version = exact.pop()
        return Asked(name, version, Certainty.EXACT, f"{name}=={version}", marker)
    if len(exact) > 1:
        return Asked(name, None, Certainty.UNKNOWN, f"{text.strip()[:80]} names several versions", marker)
    if str(parsed.specifier):
        return Asked(name, None, Certainty.RANGE, f"{parsed.specifier} leaves the version open", marker)
    return Asked(name, None, Certainty.UNKNOWN, "no version is written", marker)


def _by_scripts(graph: Graph) -> Iterator[Package]:
    """What ``pip install`` commands name, wherever they stand."""
    exposures = {workload.asset.key: workload.exposure for workload in graph.workloads}
    for script in graph.scripts:
        known = {name: text.value for name, text in script.environment.items() if text.value}
        for command in script.commands:
            if command.printed:
                continue
            for word in python_operands(command):
                asked = requirement(interpolate(Text(word.strip("\"'")), known).value or "")
                if asked is not None and not (asked.version is None and is_tooling(asked.name)):
                    yield Package(
                        "PyPI", asked.name, asked.version, asked.certainty, f"pip install: {asked.reason}", command.evidence,
                        script.asset, None, asked.marker, exposure=exposures.get(script.asset.key, WRITTEN),
                    )  # fmt: skip


_RELEASED = re.compile(r":RELEASE\.(\d{4})-(\d\d)-(\d\d)T(\d\d)-(\d\d)-(\d\d)Z(?:[.@\-]|$)")


def _dated(workload: Workload) -> str | None:
    """A release that is named by its time as the Go pseudo-version of that time (Go Modules Reference, "Pseudo-versions")."""
    match = _RELEASED.search((workload.image.value if workload.image else None) or "")
    return f"v0.0.0-{''.join(match.groups())}-000000000000" if match else None


def _of_component(workload: Workload, running: Running) -> Iterator[Package]:
    component = running.component
    seen = running.observed.get("version")
    place = (*component.evidence, *(seen.evidence if seen else ()), *((workload.head,) if workload.head else ()))
    if not place:
        return
    version = component.version if component.certainty is Certainty.EXACT else None
    # A distribution's package has a version of its own, which an image of the product does not tell.
    names = [(p.ecosystem, p.name) for p in running.fact.packages if p.same_version and p.ecosystem != "Debian"]
    released = _dated(workload) if version is None else None
    for package in running.fact.packages if released else ():
        if package.ecosystem == "Go":
            yield Package(
                "Go", package.name, released, Certainty.EXACT, "the time in the image's tag", place[0], workload.asset,
                exposure=workload.exposure, written=component.slug,
            )  # fmt: skip
    for ecosystem, name in (*names, ("product", component.slug)):
        yield Package(
            ecosystem, normal(ecosystem, name), version, component.certainty, component.reason, place[0], workload.asset,
            exposure=workload.exposure, written=component.slug,
        )  # fmt: skip


def installed(graph: Graph) -> tuple[Package, ...]:
    """Every package of the graph: from files, from install commands, from recognised components declared and observed. Pure.

    A component that its package manager's command installed is told once, by the command.
    """
    found: dict[tuple[str, str, str, str | None], Package] = {}
    told = (*graph.packages, *_by_scripts(graph))
    running = (package for pair in graph.components() for package in _of_component(*pair))
    for package in (*told, *running):
        key = (package.asset.key, package.ecosystem, package.name, package.version)
        found.setdefault(key, package)
    exact = {key[:3] for key in found if key[3] is not None}
    folders = {(_folder(p), p.ecosystem, p.name) for p in found.values() if p.locked and p.version is not None}
    return tuple(
        package
        for key, package in found.items()
        if package.version is not None
        or (
            key[:3] not in exact
            and (package.locked or (_folder(package), package.ecosystem, package.name) not in folders)
        )
    )


def _folder(package: Package) -> str:
    return posixpath.dirname(package.asset.name) if package.asset.kind == "file" else package.asset.key
