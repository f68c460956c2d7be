"""The snapshot's bytes: a header with an index, then one compressed block a package.

A block stands alone, so a lookup decodes one package and nothing else. zlib's own checksum guards each block; the digest in
the header guards them all, and is verified when a file is taken in, not at each opening.
"""

import hashlib
import struct
import zlib
from collections.abc import Mapping

import msgspec

from undercroft.catalogue.advisories.schema import FORMAT, Entry, Header

MAGIC = b"UCADV\r\n\x00"
"""Eight bytes; the line ending shows a transfer that changed it."""
MAX_HEADER = 64 << 20
"""Bytes of an unpacked header: the names of a million packages."""
MAX_BLOCK = 64 << 20
"""Bytes of one unpacked package."""
_ENTRIES = msgspec.msgpack.Decoder(list[Entry])
_HEADER = msgspec.msgpack.Decoder(Header)


class BadSnapshot(ValueError):
    """Bytes that are no snapshot of this format. The message says what is wrong."""


def _inflate(data: bytes | memoryview, limit: int, what: str) -> bytes:
    unpack = zlib.decompressobj()
    try:
        out = unpack.decompress(data, limit)
    except zlib.error as error:
        raise BadSnapshot(f"{what} is damaged: {error}") from error
    if not unpack.eof:
        raise BadSnapshot(f"{what} is cut off, or larger than {limit >> 20} MiB")
    return out


def encode(header: Header, packages: Mapping[tuple[str, str], list[Entry]]) -> bytes:
    """The file. ``header``'s ``digest`` and ``index`` are filled in here."""
    body = bytearray()
    index: dict[str, dict[str, tuple[int, int]]] = {}
    for (ecosystem, name), entries in sorted(packages.items()):
        block = zlib.compress(msgspec.msgpack.encode(entries), 9)
        index.setdefault(ecosystem, {})[name] = (len(body), len(block))
        body += block
    full = msgspec.structs.replace(header, digest=hashlib.sha256(body).hexdigest(), index=index)
    head = zlib.compress(msgspec.msgpack.encode(full), 9)
    return MAGIC + struct.pack(">I", len(head)) + head + bytes(body)


class Snapshot:
    """An opened snapshot. Raises :class:`BadSnapshot` for bytes that are none."""

    __slots__ = ("_data", "_start", "header")

    def __init__(self, data: bytes) -> None:
        if data[: len(MAGIC)] != MAGIC:
            raise BadSnapshot("this is no advisory snapshot")
        start = len(MAGIC) + 4
        if len(data) < start:
            raise BadSnapshot("the snapshot is cut off")
        (length,) = struct.unpack(">I", data[len(MAGIC) : start])
        try:
            self.header = _HEADER.decode(_inflate(data[start : start + length], MAX_HEADER, "the snapshot's header"))
        except msgspec.MsgspecError as error:
            raise BadSnapshot(f"the snapshot's header does not fit: {error}") from error
        if self.header.format != FORMAT:
            raise BadSnapshot(f"the snapshot has format {self.header.format}; this version reads format {FORMAT}")
        self._data = data
        self._start = start + length
        ends = [offset + size for names in self.header.index.values() for offset, size in names.values()]
        if self._start + max(ends, default=0) != len(data):
            raise BadSnapshot("the snapshot is cut off, or has bytes too many")

    def verify(self) -> None:
        """Raises :class:`BadSnapshot` when the content is not what the header's digest says."""
        if hashlib.sha256(memoryview(self._data)[self._start :]).hexdigest() != self.header.digest:
            raise BadSnapshot("the snapshot's content does not match its digest")

    def entries(self, ecosystem: str, name: str) -> list[Entry] | None:
        """What is recorded of the package (normalised ``name``); ``None`` when it is not in the index."""
        place = self.header.index.get(ecosystem, {}).get(name)
        if place is None:
            return None
        offset, length = place
        block = memoryview(self._data)[self._start + offset : self._start + offset + length]
        try:
            return _ENTRIES.decode(_inflate(block, MAX_BLOCK, f"the block of {ecosystem} {name}"))
        except msgspec.MsgspecError as error:
            raise BadSnapshot(f"the block of {ecosystem} {name} does not fit: {error}") from error
