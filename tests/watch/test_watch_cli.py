"""The verb: what it prints, and its exit status."""

import argparse
import io
import json
import sys

import pytest

from undercroft.cli import watch

FAILED = "2026-01-02T03:04:{:02}Z gpu1 sshd[1]: Failed password for root from 203.0.113.7 port 1 ssh2\n"


@pytest.fixture(autouse=True)
def _detections(monkeypatch):
    """The detections alone: components of the catalogue are another room's concern."""
    from undercroft.catalogue.compiler import HERE
    from undercroft.watch import follow

    monkeypatch.setattr(follow, "shipped_rules", lambda: follow.own_rules(str(HERE / "detections")))


def run(*argv):
    parser = argparse.ArgumentParser()
    watch.configure(parser)
    return watch.run(parser.parse_args([str(arg) for arg in argv]))


@pytest.fixture
def attacked(tmp_path):
    path = tmp_path / "auth.log"
    path.write_text("".join(FAILED.format(n) for n in range(10)))
    return path


def test_json_is_one_object_a_line_with_the_promised_keys(attacked, capsys):
    assert run(attacked, "--format", "json") == 1
    out = capsys.readouterr().out.splitlines()
    (alert,) = [json.loads(line) for line in out]
    assert {
        "detection",
        "risk",
        "severity",
        "confidence",
        "first_seen",
        "last_seen",
        "entities",
        "count",
        "evidence",
    } <= set(alert)
    assert (alert["detection"], alert["risk"], alert["severity"], alert["count"]) == (
        "ssh-brute-force",
        "TTP-BRUTE",
        "medium",
        10,
    )
    assert (alert["first_seen"], alert["last_seen"]) == ("2026-01-02T03:04:00Z", "2026-01-02T03:04:09Z")
    assert alert["entities"] == {
        "source": ["203.0.113.7"],
        "principal": ["root"],
        "target": ["gpu1"],
        "component": ["sshd"],
    }


def test_the_terminal_shows_the_alert_its_lines_and_what_to_do(attacked, capsys):
    assert run(attacked) == 1
    out = capsys.readouterr().out
    assert out.startswith("medium: 203.0.113.7 failed 10 SSH logins as root\n")
    assert "│ 2026-01-02T03:04:00Z gpu1 sshd[1]: Failed password" in out
    assert "→ Block the source" in out
    assert out.endswith("1 alert\n")


def test_a_quiet_log_is_status_0_and_says_no_alerts(tmp_path, capsys):
    (tmp_path / "auth.log").write_text(FAILED.format(1))
    assert run(tmp_path / "auth.log") == 0
    assert capsys.readouterr().out == "no alerts\n"
    assert run(tmp_path / "auth.log", "--format", "json") == 0
    assert capsys.readouterr().out == ""


def test_standard_input_is_read(attacked, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(attacked.read_bytes()))))
    assert run("-") == 1


def test_own_rules_run_beside_the_shipped_ones(attacked, tmp_path, capsys):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "any-login.yml").write_text(
        "title: Any\nlevel: informational\nlogsource: {service: sshd}\ndetection: {s: {action: login}, condition: s}\n"
        "undercroft: {risk: SYS-HOST, says: '{source} tried'}\n"
    )
    assert run(attacked, "--rules", tmp_path / "rules", "--format", "json") == 1
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(alert["detection"], alert["severity"]) for alert in found} == {
        ("ssh-brute-force", "medium"),
        ("any-login", "info"),
    }


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--source", "nothing"), "no such source"),
        (("--year", "99999"), "no year"),
        (("--rules", "does-not-exist"), "no Sigma rules"),
    ],
)
def test_what_cannot_run_is_status_2_and_says_why_on_standard_error(attacked, capsys, more, said):
    assert run(attacked, *more) == 2
    streams = capsys.readouterr()
    assert said in streams.err
    assert streams.out == ""


def test_a_file_that_cannot_be_read_is_status_2(tmp_path, capsys):
    assert run(tmp_path / "missing") == 2
    assert "missing: cannot be read" in capsys.readouterr().err


def test_without_the_watch_extra_it_says_what_to_install(attacked, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sigma.conditions", None)
    for name in [
        name for name in sys.modules if name.startswith(("undercroft.watch.follow", "undercroft.watch.engine"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    import undercroft.watch as room

    monkeypatch.delattr(room, "follow", raising=False)
    assert run(attacked) == 2
    assert "install undercroft[watch]" in capsys.readouterr().err
