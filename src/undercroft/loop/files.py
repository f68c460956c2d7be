"""Writes changed files so that a crash at any moment leaves each of them old or new, never in between."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from undercroft.model.result import Unread
from undercroft.scan.collect.files import walk

SUFFIX = ".undercroft-backup"
"""Ending of a backup's name."""
MAX_COPIED_BYTES = 256 * 1024 * 1024
"""Most that is copied to try patches out; a tree of manifests is far below."""
MAX_COPIED_FILES = 20_000
"""The same, counted in files."""

Rename = Callable[[Path, Path], object]
"""What puts a finished file in the old one's place: ``os.replace``."""


class TooLarge(RuntimeError):
    """The tree is larger than what is copied to try patches out."""


class ChangedMeanwhile(RuntimeError):
    """A file is not what it was when the patches were written. The message names it."""


def replace_file(path: Path, data: bytes, rename: Rename = os.replace) -> None:
    """``data`` in the place of ``path`` in one step, mode kept, owner kept where that is allowed. Raises ``OSError``."""
    status = path.stat()
    handle, name = tempfile.mkstemp(prefix=".undercroft-", suffix=".partial", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))
            with contextlib.suppress(PermissionError):
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            os.fsync(file.fileno())
        rename(Path(name), path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def back_up(path: Path, data: bytes) -> Path:
    """A copy of ``path``'s bytes beside it, under a name that is free and that no scan takes for a manifest."""
    mode = stat.S_IMODE(path.stat().st_mode)
    for number in range(1000):
        backup = path.with_name(f".{path.name}{SUFFIX}" + (f".{number}" if number else ""))
        try:
            handle = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            continue
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return backup
    raise FileExistsError(17, "a thousand backups lie beside it; delete the old ones", str(path))


class Copy:
    """The scanned trees, copied into a folder of their own to try patches out."""

    def __init__(self, roots: Sequence[Path], folder: Path) -> None:
        self._places: dict[Path, list[Path]] = {}
        self._bytes = self._files = 0
        self.roots: list[str] = []
        """The copies, to be scanned in the place of the originals."""
        for number, root in enumerate(roots):
            self._add(root, folder / str(number))

    def _add(self, root: Path, home: Path) -> None:
        home.mkdir()
        for entry in walk.files(root):
            if isinstance(entry, Unread):
                continue
            path, shown = entry
            self._take(path, home / shown)
        if root.is_file():
            beside = root.parent / ".env"  # Compose reads it, so the copy needs it
            if beside.is_file() and not beside.is_symlink():
                self._take(beside, home / ".env")
        self.roots.append(str(home / root.name if root.is_file() else home))

    def _take(self, path: Path, place: Path) -> None:
        try:
            size = path.stat().st_size
            if size > walk.MAX_BYTES:
                return
            self._bytes += size
            self._files += 1
            if self._bytes > MAX_COPIED_BYTES or self._files > MAX_COPIED_FILES:
                raise TooLarge(f"more than {MAX_COPIED_FILES} files or {MAX_COPIED_BYTES // 2**20} MiB")
            data = path.read_bytes()
        except OSError:
            return  # the scan could not read it either, and has said so
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        self._places.setdefault(path.resolve(), []).append(place)

    def put(self, contents: Mapping[Path, bytes]) -> None:
        """Write these contents into the copies of these files."""
        for path, data in contents.items():
            for place in self._places.get(path, ()):
                place.write_bytes(data)


class InPlace:
    """The real files, with a backup of each before its first change."""

    def __init__(self, roots: Sequence[Path], originals: Mapping[Path, bytes], rename: Rename = os.replace) -> None:
        self.roots = [str(root) for root in roots]
        self._rename = rename
        self._first = dict(originals)
        self._now = dict(originals)
        self.backups: dict[Path, Path] = {}
        """Changed file → its backup."""
        self.kept: list[Path] = []
        """Files that somebody else changed meanwhile, and that were therefore not put back."""

    def put(self, contents: Mapping[Path, bytes]) -> None:
        """Write these contents where they differ from what stands there. Raises ``OSError`` and :class:`ChangedMeanwhile`."""
        for path, data in contents.items():
            if self._now[path] == data:
                continue
            if path.read_bytes() != self._now[path]:
                raise ChangedMeanwhile(f"{path.name} was changed by somebody else while patches were tried; run again")
            if path not in self.backups:
                self.backups[path] = back_up(path, self._first[path])
            replace_file(path, data, self._rename)
            self._now[path] = data

    def restore(self) -> None:
        """Everything as it was before the first change, except what somebody else has changed since."""
        for path, data in self._first.items():
            if self._now[path] == data:
                continue
            if path.read_bytes() != self._now[path]:
                self.kept.append(path)
                continue
            replace_file(path, data)
            self._now[path] = data
        self.forget_unchanged()

    def forget_unchanged(self) -> None:
        """Take away the backups of files that ended as they began."""
        for path in [p for p in self.backups if self._now[p] == self._first[p]]:
            self.backups.pop(path).unlink(missing_ok=True)
