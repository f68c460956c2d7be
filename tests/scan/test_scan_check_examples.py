"""Every check is decided on the examples beside it: what fires, what nearly does, what cannot be known."""

from pathlib import Path

import pytest

from undercroft.catalogue import loader
from undercroft.model.verdict import Verdict
from undercroft.scan.check import Example, discover
from undercroft.scan.run import Request, scan

EXAMPLES = [(slug, example) for slug, registered in discover().items() for example in registered.check.examples]


def _write(folder: Path, example: Example) -> None:
    for name, text in ((example.file, example.text), *example.more):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(("slug", "example"), EXAMPLES, ids=[f"{s}: {e.name}" for s, e in EXAMPLES])
def test_a_check_judges_its_example_as_written(slug: str, example: Example, tmp_path: Path) -> None:
    _write(tmp_path, example)
    result = scan(Request((str(tmp_path),)), dict(loader.load().components)).result
    assert result.could_not_read == ()
    verdicts = {f.verdict for f in result.findings if f.check == slug}
    expected = {"present": {Verdict.PRESENT}, "absent": set(), "unknown": {Verdict.UNKNOWN}}[example.verdict]
    assert verdicts == expected


@pytest.mark.parametrize("slug", discover())
def test_a_check_has_a_case_that_fires_and_a_near_miss(slug: str) -> None:
    check = discover()[slug].check
    if slug == "contradicts-declaration":  # needs a live answer: decided in test_scan_join
        return
    verdicts = {e.verdict for e in check.examples}
    assert {"present", "absent"} <= verdicts


@pytest.mark.parametrize("slug", discover())
def test_a_check_is_documented_and_classified(slug: str) -> None:
    registered = discover()[slug]
    for heading in ("What it does", "Why it matters", "How to fix it"):
        assert heading in registered.documentation
    assert any(r.startswith("CWE-") for r in registered.check.references)
    assert any(r.startswith("OWASP") for r in registered.check.references)


@pytest.mark.parametrize(("slug", "example"), EXAMPLES, ids=[f"{s}: {e.name}" for s, e in EXAMPLES])
def test_no_written_secret_of_an_example_is_shown(slug: str, example: Example, tmp_path: Path) -> None:
    _write(tmp_path, example)
    result = scan(Request((str(tmp_path),)), dict(loader.load().components)).result
    shown = repr(result)
    for canary in ("7hJq2LmPz0", "Zk39xPq7LmT2", "hf_3kW9sPqLr7TzXbVn2Mc8"):
        assert canary not in shown
