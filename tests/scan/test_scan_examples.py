"""The same stack twice: the weak one has something in every part, the hardened one has nothing."""

from pathlib import Path

import pytest

from undercroft.catalogue import loader
from undercroft.model.evidence import FileEvidence
from undercroft.model.finding import Finding
from undercroft.model.result import ScanResult
from undercroft.model.verdict import Persona, Severity, Verdict
from undercroft.scan.run import Request, scan

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def _scan(name: str) -> ScanResult:
    return scan(Request((str(EXAMPLES / name),)), dict(loader.load().components)).result


def _advised(finding: Finding) -> bool:
    """Whether it goes by advisories: what is known of a version changes while the stack does not."""
    return finding.check == "known-vulnerability"


@pytest.mark.parametrize(
    ("part", "check"),
    [
        ("compose.yaml", "no-authentication"),
        ("compose.yaml", "default-credential"),
        ("compose.yaml", "runtime-socket"),
        ("kubernetes/vllm.yaml", "public-service"),
        ("kubernetes/vllm.yaml", "trust-remote-code"),
        ("kubernetes/ray.yaml", "rbac-overbroad"),
        ("model/Dockerfile", "curl-pipe-shell"),
        ("terraform/main.tf", "public-bucket"),
        ("terraform/main.tf", "open-security-group"),
        (".github/workflows/release.yaml", "ci-untrusted-checkout"),
    ],
)
def test_the_weak_stack_is_found_weak_in_every_part(part: str, check: str) -> None:
    places = {
        (e.file, f.check) for f in _scan("weak-stack").findings for e in f.evidence if isinstance(e, FileEvidence)
    }
    assert (part, check) in places


def test_the_weak_stack_has_something_critical() -> None:
    assert any(f.severity is Severity.CRITICAL for f in _scan("weak-stack").findings)


def test_the_hardened_stack_is_clean_for_the_regular_reader() -> None:
    result = _scan("hardened-stack")
    left = [(f.check, f.title, f.verdict) for f in result.findings if f.persona is Persona.REGULAR and not _advised(f)]
    assert left == []
    assert result.could_not_read == ()
    assert result.files == _scan("weak-stack").files


def test_nothing_of_the_hardened_stack_is_unknown() -> None:
    findings = _scan("hardened-stack").findings
    assert not any(f.verdict is Verdict.UNKNOWN and not _advised(f) for f in findings)
