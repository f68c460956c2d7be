"""Software bills of materials that somebody else wrote: CycloneDX and SPDX as JSON.

Packages are taken by their package URL (https://github.com/package-url/purl-spec), which alone says ecosystem, name and version without
guessing. A component without one is not looked up by a name that may be another product's.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from undercroft.catalogue.schema import ComponentFact
from undercroft.scan.collect.files import listed, tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.graph import Graph
from undercroft.scan.inventory import Package

_TYPES = {
    "pypi": "PyPI",
    "npm": "npm",
    "golang": "Go",
    "maven": "Maven",
    "cargo": "crates.io",
    "conda": "Conda",
    "deb": "Debian",
}
_ENDINGS = (".cdx.json", ".spdx.json", "-sbom.json", "_sbom.json", ".sbom.json", "-bom.json", ".spdx3.json")


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """By the names that tools give them."""
    name = path.lower().rpartition("/")[2]
    return (
        name.endswith(_ENDINGS)
        or name in {"bom.json", "sbom.json", "manifest.spdx.json"}
        or (name.startswith(("sbom", "bom-", "bom.")) and name.endswith(".json"))
    )


def package_url(text: str) -> tuple[str, str, str | None] | None:
    """(ecosystem, name, version) of a package URL; ``None`` for what is none or of an ecosystem nobody looks up here."""
    if not text.startswith("pkg:"):
        return None
    path = text[4:].lstrip("/").partition("#")[0].partition("?")[0]
    kind, _, rest = path.partition("/")
    ecosystem = _TYPES.get(kind.lower())
    name, at, version = rest.rpartition("@")
    if not at or "/" in version:
        name, version = rest, ""
    parts = [unquote(part) for part in name.split("/") if part]
    if ecosystem is None or not parts:
        return None
    joined = ":".join(parts) if ecosystem == "Maven" else parts[-1] if ecosystem == "Debian" else "/".join(parts)
    return ecosystem, joined, unquote(version) or None


def _cyclonedx(document: dict[str, Any]) -> Iterator[str]:
    todo = [document.get("components")]
    while todo:
        components = todo.pop()
        for component in components if isinstance(components, list) else ():
            if isinstance(component, dict):
                if isinstance(component.get("purl"), str):
                    yield component["purl"]
                todo.append(component.get("components"))


def _spdx(document: dict[str, Any]) -> Iterator[str]:
    packages = document.get("packages")
    for package in packages if isinstance(packages, list) else ():
        references = package.get("externalRefs") if isinstance(package, dict) else None
        for reference in references if isinstance(references, list) else ():
            if isinstance(reference, dict) and reference.get("referenceType") == "purl":
                yield str(reference.get("referenceLocator", ""))
    elements = document.get("@graph")
    for element in elements if isinstance(elements, list) else ():
        if isinstance(element, dict) and isinstance(element.get("software_packageUrl"), str):
            yield element["software_packageUrl"]


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The packages of the bill; nothing for JSON of another kind."""
    try:
        document = json.loads(file.source.text)
    except json.JSONDecodeError as error:
        raise tree.Unreadable(f"line {error.lineno}, column {error.colno}: no JSON: {error.msg}") from error
    except RecursionError as error:
        raise tree.Unreadable("nested deeper than the parser goes") from error
    if not isinstance(document, dict):
        return Graph()
    if document.get("bomFormat") == "CycloneDX":
        urls = _cyclonedx(document)
    elif "spdxVersion" in document or "@graph" in document:
        urls = _spdx(document)
    else:
        return Graph()
    places = listed.Places(file.source)
    found: dict[tuple[str, str, str | None], Package] = {}
    for url in urls:
        read = package_url(url)
        if read is not None and read not in found and len(found) < listed.MOST:
            line, column = places.find(json.dumps(url)[1:-1])
            reason = f"listed in {file.path}" if read[2] else f"{file.path} lists it without a version"
            found[read] = listed.locked(file.source, *read, line, reason, column)
    return Graph(packages=tuple(found.values()))
