"""The advisory snapshot's door: opens it, reads exports with bounds, and replaces it so that a broken feed changes nothing.

Exports come from elsewhere. What is read is bounded before it is unpacked, names inside archives are never used as paths,
and the file in use is only replaced by one that was read back whole.
"""

import contextlib
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from undercroft.catalogue.advisories.facts import BadFeed
from undercroft.catalogue.advisories.match import Advisories
from undercroft.catalogue.advisories.snapshot import BadSnapshot, Snapshot

SHIPPED = Path(__file__).parent / "advisories" / "snapshot.bin"
"""The snapshot inside the package."""
NAME = "advisories.bin"
"""The user's snapshot in the data folder."""
PREVIOUS = "advisories.previous.bin"
"""The one before it."""
MAX_DOCUMENT = 16 << 20
"""Bytes of one JSON document. The largest OSV records stay below 4 MiB."""
MAX_TOTAL = 4 << 30
"""Bytes of an unpacked export. All of osv.dev is below 3 GiB."""
MAX_MEMBERS = 2_000_000
"""Documents in an export."""
MAX_RATIO = 200
"""Unpacked to packed size of one member from which it counts as a bomb; JSON records pack at 3 to 12."""
MAX_FEED = 256 << 20
"""Bytes of an EPSS, KEV or index file. EPSS is about 10 MiB unpacked."""
MAX_SNAPSHOT = 1 << 30
"""Bytes of a snapshot file."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The snapshot in use."""

    advisories: Advisories
    """What to ask."""
    path: Path
    """Its file."""
    shipped: bool
    """Whether it is the one inside the package."""
    note: str = ""
    """Why another one is not in use; empty when there is nothing to say."""


