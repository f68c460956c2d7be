"""What the guard keeps on disk: the keys file and the event log. Both are opened for the owner alone.

The keys file is JSON lines, one :class:`KeyRecord` each. It is replaced in one step under a lock on its folder, so that two
commands cannot lose each other's change and a reader never sees half of it.
"""

import contextlib
import fcntl
import os
import secrets
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from undercroft.guard.keyring import KeyRecord, digest, make
from undercroft.model.event import Event

_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class KeysFileError(RuntimeError):
    """The keys file cannot be relied on. The message says why and what to do; the guard does not serve without one."""


def read_keys(path: Path) -> tuple[KeyRecord, ...]:
    """All records of the keys file, at least one. Raises :class:`KeysFileError`."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise KeysFileError(f"{path.name}: others may open it (mode {mode:04o}); run: chmod 600 {path.name}")
            lines = file.read().splitlines()
    except OSError as error:
        raise KeysFileError(
            f"{path.name}: {error.strerror}; make one with: undercroft keys new --file FILE --owner NAME"
        ) from error
    records = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            records.append(msgspec.json.decode(line, type=KeyRecord))
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            raise KeysFileError(f"{path.name}, line {number}: not a key record: {error}") from error
    if not records:
        raise KeysFileError(f"{path.name}: holds no key; make one with: undercroft keys new --file FILE --owner NAME")
    if len({record.id for record in records}) != len(records):
        raise KeysFileError(f"{path.name}: two records have the same id; remove one")
    return tuple(records)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, records: tuple[KeyRecord, ...]) -> None:
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(msgspec.json.encode(record) + b"\n" for record in records)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(partial).unlink()
        raise


def add_key(path: Path, owner: str, **limits: float) -> str:
    """Make a key for ``owner`` and store its digest. Returns the key: nothing else ever holds it.

    ``limits`` are fields of :class:`KeyRecord`. Raises :class:`KeysFileError` or :class:`OSError`.
    """
    with _locked(path.parent):
        records = read_keys(path) if path.exists() and path.stat().st_size else ()
        taken = {record.id for record in records}
        identifier = next(
            i for i in iter(lambda: "".join(secrets.choice(_ALPHABET) for _ in range(6)), "") if i not in taken
        )
        key = make(identifier, secrets.token_urlsafe(32))
        record = msgspec.convert(
            {"id": identifier, "owner": owner, "sha256": digest(key), "created": round(time.time(), 3), **limits},
            KeyRecord,
        )
        _write(path, (*records, record))
    return key


def revoke_key(path: Path, identifier: str) -> bool:
    """Mark the key as revoked; a running guard refuses it within seconds. Returns whether there is such a key.

    Raises :class:`KeysFileError` or :class:`OSError`.
    """
    with _locked(path.parent):
        records = read_keys(path)
        if all(record.id != identifier for record in records):
            return False
        now = round(time.time(), 3)
        changed = tuple(
            msgspec.structs.replace(r, revoked=r.revoked or now) if r.id == identifier else r for r in records
        )
        _write(path, changed)
    return True


def stamp(path: Path) -> tuple[int, int, int]:
    """Changes when the file does; zeros when it cannot be looked at."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0, 0
    return status.st_ino, status.st_mtime_ns, status.st_mode


class EventLog:
    """Appends events to a file as JSON lines. Lines are collected and written together by :meth:`flush`."""

    def __init__(
        self, path: Path | None, complain: Callable[[str], None] = lambda text: print(text, file=sys.stderr)
    ) -> None:
        """``path`` ``None``: events go nowhere. Raises :class:`OSError` when the file cannot be opened."""
        self._complain = complain
        self._descriptor = -1 if path is None else os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._lines: list[bytes] = []
        self._encode = msgspec.json.Encoder().encode
        self.lost = 0
        """Events that could not be written."""

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if self._descriptor >= 0:
            self._lines.append(self._encode(event))
            if len(self._lines) >= 512:
                self.flush()

    def flush(self) -> None:
        """Write what was taken. A full disk costs events, not the service, and is said once."""
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        data = b"\n".join(lines) + b"\n"
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            if not self.lost:
                self._complain(f"undercroft guard: events cannot be written: {error.strerror}")
            self.lost += len(lines)

    def close(self) -> None:
        """Write the rest and close."""
        self.flush()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
