"""Reads log files and drives the engine. The one place of this room that opens files.

Whatever a file holds, it is read to its end: NUL bytes, invalid UTF-8, lines of any length, a compressed file that breaks
off. A line is cut at ``LINE`` characters, so memory does not depend on the input; what was cut or not understood is counted.
"""

import gzip
import heapq
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BufferedReader
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import IO, cast

from undercroft.catalogue.loader import load
from undercroft.model.alert import Alert
from undercroft.model.event import Event
from undercroft.watch.engine.rules import Rule, RuleError, parse
from undercroft.watch.engine.stream import Stream
from undercroft.watch.source import Clock, Reader, discover, recognise
from undercroft.watch.text import shape

CHUNK = 1 << 18
"""Bytes read at once."""
LINE = 16 * 1024
"""Characters of a line that are looked at."""
_HELD = 4 * (LINE + 1)  # bytes that are more than LINE characters in any encoding of them
LOOKED_AT = 200
"""Lines from which a file's source is recognised."""
SHAPES = 500
"""Shapes of unparsed lines that are told apart; further ones are counted together."""

Say = Callable[[str], None]


class CouldNotRun(RuntimeError):
    """A file that cannot be read, or whose source nobody recognises. The message says what to do."""


@dataclass(slots=True)
class Tally:
    """What became of a file's lines."""

    name: str
    """The file, as it was given."""
    source: str = ""
    """Slug of the source it was read as."""
    lines: int = 0
    events: int = 0
    unparsed: Counter[str] = field(default_factory=Counter)
    """Why and shape → lines."""
    cut: int = 0
    """Lines longer than ``LINE`` characters."""
    broken: str = ""
    """Why the file could not be read to its end; empty when it was."""

    def miss(self, why: str, line: str) -> None:
        """Count a line that was not understood."""
        key = f"{why}: {shape(line)}"
        self.unparsed[key if key in self.unparsed or len(self.unparsed) < SHAPES else "other shapes"] += 1

    def told(self) -> Iterator[str]:
        """The tally in sentences."""
        missed = self.unparsed.total()
        yield f"{self.name}: {self.lines:,} lines, {self.events:,} events, {missed:,} not understood, {self.cut:,} cut"
        for why, count in self.unparsed.most_common(5):
            yield f"  {count:,} of {why}"
        if len(self.unparsed) > 5:
            yield f"  and {len(self.unparsed) - 5} more shapes"
        if self.broken:
            yield f"{self.name}: could not be read to its end: {self.broken}"


def lines(stream: IO[bytes], tally: Tally) -> Iterator[str]:
    """The stream's lines, split at line feeds alone: other separators are what a forger would use. Memory is bounded."""
    rest, skipping = b"", False
    while True:
        try:
            chunk = stream.read(CHUNK)
        except (OSError, EOFError, zlib.error) as error:
            tally.broken, chunk = str(error) or type(error).__name__, b""
        if not chunk:
            break
        if skipping:
            end = chunk.find(b"\n")
            if end < 0:
                continue
            chunk, skipping = chunk[end:], False
        data = rest + chunk
        end = data.rfind(b"\n")
        if end >= 0:
            yield from _decoded(data[:end], tally)
        rest = data[end + 1 :]
        if len(rest) > _HELD:
            rest, skipping = rest[:_HELD], True
    if rest:
        yield from _decoded(rest, tally)


def _decoded(data: bytes, tally: Tally) -> Iterator[str]:
    for line in data.decode("utf-8", "backslashreplace").split("\n"):
        tally.lines += 1
        if len(line) > LINE:
            tally.cut += 1
            yield line[:LINE].strip("\0\r")
        else:
            yield line.strip("\0\r")


def events(read: Reader, texts: Iterable[str], tally: Tally) -> Iterator[Event]:
    """The events among the lines; what is not understood goes into the tally."""
    for text in texts:
        reading = read(text)
        if reading is None:
            continue
        if isinstance(reading, Event):
            tally.events += 1
            yield reading
        elif text:
            tally.miss(reading.why, text)


