"""A scan as a CycloneDX 1.6 bill of materials, with what is known about each component's vulnerabilities (VEX).

The format is OWASP's (https://cyclonedx.org/docs/1.6/json/). What a scan knows of a vulnerability is that the version is affected, not
whether it can be exploited here: its state is ``in_triage``, or ``exploitable`` where it is exploited in the wild and the internet reaches
the component.
"""

import json
import re
import uuid
from typing import Any
from urllib.parse import quote

from undercroft import __version__
from undercroft.model.exposure import Reach
from undercroft.model.finding import Finding
from undercroft.model.result import Held, ScanResult
from undercroft.model.verdict import Verdict

_TYPES = {
    "PyPI": "pypi",
    "npm": "npm",
    "Go": "golang",
    "Maven": "maven",
    "crates.io": "cargo",
    "Conda": "conda",
    "product": "generic",
}
_NAMESPACE = uuid.UUID("6f0b0b0e-3a5e-5d0f-9a53-8c2f0e5f7a10")
"""Makes serial numbers that are the same for the same content, so that two bills of one tree can be compared."""
_METHODS = {"CVSS:3.0": "CVSSv3", "CVSS:3.1": "CVSSv31", "CVSS:4.0": "CVSSv4"}


def package_url(ecosystem: str, name: str, version: str | None) -> str:
    """A package as the package-url specification writes it."""
    kind = _TYPES.get(ecosystem, ecosystem.partition(":")[0].lower().replace("debian", "deb"))
    parts = name.replace(":", "/") if ecosystem == "Maven" else f"debian/{name}" if kind == "deb" else name
    path = "/".join(quote(part, safe="") for part in parts.split("/"))
    return f"pkg:{kind}/{path}" + (f"@{quote(version, safe='')}" if version else "")


def render(result: ScanResult) -> str:
    """The bill as indented JSON."""
    return json.dumps(bill(result), indent=2) + "\n"


def bill(result: ScanResult) -> dict[str, Any]:
    """The bill as plain dictionaries and lists: one component for each package and version, with every place it was met."""
    held: dict[str, list[Held]] = {}
    for one in result.packages:
        held.setdefault(package_url(one.ecosystem, one.package, one.version), []).append(one)
    components = [_component(url, places) for url, places in sorted(held.items())]
    vulnerabilities = _vulnerabilities(result)
    serial = uuid.uuid5(_NAMESPACE, json.dumps([components, vulnerabilities], sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "undercroft", "version": __version__}]},
            "properties": [{"name": "undercroft:target", "value": target} for target in result.targets],
        },
        "components": components,
        "vulnerabilities": vulnerabilities,
    }


def _component(url: str, places: list[Held]) -> dict[str, Any]:
    first = places[0]
    properties = [("undercroft:ecosystem", first.ecosystem), *(("undercroft:place", p.where) for p in places)]
    if first.version is None:
        properties.append(("undercroft:version-unknown", first.reason))
    component: dict[str, Any] = {
        "type": "application" if first.ecosystem == "product" else "library",
        "bom-ref": url,
        "name": first.package,
        "purl": url,
        "properties": [{"name": name, "value": value} for name, value in dict.fromkeys(properties)],
    }
    return component | ({"version": first.version} if first.version else {})


def _vulnerabilities(result: ScanResult) -> list[dict[str, Any]]:
    by_id: dict[str, list[Finding]] = {}
    for finding in result.findings:
        if finding.vulnerability is not None and finding.vulnerability.id and finding.verdict is Verdict.PRESENT:
            by_id.setdefault(finding.vulnerability.id, []).append(finding)
    return [_vulnerability(name, found) for name, found in sorted(by_id.items())]


def _vulnerability(name: str, found: list[Finding]) -> dict[str, Any]:
    first = found[0]
    known = first.vulnerability
    assert known is not None
    urgent = any(f.vulnerability and f.vulnerability.exploited and f.exposure.reach is Reach.INTERNET for f in found)
    affected = sorted({package_url(v.ecosystem, v.package, v.version) for f in found if (v := f.vulnerability)})
    rating: dict[str, Any] = {"severity": max(f.severity for f in found).value}
    method = _METHODS.get(known.cvss[:8])
    if known.score is not None:
        rating["score"] = known.score
    if method:
        rating |= {"method": method, "vector": known.cvss}
    weaknesses = [int(m[1]) for r in first.references if (m := re.fullmatch(r"CWE-(\d+)", r))]
    made: dict[str, Any] = {
        "bom-ref": f"vulnerability:{name}",
        "id": name,
        "source": {"name": known.source or "undercroft"},
        "references": [{"id": alias, "source": {"name": alias.partition("-")[0]}} for alias in known.aliases],
        "ratings": [rating],
        "cwes": list(dict.fromkeys(weaknesses)),
        "recommendation": first.fix.summary,
        "affects": [{"ref": ref, "versions": [_version(ref, found)]} for ref in affected],
        "analysis": {
            "state": "exploitable" if urgent else "in_triage",
            "response": ["update"] if known.fixed else ["can_not_fix"],
            "detail": first.why,
        },
    }
    return made | ({"published": f"{known.published}T00:00:00Z"} if known.published else {})


def _version(ref: str, found: list[Finding]) -> dict[str, str]:
    for finding in found:
        known = finding.vulnerability
        if known is not None and package_url(known.ecosystem, known.package, known.version) == ref:
            return {"version": known.version or "", "status": "affected"}
    return {"version": "", "status": "unknown"}
