"""What people see at a terminal, whole, and what hostile texts cannot do to it."""

import re
import xml.etree.ElementTree as ET

import pytest
import report_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.report import alerts, diff, drift, drills, terminal
from undercroft.report.words import counted, listed, shown

HOSTILE = (
    "[bold red]owned[/] \x1b[2J\x1b]8;;https://evil.example\x07x\r\n\x9b31m \u202egnp.exe\u200b \ud800 "
    + "#" * 5000
    + "THE-END"
)


def test_a_weak_deployment_reads_like_this(snapshot):
    assert terminal.render(samples.scan_result()) == snapshot


def test_a_clean_scan_reads_like_this(snapshot):
    assert terminal.render(samples.empty_result()) == snapshot


def test_a_narrow_terminal_loses_no_word(snapshot):
    wide, narrow = terminal.render(samples.scan_result(), width=160), terminal.render(samples.scan_result(), width=60)
    assert max(map(len, narrow.splitlines())) <= 60
    assert "authentication-missing" in narrow
    assert sorted(set(re.findall(r"[A-Z]+-[A-Z]+", wide)) - set(re.findall(r"[A-Z]+-[A-Z]+", narrow))) == []


def test_drills_stand_side_by_side(snapshot):
    assert drills.render(samples.drills_before(), samples.drills_after()) == snapshot


def test_drift_is_a_table(snapshot):
    assert drift.render(samples.differences()) == snapshot


def test_no_drift_is_said(snapshot):
    assert drift.render(()) == "0 differences from what was expected.\n"


def test_alerts_are_told_in_a_few_lines(snapshot):
    assert alerts.render(samples.alerts()) == snapshot


def test_plain_output_holds_no_escape_and_colour_does():
    assert "\x1b" not in terminal.render(samples.scan_result(), colour=False)
    assert "\x1b[1;37;41m CRITICAL " in terminal.render(samples.scan_result(), colour=True)


def test_the_environment_changes_nothing(monkeypatch):
    before = terminal.render(samples.scan_result())
    for name, value in {"COLUMNS": "20", "FORCE_COLOR": "1", "TERM": "xterm-256color", "JUPYTER_COLUMNS": "7"}.items():
        monkeypatch.setenv(name, value)
    assert terminal.render(samples.scan_result()) == before


def hostile_outputs():
    def hostile(value):
        return samples.with_every_text(value, lambda text: HOSTILE)

    yield terminal.render(hostile(samples.scan_result()))
    yield drills.render(hostile(samples.drills_before()), hostile(samples.drills_after()))
    yield drift.render(hostile(samples.differences()))
    yield alerts.render(hostile(samples.alerts()))


@pytest.mark.parametrize("output", list(hostile_outputs()), ids=["scan", "drills", "drift", "alerts"])
def test_hostile_texts_are_shown_and_not_obeyed(output):
    assert all(c.isprintable() or c == "\n" for c in output)
    assert "[bold" in output
    assert "THE-END" not in re.sub(r"\s", "", output)


def test_hostile_texts_leave_only_our_own_escapes_in_colour():
    output = terminal.render(samples.with_every_text(samples.scan_result(), lambda text: HOSTILE), colour=True)
    assert set(re.findall(r"\x1b[^m]*m?", output)) <= set(re.findall(r"\x1b\[[0-9;]*m", output))


@settings(deadline=None)
@given(st.text())
def test_shown_text_is_one_printable_line(text):
    assert shown(text).isprintable()
    assert len(shown(text, 10)) <= 10


@settings(deadline=None)
@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=50))
def test_harmless_text_is_shown_as_it_is(text):
    assert shown(text) == text


def test_numbers_and_lists_read_like_prose():
    assert (counted(1, "file"), counted(0, "file"), listed(()), listed(["a"]), listed(["a", "b"])) == (
        "1 file",
        "0 files",
        "",
        "a",
        "a and b",
    )
    assert listed(["a", "b", "c", "d", "e"], 2) == "a, b and 3 more"


def test_a_plain_diff_stays_applicable_and_a_coloured_one_keeps_its_lines():
    text = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\x1b[0m\n+new " + "y" * 300 + "\n"
    assert diff.render(text) == text
    coloured = diff.render(text, colour=True)
    assert len(coloured.splitlines()) == 5
    assert "\x1b[31m-old\\x1b[0m\x1b[0m" in coloured
    assert "\x1b[32m+new" in coloured


def test_the_picture_of_a_terminal_loads_nothing_and_is_well_formed():
    for result in (
        samples.scan_result(),
        samples.with_every_text(samples.scan_result(), lambda text: HOSTILE + "</text><script>"),
    ):
        picture = terminal.svg(result, title="undercroft scan . <&>")
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(picture).iter()}
        assert tags <= {"svg", "style", "defs", "clipPath", "rect", "g", "text", "circle"}
        assert not re.findall(r"@font-face|@import|(?:href|src)=|url\((?!#)", re.sub(r"<text.*?</text>", "", picture))
