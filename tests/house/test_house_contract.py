"""The house's map is a contract that fails when it is broken: shown by breaking it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LINT = Path(sys.executable).with_name("lint-imports")


def _house(tmp_path: Path) -> Path:
    """A copy of the source tree with the contract beside it."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _lint(house: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT), "--no-cache"],
        cwd=house,
        env={"PYTHONPATH": str(house / "src"), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_contract_holds() -> None:
    done = subprocess.run([str(LINT), "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def test_a_sibling_that_imports_a_sibling_breaks_the_contract(tmp_path: Path) -> None:
    house = _house(tmp_path)
    (house / "src/undercroft/guard/planted.py").write_text("import undercroft.watch.alerts\n")
    done = _lint(house)
    assert done.returncode != 0
    assert "undercroft.guard" in done.stdout


def test_a_lower_room_that_imports_a_higher_one_breaks_the_contract(tmp_path: Path) -> None:
    house = _house(tmp_path)
    (house / "src/undercroft/model/planted.py").write_text("import undercroft.scan.graph\n")
    assert _lint(house).returncode != 0


def test_a_room_nobody_planned_breaks_the_contract(tmp_path: Path) -> None:
    house = _house(tmp_path)
    (house / "src/undercroft/attic").mkdir()
    (house / "src/undercroft/attic/__init__.py").write_text("")
    done = _lint(house)
    assert done.returncode != 0
    assert "attic" in done.stdout


def test_a_pure_room_that_imports_a_socket_breaks_the_contract(tmp_path: Path) -> None:
    house = _house(tmp_path)
    (house / "src/undercroft/windows/planted.py").write_text("import socket\n")
    done = _lint(house)
    assert done.returncode != 0
    assert "socket" in done.stdout


def test_no_room_is_called_after_nothing_in_particular() -> None:
    vague = re.compile(r"(^|/)(utils?|helpers?|common|misc|managers?)(\.py|/)")
    found = [str(p.relative_to(ROOT)) for p in (ROOT / "src").rglob("*") if vague.search(str(p.relative_to(ROOT)))]
    assert found == []


def test_no_source_file_needs_a_table_of_contents() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in (ROOT / "src").rglob("*.py")
        if (n := len(p.read_text().splitlines())) > 400
    }
    assert long == {}
