"""What the scan verb says of packages: in JSON, as a bill of materials, and of an environment."""

import json
from pathlib import Path

import pytest

from undercroft.cli.main import main


def _scanned(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:  # type: ignore[type-arg]  # JSON
    status = main(["scan", *arguments])
    return status, json.loads(capsys.readouterr().out)


def test_a_requirement_with_a_known_vulnerability_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("vllm==0.10.1\n")
    status, report = _scanned(capsys, str(file), "--format", "json")
    (found,) = (f for f in report["findings"] if f.get("id") == "CVE-2025-48956")
    assert status == 1
    assert (found["package"], found["ecosystem"], found["version"]) == ("vllm", "PyPI", "0.10.1")
    assert (found["check"], found["verdict"], found["fixed"]) == ("known-vulnerability", "present", "0.10.1.1")
    assert "GHSA-rxc4-3w6r-4v47" in found["aliases"]


def test_the_same_as_a_bill_of_materials(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "requirements.txt").write_text("vllm==0.10.1\n")
    status, bill = _scanned(capsys, str(tmp_path), "--format", "cyclonedx")
    assert status == 1
    assert [c["purl"] for c in bill["components"]] == ["pkg:pypi/vllm@0.10.1"]
    assert "CVE-2025-48956" in {v["id"] for v in bill["vulnerabilities"]}


def test_an_environment_is_scanned_without_any_other_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "lib" / "python3.11" / "site-packages" / "vllm-0.10.1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.10.1\n")
    _, report = _scanned(capsys, "--environment", str(tmp_path), "--format", "json")
    assert [(p["package"], p["version"]) for p in report["packages"]] == [("vllm", "0.10.1")]
    assert "CVE-2025-48956" in {f.get("id") for f in report["findings"]}


@pytest.mark.parametrize("arguments", [[], ["--environment", "nowhere-at-all"]])
def test_nothing_to_scan_is_an_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", *arguments]) == 2
    assert "undercroft scan: " in capsys.readouterr().err
