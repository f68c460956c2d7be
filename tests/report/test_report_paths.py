"""Attack paths for people: the worst first, all steps in their order, the rest counted, nothing obeyed."""

from dataclasses import replace

import report_samples as samples
from hypothesis import given
from hypothesis import strategies as st

from undercroft.model.result import AttackPath, ScanResult, Step
from undercroft.report import html, markdown, terminal
from undercroft.report.page import paths as page

WALK = [step.what for step in samples.ATTACK_PATH.steps]


def with_paths(number: int, path: AttackPath = samples.ATTACK_PATH) -> ScanResult:
    return replace(samples.empty_result(), attack_paths=(path,) * number)


def test_a_path_stands_before_the_findings_with_every_step_in_its_order() -> None:
    text = " ".join(terminal.render(samples.scan_result(), width=400).split())
    assert " → ".join(WALK) in text
    assert text.index("Attack paths") < text.index("authentication-missing")


def test_without_paths_there_is_no_heading() -> None:
    result = samples.empty_result()
    assert "Attack paths" not in terminal.render(result)
    assert "Attack paths" not in markdown.render(result)
    assert page.attack_paths(result) is None


def test_five_paths_are_shown_and_the_rest_is_counted() -> None:
    assert "more attack path" not in terminal.render(with_paths(5))
    text = terminal.render(with_paths(8))
    assert text.count("internet →") == terminal.PATHS
    assert "3 more attack paths" in text
    assert "3 more attack paths" in markdown.render(with_paths(8))


def test_the_page_draws_a_box_for_every_step_with_its_place() -> None:
    text = html.render(with_paths(1))
    assert text.count("<li title=") == len(WALK)
    drawn = text.partition("<ol>")[2]
    assert drawn.index(WALK[1]) < drawn.index(WALK[2]) < drawn.index(WALK[3])
    for step in samples.ATTACK_PATH.steps:
        assert step.evidence[0].where in text
    assert 'href="#paths"' in text


def test_the_page_counts_what_it_does_not_draw() -> None:
    text = html.render(with_paths(page.SHOWN + 2))
    assert "2 more paths" in text
    assert text.count("<ol>") == page.SHOWN


@given(st.text(max_size=60))
def test_no_name_in_a_path_becomes_markup(hostile: str) -> None:
    path = replace(
        samples.ATTACK_PATH, steps=(Step(f"<b>|`{hostile}", "", ()), *samples.ATTACK_PATH.steps), why=hostile
    )
    drawn = page.attack_paths(with_paths(1, path))
    assert drawn is not None
    assert "<b>" not in drawn
    lines = [line for line in markdown.render(with_paths(1, path)).splitlines() if line.startswith("- ")]
    assert len(lines) == 1
    assert "<" not in lines[0]
    assert "`" not in lines[0]
