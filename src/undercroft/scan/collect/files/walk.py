"""Finds the files of a tree and reads them as text. The only place of the file scan that opens anything.

Symbolic links are not followed: what they point at is either inside the tree and found there, or none of our business.
Nothing read here is ever executed, imported or fetched.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from undercroft.model.result import Unread

MAX_BYTES = 16 * 1024 * 1024
"""Largest file read whole. The largest manifest bundles of the field (Kubeflow, rendered) are below 5 MB."""

_PASSED_OVER = frozenset({
    ".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".mypy_cache", ".ruff_cache",
    ".pytest_cache", ".terraform", "site-packages",
})  # fmt: skip


def files(root: Path) -> Iterator[tuple[Path, str] | Unread]:
    """Every regular file below ``root`` in a stable order, with its relative path; what cannot be listed as :class:`Unread`."""
    if root.is_file():
        yield root, root.name
        return
    failed: list[OSError] = []
    for folder, folders, names in os.walk(root, onerror=failed.append):
        folders[:] = sorted(name for name in folders if name not in _PASSED_OVER)
        for name in sorted(names):
            path = Path(folder) / name
            try:
                mode = path.lstat().st_mode
            except OSError as error:
                yield Unread(path.relative_to(root).as_posix(), f"cannot be looked at: {error.strerror}")
                continue
            if stat.S_ISREG(mode):
                yield path, path.relative_to(root).as_posix()
    for failure in failed:
        place = Path(failure.filename or root)
        shown = place.relative_to(root).as_posix() if place.is_relative_to(root) else place.name
        yield Unread(shown, f"folder cannot be listed: {failure.strerror}", remedy="run as a user who may read it")


def text(path: Path, shown: str) -> str | Unread:
    """The file as text: UTF-8 with or without a byte order mark, or UTF-16 with one. Anything else is :class:`Unread`."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return Unread(shown, f"{size} bytes; files above {MAX_BYTES} are not read", remedy="split the file")
        data = path.read_bytes()
    except OSError as error:
        return Unread(shown, f"cannot be opened: {error.strerror}", remedy="run as a user who may read it")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        decoded = data.decode(encoding)
    except UnicodeDecodeError as error:
        return Unread(
            shown,
            f"byte {error.start} is not {encoding.removesuffix('-sig').upper()}",
            remedy="store the file as UTF-8",
        )
    if "\x00" in decoded:
        return Unread(shown, "holds NUL bytes, so it is no text")
    return decoded