def _open(name: str, stdin: BufferedReader, now: float, held: ExitStack) -> tuple[IO[bytes], float]:
    """The file's bytes, decompressed, and when it was written. ``held`` closes what was opened."""
    try:
        if name == "-":
            raw, written = stdin, now
        else:
            raw = held.enter_context(Path(name).open("rb"))  # noqa: SIM115 - held closes it
            written = Path(name).stat().st_mtime
        magic = raw.peek(2)[:2]
    except OSError as error:
        raise CouldNotRun(f"{name}: cannot be read: {error.strerror or error}") from error
    if magic != b"\x1f\x8b":
        return raw, written
    return cast("IO[bytes]", held.enter_context(gzip.GzipFile(fileobj=raw))), written


def _source(name: str, first: list[str], wanted: str | None, say: Say) -> str:
    if wanted is not None:
        if wanted not in discover():
            raise CouldNotRun(f"--source {wanted}: no such source; one of {', '.join(discover())}")
        return wanted
    votes = list(recognise(first).items())
    if not votes or (len(votes) > 1 and votes[0][1] == votes[1][1]):
        raise CouldNotRun(
            f"{name}: no source recognises its first {len(first)} lines; name one with --source: {', '.join(discover())}"
        )
    slug, hits = votes[0]
    say(f"{name}: read as {slug} ({discover()[slug].TITLE}): {hits} of its first {len(first)} lines are")
    return slug


def shipped_rules() -> list[Rule]:
    """The catalogue's detections. Raises :class:`undercroft.watch.engine.rules.RuleError`."""
    found = load().detections.items()
    return [rule for slug, text in found for rule in parse(slug, text, f"detections/{slug}/rule.yaml", discover())]


def own_rules(folder: str) -> list[Rule]:
    """The Sigma rules below ``folder``, files named ``*.yml`` or ``*.yaml``. Raises :class:`RuleError`."""
    root = Path(folder)
    paths = sorted(
        path
        for path in root.rglob("*")
        if path.suffix in {".yml", ".yaml"} and path.name != "cases.yaml" and path.is_file()
    )
    if not paths:
        raise RuleError(f"{folder}: no Sigma rules (*.yml, *.yaml) in it")
    found = []
    for path in paths:
        place = path.relative_to(root).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RuleError(f"{place}: cannot be read: {error}") from error
        found += parse(path.parent.name if path.stem == "rule" else path.stem, text, place, discover())
    return found


def watch(
    names: list[str],
    rules: Iterable[Rule],
    *,
    stdin: BufferedReader,
    now: float,
    say: Say,
    source: str | None = None,
    year: int | None = None,
) -> Iterator[Alert]:
    """Judge the files' lines, all of them in order of time, and yield alerts as their incidents end.

    ``now`` dates what is read from standard input. ``say`` takes one sentence at a time: how each file is read, and at the
    end what became of its lines. Raises :class:`CouldNotRun`, before the first alert where the reason can be known then.
    """
    tallies: list[Tally] = []
    with ExitStack() as held:
        streams = []
        for name in names:
            opened, written = _open(name, stdin, now, held)
            tally = Tally(name)
            texts = lines(opened, tally)
            first = list(islice(texts, LOOKED_AT))
            tallies.append(tally)
            if not first:
                continue
            tally.source = _source(name, [text for text in first if text], source, say)
            reader = discover()[tally.source].reader(Clock(written, year))
            streams.append(events(reader, chain(first, texts), tally))
        engine = Stream(rules)
        for event in streams[0] if len(streams) == 1 else heapq.merge(*streams, key=attrgetter("time")):
            yield from engine.feed(event)
        yield from engine.finish()
    for tally in tallies:
        for sentence in tally.told():
            say(sentence)
    broken = [tally.name for tally in tallies if tally.broken]
    if broken:
        raise CouldNotRun(f"{', '.join(broken)}: not read to the end; the alerts above rest on what was read")
