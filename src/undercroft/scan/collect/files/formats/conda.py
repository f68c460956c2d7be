"""Conda environments (``environment.yml``) and their locks (``conda-lock.yml``), with what pip installs in them.

``==`` names a version, one ``=`` begins one: ``numpy=1.26`` is any 1.26.x (conda's package match specification,
https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html). Three numbers behind one ``=`` are a release in practice.
Most Python packages are called alike on conda and on PyPI; those known to be something else there keep conda's name.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.scan.collect.files import listed, tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.graph import Graph
from undercroft.scan.inventory import Package

_SPEC = re.compile(r"^(?:[\w\-/.]+::)?(?P<name>[\w.\-]+)\s*(?P<rest>.*)$")
_EXACT = re.compile(r"^(?:==\s*(?P<exact>[\w.!+]+)|=\s*(?P<release>\d+\.\d+\.\d+[\w.]*))(?:=[\w.*]+)?$")
_CALLED = {
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "ray-core": "ray",
    "ray-default": "ray",
    "ray-serve": "ray",
}
_OTHERS = frozenset({
    "redis", "redis-server", "nginx", "postgresql", "nodejs", "go", "r-base", "openssl", "python", "pip", "git", "curl", "cmake", "libprotobuf",
    "grpc-cpp", "libtorch", "arrow-cpp", "cudatoolkit",
})  # fmt: skip


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """By their names."""
    name = path.lower().rpartition("/")[2]
    return name.endswith((".yml", ".yaml")) and (
        name.startswith(
            ("environment.", "environment-", "environment_", "conda-lock.", "conda_env", "conda-env", "conda.")
        )
        or name.endswith((".conda-lock.yml", "_environment.yml", "-environment.yml"))
    )


def _named(name: str) -> tuple[str, str]:
    low = name.lower()
    return ("Conda", low) if low in _OTHERS else ("PyPI", _CALLED.get(low, low))


def _written(document: tree.Node) -> Iterator[Package]:
    source = document.source
    entries = document.get("dependencies")
    for item in entries.each() if entries else ():
        pip = item.get("pip")
        for below in pip.each() if pip is not None else ():
            package = listed.asked(source, below.scalar or "", below.line)
            if package is not None:
                yield package
        match = _SPEC.match(item.scalar or "")
        if match is None:
            continue
        exact = _EXACT.match(match["rest"].strip())
        version = (exact["exact"] or exact["release"]) if exact else None
        ecosystem, name = _named(match["name"])
        reason = f"conda {item.scalar}" if version else f"conda {item.scalar} leaves the version open"
        package = listed.locked(source, ecosystem, name, version, item.line, reason, item.column)
        yield package if version else replace(package, locked=False)


def _locked(document: tree.Node) -> Iterator[Package]:
    seen: set[tuple[str, str, str]] = set()
    entries = document.get("package")
    for item in (entries.items if entries and entries.items else [])[: listed.MOST]:
        name, version, manager = (item.get(key) for key in ("name", "version", "manager"))
        if name is None or version is None or not name.scalar or not version.scalar:
            continue
        ecosystem, called = _named(name.scalar) if manager and manager.scalar == "conda" else ("PyPI", name.scalar)
        if (ecosystem, called, version.scalar) not in seen:  # once for each platform
            seen.add((ecosystem, called, version.scalar))
            yield listed.locked(document.source, ecosystem, called, version.scalar, version.line, "", version.column)


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The packages of an environment or its lock; nothing for a file of another kind."""
    packages: list[Package] = []
    for document in file.documents:
        packages += _locked(document) if document.get("package") is not None else _written(document)
    return Graph(packages=tuple(packages))
