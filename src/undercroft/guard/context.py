"""What all conversations of one guard share: configuration, keys, budgets, throttles, counters."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from undercroft.guard.keyring import KeyRing
from undercroft.guard.ledger import Ledger
from undercroft.guard.limits import Limits
from undercroft.guard.profile import Profile
from undercroft.windows.gcra import Rate
from undercroft.windows.throttle import FailureThrottle


class Mode(StrEnum):
    """Whether refusals happen."""

    ENFORCE = "enforce"
    OBSERVE = "observe"
    """Refusals are reported and the request is forwarded. What cannot be read or framed safely is refused all the same."""


@dataclass(slots=True)
class Context:
    """Shared by every conversation; one thread, no locks."""

    limits: Limits
    profile: Profile
    keys: KeyRing | None
    """``None``: the keys file cannot be read at the moment, so nobody can be identified and everybody is refused."""
    new_id: Callable[[], str]
    """Makes a correlation id."""
    epoch_offset: float
    """What turns the monotonic seconds given to the pipeline into seconds since 1970-01-01 UTC."""
    mode: Mode = Mode.ENFORCE
    instance: str = ""
    """Listen address, for events."""
    upstream_key: str = ""
    """Credential for the upstream, sent in place of the client's."""
    ledger: Ledger = field(init=False)
    throttle: FailureThrottle = field(init=False)
    connections: int = 0
    """Open client connections."""
    sources: dict[str, int] = field(default_factory=dict)
    """Open client connections by network."""
    draining: bool = False

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.limits)
        self.throttle = FailureThrottle(Rate(self.limits.failed_tries_per_minute / 60, self.limits.failed_tries_burst))

    def connected(self, network: str) -> None:
        """A client of this network connected."""
        self.connections += 1
        self.sources[network] = self.sources.get(network, 0) + 1

    def disconnected(self, network: str) -> None:
        """It is gone."""
        self.connections -= 1
        self.sources[network] -= 1
        if not self.sources[network]:
            del self.sources[network]

    def crowded(self, network: str) -> bool:
        """Whether more connections are open than may be, altogether or from this network."""
        limits = self.limits
        return self.connections > limits.max_connections or self.sources[network] > limits.max_connections_per_source

    def epoch(self, now: float) -> float:
        """Seconds since 1970-01-01 UTC at monotonic ``now``."""
        return now + self.epoch_offset

    def replace_keys(self, keys: KeyRing | None) -> None:
        """Take over a keys file that changed. Running exchanges of a revoked key finish; its next request is refused."""
        before = self.keys.ids() if self.keys is not None else frozenset()
        self.keys = keys
        kept = keys.ids() if keys is not None else frozenset()
        for gone in before - kept:
            self.throttle.revoked(gone)
        if keys is not None:
            self.ledger.forget(kept)
