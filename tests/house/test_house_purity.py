"""Pure rooms stay pure: an audit hook sees what an import contract cannot."""

import subprocess
import sys
from pathlib import Path

import pytest

PURE = (
    "undercroft.model",
    "undercroft.versions",
    "undercroft.stimuli",
    "undercroft.windows",
    "undercroft.guard.policies",
    "undercroft.watch.sources",
    "undercroft.watch.engine",
    "undercroft.scan.checks",
    "undercroft.report",
)
"""Packages whose every module must import, and whose import must do, no input or output of its own."""

AUDIT = Path(__file__).with_name("audit.py")


def _audit(code: str, *packages: str, path: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(AUDIT), code, *packages],
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        check=False,
    )


@pytest.mark.parametrize("package", PURE)
def test_a_pure_package_opens_nothing_and_starts_nothing(package: str) -> None:
    done = _audit("pass", package)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "violations: none" in done.stdout


@pytest.mark.parametrize(
    ("what", "statement"),
    [
        ("a file", "open('/etc/hostname').read()"),
        ("a socket", "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"),
        ("a process", "import subprocess; subprocess.run(['true'])"),
    ],
)
def test_the_audit_catches_planted_io(what: str, statement: str, tmp_path: Path) -> None:
    package = tmp_path / "planted"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "impure.py").write_text(f"{statement}\n")
    done = _audit("pass", "planted", path=str(tmp_path))
    assert done.returncode == 1, f"planted {what} went unseen"
    assert "planted" in done.stdout


def test_pure_functions_do_no_io_when_they_work() -> None:
    """Not only importing: parsing a version, judging a stimulus and redacting open nothing either."""
    work = (
        "from undercroft.versions.pep440 import satisfies; satisfies('1.2', '>=1')\n"
        "from undercroft.model.redact import redact; redact('token=abc')\n"
        "from undercroft.stimuli import requests, stimulus\n"
        "s = requests.large_header(stimulus.Target('h'))\n"
        "stimulus.judge(s, stimulus.Observation(200, False, 1.0, 1))\n"
        "stimulus.StatusReader('POST').feed(b'HTTP/1.1 200 OK\\r\\n\\r\\n')\n"
    )
    done = _audit(work, "undercroft.model", "undercroft.versions", "undercroft.stimuli")
    assert done.returncode == 0, done.stdout + done.stderr
