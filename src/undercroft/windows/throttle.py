"""Slows whoever fails again and again, without locking out the owner of a key that others guess at.

A failure takes from two cells: the source's and the claimed key's. When either is empty, further tries are refused before
the key is looked at. A pair of source and key that has succeeded before is let through to the check: otherwise ten
wrong guesses from anywhere would shut out a customer, and one broken script behind a NAT all its neighbours.

Memory is bounded; the least recently failing are forgotten first, and ``shed`` counts them.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

from undercroft.windows.gcra import Cell, Rate


def network_of(source: str) -> str:
    """The part of an address that one party holds: an IPv6 /64, an IPv4 address; other text as it is.

    A single host is handed a whole /64 (RFC 6177, RFC 4291 §2.5.1), so counting single IPv6 addresses counts nothing.
    """
    try:
        address = ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"


class FailureThrottle:
    """Failed tries by source and by claimed key."""

    def __init__(self, rate: Rate, capacity: int = 65_536) -> None:
        """``rate`` is in failures; ``capacity`` bounds the cells and, separately, the remembered good pairs."""
        self._rate = rate
        self._capacity = capacity
        self._cells: OrderedDict[tuple[str, str], Cell] = OrderedDict()
        self._good: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.shed = 0
        """Cells forgotten because there was no room."""

    def wait(self, source: str, key: str, now: float) -> float:
        """Seconds until a try of ``key`` (public id; empty when none was named) from ``source`` is looked at; 0 for at once."""
        if not self._cells:
            return 0.0
        network = network_of(source)
        if (network, key) in self._good:
            return 0.0
        waits = [cell.wait(now) for name in self._names(network, key) if (cell := self._cells.get(name)) is not None]
        return max(waits, default=0.0)

    def failed(self, source: str, key: str, now: float) -> None:
        """A try failed."""
        for name in self._names(network_of(source), key):
            cell = self._cells.get(name)
            if cell is None:
                cell = self._cells[name] = Cell(self._rate)
                if len(self._cells) > self._capacity:
                    self._forget(now)
            self._cells.move_to_end(name)
            # Charging past the limit would let a flood of failures lock a source out for hours.
            cell.take(now)

    def succeeded(self, source: str, key: str) -> None:
        """A try succeeded: the pair is known from now on."""
        pair = (network_of(source), key)
        self._good[pair] = None
        if len(self._good) > self._capacity:
            self._good.popitem(last=False)

    def revoked(self, key: str) -> None:
        """The key is no longer good: its pairs lose their standing."""
        for pair in [pair for pair in self._good if pair[1] == key]:
            del self._good[pair]

    def _names(self, network: str, key: str) -> list[tuple[str, str]]:
        return [("source", network), ("key", key)] if key else [("source", network)]

    def _forget(self, now: float) -> None:
        _, cell = self._cells.popitem(last=False)
        self.shed += not cell.idle(now)
