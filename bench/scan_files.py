"""How long a tree of deployment files takes to scan, beside checkov on the same tree, and how that grows.

``python bench/scan_files.py TREE [--checkov PROGRAM] [--growth]``. Each figure is one whole process: wall and processor seconds and peak
memory as the operating system counts them, the median of the warm runs after one cold run. checkov is not a dependency: install it
somewhere (``pip install checkov`` in an environment of its own) and name its program.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

UNDERCROFT = Path(sys.executable).with_name("undercroft")
SIZES = (500, 5_000, 50_000)
"""Files of the growth curve."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One process."""

    wall: float
    cpu: float
    memory: float
    """Peak resident memory, MB."""


def measure(command: list[str]) -> Figure:
    """Run a command to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return Figure(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def median(figures: list[Figure]) -> Figure:
    return Figure(*(statistics.median(getattr(f, name) for f in figures) for name in ("wall", "cpu", "memory")))


def show(name: str, cold: Figure, warm: Figure) -> None:
    print(
        f"{name:12} cold {cold.wall:8.2f} s   warm {warm.wall:8.2f} s wall {warm.cpu:8.2f} s cpu   {warm.memory:7.0f} MB"
    )


def beside(tree: Path, checkov: str | None) -> None:
    """Both programs on the tree."""
    command = [str(UNDERCROFT), "scan", str(tree), "--format", "json"]
    cold = measure(command)
    warm = median([measure(command) for _ in range(5)])
    count = sum(1 for p in tree.rglob("*") if p.is_file())
    print(f"{count} files")
    show("undercroft", cold, warm)
    if not checkov:
        print("checkov      not measured: name its program with --checkov")
        return
    theirs = [checkov, "--directory", str(tree), "--output", "json", "--quiet", "--compact", "--skip-download"]
    cold_peer = measure(theirs)
    warm_peer = measure(theirs)
    show("checkov", cold_peer, warm_peer)
    print(
        f"ratio        warm wall {warm_peer.wall / warm.wall:.1f} x, cpu {warm_peer.cpu / warm.cpu:.1f} x, memory {warm_peer.memory / warm.memory:.1f} x"
    )


def growth(tree: Path) -> None:
    """The tree's own files, copied until there are enough."""
    files = [p for p in tree.rglob("*") if p.is_file()]
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            for i in range(size):
                source = files[i % len(files)]
                target = Path(folder) / f"{i // len(files)}" / source.relative_to(tree)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            figure = measure([str(UNDERCROFT), "scan", folder, "--format", "json"])
            print(
                f"{size:7} files {figure.wall:8.2f} s wall {figure.cpu:8.2f} s cpu {1e6 * figure.cpu / size:8.0f} µs a file {figure.memory:7.0f} MB"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tree", type=Path, nargs="?", default=Path(__file__).resolve().parent.parent / "demo")
    parser.add_argument("--checkov", help="checkov's program")
    parser.add_argument("--growth", action="store_true", help="print the growth curve too")
    asked = parser.parse_args()
    beside(asked.tree, asked.checkov)
    if asked.growth:
        growth(asked.tree)
