"""A baseline accepts what somebody gave a reason for, and nothing else."""

import json
from pathlib import Path

import pytest

from undercroft.cli.main import main
from undercroft.scan import baseline

WEAK = "services:\n  n:\n    image: quay.io/jupyter/base-notebook:2025-03-14\n    command: start-notebook.py --IdentityProvider.token=''\n    ports: ['8888:8888']\n"


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(WEAK)
    return tmp_path


def _accept(stack: Path) -> Path:
    file = stack.parent / "baseline.json"
    main(["scan", str(stack), "--write-baseline", str(file), "--reason", "known since March"])
    return file


def test_what_is_accepted_is_left_out_and_counted(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _accept(stack)
    capsys.readouterr()
    assert main(["scan", str(stack), "--baseline", str(file), "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["findings"] == []
    assert {s["reason"] for s in shown["suppressed"]} == {"known since March"}
    assert {s["by"] for s in shown["suppressed"]} == {"baseline"}


def test_something_new_is_still_found(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _accept(stack)
    (stack / "compose.yaml").write_text(WEAK + "    privileged: true\n")
    capsys.readouterr()
    assert main(["scan", str(stack), "--baseline", str(file), "--format", "json"]) == 1
    assert [f["check"] for f in json.loads(capsys.readouterr().out)["findings"]] == ["privileged-container"]


def test_lines_that_move_stay_accepted(stack: Path) -> None:
    file = _accept(stack)
    (stack / "compose.yaml").write_text("# moved\n\n" + WEAK)
    assert main(["scan", str(stack), "--baseline", str(file)]) == 0


def test_a_baseline_needs_a_reason(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(stack), "--write-baseline", str(stack / "b.json")]) == 2
    assert "--reason" in capsys.readouterr().err
    assert not (stack / "b.json").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "not JSON"),
        ("{}", "not a baseline"),
        (
            json.dumps({"schema": baseline.SCHEMA, "accepted": [{"fingerprint": "x", "check": "c", "reason": " "}]}),
            "no reason",
        ),
        (json.dumps({"schema": baseline.SCHEMA, "accepted": [{"reason": "r"}]}), "no fingerprint"),
    ],
)
def test_a_baseline_that_cannot_be_used_is_refused(
    text: str, said: str, stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (stack / "b.json").write_text(text)
    assert main(["scan", str(stack), "--baseline", str(stack / "b.json")]) == 2
    assert said in capsys.readouterr().err


def test_checks_are_chosen_and_left_out_by_their_ids(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["scan", str(stack), "--select", "no-authentication", "--format", "json"])
    assert {f["check"] for f in json.loads(capsys.readouterr().out)["findings"]} == {"no-authentication"}
    main(["scan", str(stack), "--ignore", "no-authentication,no-tls", "--format", "json"])
    assert not {f["check"] for f in json.loads(capsys.readouterr().out)["findings"]} & {"no-authentication", "no-tls"}


def test_a_check_nobody_wrote_cannot_be_chosen(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(stack), "--select", "no-magic"]) == 2
    assert "no-magic" in capsys.readouterr().err
