"""How long the command takes to say hello, and how large the base install is.

Start-up is the median of 15 runs of ``undercroft --help`` beside an empty Python as the peer. The size is that of a fresh environment
with the base dependencies only, compiled files left out.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNDERCROFT = Path(sys.executable).with_name("undercroft")


def milliseconds(*command: str, runs: int = 15) -> float:
    """Median wall time of a command."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def size(folder: Path) -> float:
    """MB of the files below a folder, byte code left out."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts) / 1e6


def base_install() -> tuple[float, float]:
    """(MB of everything in a fresh base install, MB of undercroft itself)."""
    with tempfile.TemporaryDirectory() as folder:
        venv = Path(folder) / "venv"
        subprocess.run([sys.executable, "-m", "venv", str(venv), "--without-pip"], check=True)
        site = next((venv / "lib").glob("python*/site-packages"))
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target", str(site), str(ROOT)]
        subprocess.run(
            [*command, "--constraint", str(_constraints(Path(folder)))], check=True, stderr=subprocess.DEVNULL
        )
        return size(site), size(site / "undercroft")


def _constraints(folder: Path) -> Path:
    """The pins without their hashes: a local folder has none."""
    lines = (ROOT / "requirements" / "dev.txt").read_text().splitlines()
    pins = [line.split(" ")[0].rstrip("\\") for line in lines if "==" in line and not line.startswith((" ", "#", "-"))]
    path = folder / "constraints.txt"
    path.write_text("\n".join(pins) + "\n")
    return path


if __name__ == "__main__":
    empty, helped = milliseconds(sys.executable, "-c", "pass"), milliseconds(str(UNDERCROFT), "--help")
    print(f"undercroft --help   {helped:6.0f} ms  (median of 15)")
    print(f"python -c pass      {empty:6.0f} ms  ratio {helped / empty:.1f}")
    whole, own = base_install()
    print(f"base install        {whole:6.1f} MB, of which undercroft {own:.1f} MB")
