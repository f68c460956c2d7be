"""What the scan may speak to. Loopback always; anything else only where the person who scans has said it is theirs. Pure."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ScopeError(ValueError):
    """A scope entry that is neither range nor name."""


def address(text: str) -> Address:
    """``text`` as an address; an IPv4 address written inside IPv6 is the IPv4 address. Raises ``ValueError``."""
    found = ipaddress.ip_address(text.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


@dataclass(frozen=True, slots=True)
class Scope:
    """The ranges and names a scan may speak to, beyond loopback."""

    networks: tuple[Network, ...] = ()
    names: frozenset[str] = frozenset()
    """Host names, in lower case: whatever addresses they resolve to are in scope when reached by that name."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Scope":
        """A scope from ranges (``10.1.0.0/16``), addresses and host names. Raises :class:`ScopeError`."""
        networks: list[Network] = []
        names: set[str] = set()
        for text in texts:
            try:
                networks.append(ipaddress.ip_network(text, strict=False))
            except ValueError:
                if not text or any(c in text for c in "/: *") or text.replace(".", "").isdigit():
                    raise ScopeError(
                        f"scope {text!r} is neither a range such as 10.1.0.0/16, an address, nor a host name"
                    ) from None
                names.add(text.lower().rstrip("."))
        return cls(tuple(networks), frozenset(names))

    def holds(self, host: str, reached: str) -> bool:
        """Whether ``host``, as typed, may be spoken to at the address ``reached`` it resolved to."""
        there = address(reached)
        if there.is_loopback or any(there in network for network in self.networks):
            return True
        return host.lower().rstrip(".") in self.names and not there.is_unspecified
