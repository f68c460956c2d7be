"""What a log source is: one module in ``sources/`` that turns a line into an event.

A source has no input or output of its own. It is handed text, and the time the file was last written, from which a stamp
without a year gets one. The slug (module name) is the id everywhere: ``--source``, a rule's ``logsource.service``, an
event's ``component``.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol, cast

from undercroft.model.event import Event
from undercroft.watch import sources


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A line that should have been understood and was not. It is counted by its shape and reported."""

    why: str
    """What could not be read, in a few words."""


Reading = Event | Unparsed | None
"""What a line turns out to be. ``None``: understood, and nothing that a detection could want."""

Reader = Callable[[str], Reading]
"""Reads the lines of one file, in order."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What is known of a file's time beside its own stamps."""

    written: float
    """When the file was last written, seconds since the epoch, UTC. A stamp without a year is not later than a day after it."""
    year: int | None = None
    """Year of the first line, where somebody said so."""


class Source(Protocol):
    """The attributes of a module in ``sources/``."""

    TITLE: str
    """What it reads, in a few words."""
    SAMPLE: tuple[str, ...]
    """Lines as the product writes them."""
    EXPECTED: tuple[Reading, ...]
    """What each sample line must turn into, with ``Clock(written=SAMPLE_WRITTEN)``. ``line`` is left empty."""
    SAMPLE_WRITTEN: float
    """When the sample was written."""

    def recognises(self, line: str) -> bool:
        """Whether the line can only be this source's."""

    def reader(self, clock: Clock) -> Reader:
        """A reader for one file."""


@cache
def discover() -> dict[str, Source]:
    """Every source, by slug. A new module in ``sources/`` is found without being registered."""
    names = sorted(module.name for module in pkgutil.iter_modules(sources.__path__))
    return {name: cast("Source", importlib.import_module(f"{sources.__name__}.{name}")) for name in names}


def recognise(lines: list[str]) -> dict[str, int]:
    """How many of the lines each source takes for its own; sources with none are left out, the best comes first."""
    votes = {slug: sum(map(source.recognises, lines)) for slug, source in discover().items()}
    return dict(sorted(((s, n) for s, n in votes.items() if n), key=lambda vote: -vote[1]))
