"""The nouns of attack paths: places somebody can get to, the ways between them, and where such a way starts.

A way rests on evidence, always: one without is never walked. That keeps guesses out of the paths by construction.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.graph import Running, Workload


class Kind(StrEnum):
    """What somebody has who stands there."""

    SERVICE = "service"
    """They may use a component as anybody may."""
    INSIDE = "inside"
    """They run commands in a container: its environment, mounts and service account are theirs."""
    CREDENTIAL = "credential"
    """They hold a secret."""
    CONTROL = "control"
    """They command a machine, a cluster or a part of one, and so what runs there."""
    ACCOUNT = "account"
    """They act as an account of a cloud or a provider."""
    DATA = "data"
    """They read what is worth stealing."""


GOALS = frozenset({Kind.DATA, Kind.ACCOUNT, Kind.CONTROL})
"""What a path may end in."""


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere an attacker can stand. Two places are one when kind and key are."""

    kind: Kind
    key: str
    what: str = field(compare=False)
    """The place in a few words, without any secret."""
    workload: Workload | None = field(default=None, compare=False)
    """The workload of a service or a container."""
    running: Running | None = field(default=None, compare=False)
    """The component of a service."""
    members: tuple[Workload, ...] = field(default=(), compare=False)
    """For control: what runs under it."""
    ways: "tuple[Way, ...]" = field(default=(), compare=False)
    """For a credential or an account: what it opens."""


@dataclass(frozen=True, slots=True)
class Way:
    """One step from a place to the next."""

    to: Place
    how: str
    """Why the step can be taken, as a clause: ``it runs code for whoever reaches it``."""
    evidence: tuple[Evidence, ...]
    risk: Risk


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a path starts: a circle of people, and the first thing they get hold of."""

    who: str
    """``internet``, ``private network`` or ``anybody who opens a pull request``."""
    exposure: Exposure
    """How they reach it; its reach weighs the path."""
    opening: tuple[Evidence, ...]
    """Where it is written that they reach it."""
    way: Way
    leaked: bool = False
    """Whether they also need a secret that stands in the scanned files and cannot be guessed."""
    base: Severity = Severity.CRITICAL
    """How bad it is from the internet."""
    weighed: bool = True
    """Whether who can reach it decides how bad it is."""
