"""Where text goes: standard output or a file, colour only where a terminal reads it, progress on standard error."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


def colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether to colour: a terminal reads, and nobody said NO_COLOR (https://no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def width() -> int:
    """Columns of the terminal; 100 where there is none."""
    return shutil.get_terminal_size((100, 40)).columns


def write(text: str, path: str | None) -> None:
    """To the file, replaced in one step, or to standard output. Raises ``OSError``."""
    if path is None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
        return
    target = Path(path)
    partial = target.with_name(target.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(target)


@contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """A line on standard error that says what is being looked at; silent where no terminal reads it."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    count = 0

    def show(item: str) -> None:
        nonlocal count
        count += 1
        sys.stderr.write(f"\r\x1b[K{what} {count}: {item[: max(10, width() - len(what) - 12)]}")

    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
