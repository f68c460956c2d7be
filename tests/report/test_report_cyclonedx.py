"""The bill of materials: every package once, every vulnerability with its state, and readable by the scan itself."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from report_samples import INTERNET, LOOPBACK, scan_result

from undercroft.catalogue import loader
from undercroft.model.exposure import Exposure
from undercroft.model.finding import Finding, Vulnerability
from undercroft.model.result import Held, ScanResult
from undercroft.model.verdict import Verdict
from undercroft.report import cyclonedx
from undercroft.scan.collect.files import collect as files
from undercroft.scan.inventory import installed

KNOWN = Vulnerability(
    "PyPI", "vllm", "0.10.1", "CVE-2025-48956", ("GHSA-rxc4-3w6r-4v47",), "0.10.1.1", "0.12.0", 7.5, "CVSS:3.1/AV:N", 0.1, True, (),
    "2025-08-21", "PyPA",
)  # fmt: skip
STATES = {"resolved", "resolved_with_pedigree", "exploitable", "in_triage", "false_positive", "not_affected"}
RESPONSES = {"can_not_fix", "will_not_fix", "update", "rollback", "workaround_available"}


def _result(exposure: Exposure = LOOPBACK, known: Vulnerability = KNOWN) -> ScanResult:
    base = scan_result()
    found: Finding = next(f for f in base.findings if f.verdict is Verdict.PRESENT)
    held = (
        Held("PyPI", "vllm", "0.10.1", "a", "requirements.txt:1:1", "vllm==0.10.1"),
        Held("PyPI", "vllm", "0.10.1", "b", "Dockerfile:3:1", "vllm==0.10.1"),
        Held("npm", "@a/b", None, "c", "package.json:2:3", "a range"),
    )
    told = replace(found, exposure=exposure, vulnerability=known, references=("CWE-400", "OWASP A03:2025"))
    return replace(base, findings=(told,), packages=held)


def test_the_bill_has_what_the_format_requires() -> None:
    bill = json.loads(cyclonedx.render(_result()))
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    refs = [c["bom-ref"] for c in bill["components"]]
    assert len(refs) == len(set(refs))
    assert all(c["type"] in {"library", "application"} and c["name"] for c in bill["components"])
    for vulnerability in bill["vulnerabilities"]:
        assert vulnerability["analysis"]["state"] in STATES
        assert set(vulnerability["analysis"]["response"]) <= RESPONSES
        assert {a["ref"] for a in vulnerability["affects"]} <= set(refs)
        assert all(isinstance(number, int) for number in vulnerability["cwes"])
        assert all(v["status"] == "affected" for a in vulnerability["affects"] for v in a["versions"])


def test_a_package_met_twice_is_one_component_with_both_places() -> None:
    component = next(c for c in cyclonedx.bill(_result())["components"] if c["name"] == "vllm")
    assert component["purl"] == "pkg:pypi/vllm@0.10.1"
    places = [p["value"] for p in component["properties"] if p["name"] == "undercroft:place"]
    assert places == ["requirements.txt:1:1", "Dockerfile:3:1"]


def test_a_version_nobody_knows_is_left_out_and_said_to_be() -> None:
    component = next(c for c in cyclonedx.bill(_result())["components"] if c["name"] == "@a/b")
    assert component["purl"] == "pkg:npm/%40a/b"
    assert "version" not in component
    assert {"name": "undercroft:version-unknown", "value": "a range"} in component["properties"]


@pytest.mark.parametrize(("exposure", "state"), [(INTERNET, "exploitable"), (LOOPBACK, "in_triage")])
def test_only_what_is_exploited_and_reachable_is_called_exploitable(exposure: Exposure, state: str) -> None:
    (vulnerability,) = cyclonedx.bill(_result(exposure))["vulnerabilities"]
    assert vulnerability["analysis"]["state"] == state
    (harmless,) = cyclonedx.bill(_result(exposure, replace(KNOWN, exploited=False)))["vulnerabilities"]
    assert harmless["analysis"]["state"] == "in_triage"


def test_what_cannot_be_fixed_says_so() -> None:
    (vulnerability,) = cyclonedx.bill(_result(known=replace(KNOWN, fixed=None)))["vulnerabilities"]
    assert vulnerability["analysis"]["response"] == ["can_not_fix"]


def test_two_bills_of_one_scan_are_the_same() -> None:
    assert cyclonedx.render(_result()) == cyclonedx.render(_result())


def test_the_scan_reads_its_own_bill_back(tmp_path: Path) -> None:
    (tmp_path / "bom.json").write_text(cyclonedx.render(_result()))
    graph, unread, _, _ = files.collect([tmp_path], loader.load().components)
    assert unread == []
    assert {(p.ecosystem, p.name, p.version) for p in installed(graph)} == {
        ("PyPI", "vllm", "0.10.1"),
        ("npm", "@a/b", None),
    }
