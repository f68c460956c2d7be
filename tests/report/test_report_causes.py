"""Root causes come first, and a summary for a pull request cannot be broken out of."""

from dataclasses import replace

import pytest
from report_samples import scan_result

from undercroft.model.finding import Finding
from undercroft.model.result import ScanResult
from undercroft.model.verdict import Verdict
from undercroft.report import markdown, terminal
from undercroft.report.order import causes

RESULT = scan_result()
PRESENT = tuple(f for f in RESULT.findings if f.verdict is Verdict.PRESENT)


def _again(finding: Finding, name: str, title: str = "") -> Finding:
    """The same thing said of another asset."""
    asset = replace(finding.asset, key=f"{finding.asset.key}{name}", name=name)
    return replace(finding, asset=asset, fingerprint=finding.fingerprint + name, title=title or finding.title)


def _many(count: int) -> ScanResult:
    findings = tuple(_again(PRESENT[0], f"asset{i}", f"Problem {chr(97 + i)} is there") for i in range(count))
    return replace(RESULT, findings=findings)


def test_the_same_thing_said_of_two_assets_is_one_cause() -> None:
    found = causes([PRESENT[0], _again(PRESENT[0], "other")])
    assert [len(c.findings) for c in found] == [2]
    assert found[0].assets == 2


def test_another_fix_is_another_cause() -> None:
    other = replace(_again(PRESENT[0], "other"), fix=replace(PRESENT[0].fix, summary="Do something else"))
    assert len(causes([PRESENT[0], other])) == 2


def test_what_is_unknown_causes_nothing() -> None:
    assert causes([replace(PRESENT[0], verdict=Verdict.UNKNOWN)]) == ()


def test_the_worst_cause_comes_first() -> None:
    ranks = [c.first.severity.rank for c in causes(RESULT.findings)]
    assert ranks == sorted(ranks, reverse=True)


def test_more_than_ten_causes_are_counted_and_the_rest_comes_on_request() -> None:
    short = terminal.render(_many(13), every=False)
    assert "10 root causes of 13" in short
    assert "3 more root causes" in short
    assert "--all" in short
    whole = terminal.render(_many(13), every=True)
    assert whole.count("Problem ") == 13
    assert "--all" not in whole


@pytest.mark.parametrize("count", [1, 10])
def test_up_to_ten_causes_are_shown_whole(count: int) -> None:
    assert terminal.render(_many(count), every=False) == terminal.render(_many(count), every=True)


def test_a_summary_says_the_counts_and_the_causes() -> None:
    text = markdown.render(RESULT)
    assert text.startswith("## Undercroft\n")
    assert PRESENT[0].fix.summary.split()[0] in text


@pytest.mark.parametrize(
    "hostile",
    ["](http://evil.example)", "<img src=x onerror=alert(1)>", "a | b | c", "`x` **bold**", "line\nbreak", "\x1b[31m"],
)
def test_a_summary_cannot_be_broken_out_of(hostile: str) -> None:
    plain = markdown.render(replace(RESULT, findings=(replace(PRESENT[0], title="harmless"),)))
    text = markdown.render(replace(RESULT, findings=(replace(PRESENT[0], title=hostile),)))
    assert text.count("\n") == plain.count("\n")
    assert text.count("|") == plain.count("|")
    for sign in ("](", "<img", "\x1b", "**bold**"):
        assert sign not in text