def data_folder(environ: dict[str, str] | None = None) -> Path:
    """``$XDG_DATA_HOME/undercroft``, or ``~/.local/share/undercroft`` (XDG Base Directory Specification)."""
    home = (environ if environ is not None else os.environ).get("XDG_DATA_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    return base / "undercroft"


def _bounded(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most ``limit`` bytes. Raises :class:`BadFeed`."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BadFeed(f"{path.name} is no regular file")
            data = b"" if status.st_size > limit else file.read(limit + 1)
    except OSError as error:
        raise BadFeed(f"{path} cannot be read: {error.strerror or error}") from error
    if status.st_size > limit or len(data) > limit:
        raise BadFeed(f"{path.name} is larger than {limit >> 20} MiB; give a zip or a folder with one record a file")
    return data


def text(path: Path) -> str:
    """A CSV feed's text. Raises :class:`BadFeed`."""
    try:
        return _bounded(path, MAX_FEED).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFeed(f"{path.name} is not UTF-8 text; unpack it if it is compressed") from error


def feed(path: Path) -> bytes:
    """A JSON feed's bytes. Raises :class:`BadFeed`."""
    return _bounded(path, MAX_FEED)


def documents(source: Path) -> Iterator[tuple[str, bytes]]:
    """(name, JSON) of every record in an OSV export: a zip, a folder, or one file. Raises :class:`BadFeed`."""
    if source.is_dir():
        yield from _folder(source)
        return
    try:
        zipped = source.suffix.lower() == ".zip" or zipfile.is_zipfile(source)
    except OSError as error:
        raise BadFeed(f"{source} cannot be read: {error.strerror or error}") from error
    if zipped:
        yield from _zip(source)
    else:
        yield source.name, _bounded(source, MAX_DOCUMENT)


def _folder(source: Path) -> Iterator[tuple[str, bytes]]:
    total = 0
    for count, path in enumerate(sorted(source.rglob("*.json")), start=1):
        if path.is_symlink():
            raise BadFeed(f"{path.relative_to(source)} is a link; an export holds files only")
        data = _bounded(path, MAX_DOCUMENT)
        total += len(data)
        if count > MAX_MEMBERS or total > MAX_TOTAL:
            raise BadFeed(f"{source.name} holds more than {MAX_MEMBERS} files or {MAX_TOTAL >> 30} GiB")
        yield str(path.relative_to(source)), data


def _safe(name: str) -> bool:
    path = PurePosixPath(name)
    return not (path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or ":" in path.parts[0])


def _zip(source: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(source) as archive:
            members = _members(archive, source.name)
            for info in members:
                yield info.filename, _member(archive, info, source.name)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise BadFeed(f"{source.name} is no usable zip: {error}") from error
    except (RuntimeError, UnicodeDecodeError) as error:  # encrypted members, names in no known encoding
        raise BadFeed(f"{source.name} cannot be unpacked: {error}") from error


def _members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The archive's records, after a look at every name and size it states."""
    members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) > MAX_MEMBERS or sum(info.file_size for info in members) > MAX_TOTAL:
        raise BadFeed(f"{name} unpacks to more than {MAX_MEMBERS} files or {MAX_TOTAL >> 30} GiB")
    for info in members:
        if not info.filename or not _safe(info.filename):
            raise BadFeed(f"{name} holds the name {info.filename[:80]!r}, which leads out of the archive")
        if info.file_size > MAX_DOCUMENT or info.file_size > max(1 << 20, info.compress_size * MAX_RATIO):
            raise BadFeed(f"{name} holds {info.filename[:80]!r}, which unpacks to {info.file_size} bytes")
    return [info for info in members if info.filename.endswith(".json")]


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    with archive.open(info) as member:
        data = member.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        raise BadFeed(f"{name} holds {info.filename[:80]!r}, which is larger than it says")
    return data


def read(path: Path) -> Snapshot:
    """The snapshot in ``path``. Raises :class:`BadSnapshot` or ``OSError``."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > MAX_SNAPSHOT:
            raise BadSnapshot(f"{path.name} is larger than {MAX_SNAPSHOT >> 30} GiB")
        return Snapshot(file.read(MAX_SNAPSHOT))


def load(folder: Path | None = None) -> Opened:
    """The user's snapshot in ``folder`` (default: :func:`data_folder`), or the shipped one where both its data and its build are
    newer: what somebody took in on purpose stands until Undercroft itself brings something newer.

    A user's snapshot that cannot be opened is passed over, and ``note`` says so. Raises
    :class:`undercroft.catalogue.advisories.snapshot.BadSnapshot` when there is none that opens.
    """
    path = (folder or data_folder()) / NAME
    note, own = "", None
    try:
        own = read(path)
    except FileNotFoundError:
        pass
    except (OSError, BadSnapshot) as error:
        note = f"{path} is not used: {error}; run undercroft advisories update"
    try:
        shipped = read(SHIPPED)
    except (OSError, BadSnapshot) as error:
        if own is None:
            raise BadSnapshot(
                f"the shipped advisory snapshot does not open: {error}; install undercroft again"
            ) from error
        return Opened(Advisories(own), path, shipped=False)
    if own is not None and (own.header.built >= shipped.header.built or own.header.date >= shipped.header.date):
        return Opened(Advisories(own), path, shipped=False)
    if own is not None:
        note = f"{path} is not used: the shipped snapshot is newer ({shipped.header.date}, not {own.header.date})"
    return Opened(Advisories(shipped), SHIPPED, shipped=True, note=note)


def write(path: Path, data: bytes) -> None:
    """Puts ``data`` in place of ``path`` in one step, after reading it back. The file before stays as ``PREVIOUS`` in a data folder.

    Raises :class:`BadSnapshot` or ``OSError``; ``path`` is untouched then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        read(temporary).verify()
        temporary.chmod(0o644)
        if path.name == NAME and path.exists():
            _keep(path)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # not every file system can sync a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _keep(path: Path) -> None:
    """The file in use, under a second name; no moment passes without it under the first."""
    second = path.with_name(f".{PREVIOUS}.new")
    second.unlink(missing_ok=True)
    try:
        second.hardlink_to(path)
    except OSError:
        second.write_bytes(path.read_bytes())
    second.replace(path.with_name(PREVIOUS))
