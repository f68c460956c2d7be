"""The command line: every verb explains itself, and a mistake says what to do next."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from undercroft.cli.main import main, parser

UNDERCROFT = Path(sys.executable).with_name("undercroft")
VERBS = ("console", "drift", "expect", "guard", "harden", "keys", "prove", "scan", "watch")


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": "/usr/bin:/bin", "COLUMNS": "100", "TERM": "xterm", **environment}
    return subprocess.run(
        [str(UNDERCROFT), *arguments], capture_output=True, text=True, timeout=60, env=env, check=False
    )


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_explains_itself(verb: str) -> None:
    done = _run(verb, "--help")
    assert done.returncode == 0
    assert "exit status" in done.stdout.lower()
    assert "usage: undercroft" in done.stdout


def test_the_help_lists_every_verb_with_a_summary() -> None:
    done = _run("--help")
    for verb in VERBS:
        assert f"\n    {verb} " in done.stdout


def test_the_help_imports_no_room() -> None:
    """What keeps the help fast is that nothing heavy is imported for it: counted here, timed in bench/."""
    code = "import sys; from undercroft.cli.main import parser; parser().format_help(); print([m for m in ('yaml', 'rich', 'msgspec', 'h11', 'uvloop', 'sigma', 'asyncio') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_verb_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["divine"])
    assert stopped.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


WEAK = "services:\n  n:\n    image: quay.io/jupyter/base-notebook:2025-03-14\n    command: start-notebook.py --IdentityProvider.token=''\n    ports: ['8888:8888']\n"
SOUND = "services:\n  n:\n    image: acme/app:1.2\n"


@pytest.mark.parametrize(
    ("text", "options", "status"),
    [
        (SOUND, (), 0),
        (WEAK, (), 1),
        (WEAK, ("--fail-on", "critical"), 0),
        (SOUND.replace("1.2", "${TAG}"), (), 0),
        (SOUND.replace("1.2", "${TAG}"), ("--fail-on-unknown",), 1),
        ("a: [", (), 0),
        ("a: [", ("--strict",), 3),
    ],
)
def test_the_exit_status_says_what_was_found(
    text: str, options: tuple[str, ...], status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    assert main(["scan", str(tmp_path), *options]) == status
    assert capsys.readouterr().out


def test_a_missing_target_could_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(tmp_path / "nowhere")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "no such file" in said.err


def test_the_json_is_one_object_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(WEAK)
    done = _run("scan", str(tmp_path), "--format", "json")
    shown = json.loads(done.stdout)
    assert {"schema", "findings", "could_not_read", "unknowns"} <= set(shown)
    assert {
        "check",
        "verdict",
        "severity",
        "confidence",
        "persona",
        "risk",
        "title",
        "asset",
        "exposure",
        "fix",
        "fingerprint",
        "evidence",
    } <= set(shown["findings"][0])
    assert shown["findings"][0]["evidence"][0]["file"] == "compose.yaml"
    assert done.stderr == ""


def test_no_colour_where_no_terminal_reads(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(WEAK)
    assert "\x1b" not in _run("scan", str(tmp_path)).stdout


def test_a_terminal_gets_colour_unless_it_says_no(tmp_path: Path) -> None:
    import pty

    (tmp_path / "compose.yaml").write_text(WEAK)
    for no_colour, coloured in (("", True), ("1", False)):
        main_end, other_end = pty.openpty()
        env = {"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "NO_COLOR": no_colour}
        process = subprocess.Popen(
            [str(UNDERCROFT), "scan", str(tmp_path)], stdout=other_end, stderr=other_end, env=env
        )
        os.close(other_end)
        shown = b""
        while True:
            try:
                piece = os.read(main_end, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        process.wait(timeout=30)
        os.close(main_end)
        assert (b"\x1b[1" in shown or b"\x1b[3" in shown) is coloured


def test_every_verb_module_has_the_same_three_parts() -> None:
    parser()  # a verb without SUMMARY, configure or run fails here


def test_an_output_file_is_written_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "compose.yaml").write_text(WEAK)
    target = tmp_path / "nowhere" / "out.json"
    assert main(["scan", str(tmp_path), "--format", "json", "--output", str(target)]) == 2
    assert "can be written" in capsys.readouterr().err


def test_a_mistake_of_ours_could_not_run_and_is_not_taken_for_findings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from undercroft.catalogue import loader

    def broken() -> None:
        raise RuntimeError("the catalogue fell over")

    monkeypatch.setattr(loader, "load", broken)
    assert main(["scan", "."]) == 2
    assert "fell over" in capsys.readouterr().err
