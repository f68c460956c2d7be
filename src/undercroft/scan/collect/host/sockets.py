"""Which addresses the ports of this machine are bound to, from ``/proc/net``.

A server told to bind to loopback does not always do so (H2O-3 and KServe do not), and a scan of 127.0.0.1 cannot tell the
difference. The kernel can. Format: proc_pid_net(5); state ``0A`` is TCP_LISTEN, addresses are 32-bit words in host order.
"""

import ipaddress
import sys
from dataclasses import dataclass
from pathlib import Path

from undercroft.model.evidence import HostEvidence
from undercroft.model.exposure import Exposure, Hop, Reach

PROC = Path("/proc/net")
_LISTEN = "0A"


@dataclass(frozen=True, slots=True)
class Bound:
    """A listening TCP socket."""

    address: str
    """Address it is bound to; ``0.0.0.0`` and ``::`` are every one of the machine."""
    port: int
    table: str
    """File it was read from."""

    @property
    def place(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def evidence(self) -> HostEvidence:
        return HostEvidence("listening sockets", self.table, f"listens on {self.place}")


@dataclass(frozen=True, slots=True)
class Sockets:
    """The listening sockets, or why they cannot be read."""

    bound: tuple[Bound, ...] = ()
    unreadable: str = ""
    """Why nothing is known; empty when the tables were read."""

    def answering(self, address: str, port: int) -> Bound | None:
        """The socket that takes a connection to ``address``, an address of this machine: the exact one, then the wildcard."""
        wanted = ipaddress.ip_address(address)
        here = [b for b in self.bound if b.port == port]
        for each in here:
            if ipaddress.ip_address(each.address) == wanted:
                return each
        same = [b for b in here if ipaddress.ip_address(b.address).is_unspecified]
        same.sort(key=lambda b: ipaddress.ip_address(b.address).version != wanted.version)
        return same[0] if same else None

    def exposure(self, address: str, port: int) -> Exposure:
        """Who can reach what answered at a loopback address of this machine."""
        if self.unreadable:
            return Exposure(None, (), f"it answers on loopback; whether elsewhere too is unknown: {self.unreadable}")
        found = self.answering(address, port)
        if found is None:
            return Exposure(
                None,
                (),
                "it answers on loopback, but the kernel's table of this network namespace lists no such listener",
            )
        hop = (Hop(f"listens on {found.place}", found.evidence),)
        if ipaddress.ip_address(found.address).is_loopback:
            return Exposure(Reach.LOOPBACK, hop)
        return Exposure(
            Reach.PRIVATE,
            hop,
            "bound beyond loopback; whether a firewall or the internet lies in front of it is not known",
        )


def _address(text: str) -> str:
    raw = bytes.fromhex(text)
    if sys.byteorder == "little":
        raw = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    found = ipaddress.ip_address(raw)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def listeners(text: str, table: str) -> list[Bound]:
    """The listening sockets in a table such as ``/proc/net/tcp``. Lines that do not fit are passed over."""
    found = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 4 or fields[3] != _LISTEN:
            continue
        address, _, port = fields[1].partition(":")
        try:
            if len(address) in {8, 32}:
                found.append(Bound(_address(address), int(port, 16), table))
        except ValueError:
            continue
    return found


def read(proc: Path = PROC) -> Sockets:
    """The listening TCP sockets of this network namespace."""
    found: list[Bound] = []
    failed: list[str] = []
    for name in ("tcp", "tcp6"):
        path = proc / name
        try:
            found += listeners(path.read_text(encoding="ascii", errors="replace"), f"{PROC}/{name}")
        except FileNotFoundError:
            failed.append(f"{PROC}/{name} does not exist here")
        except OSError as error:
            failed.append(f"{PROC}/{name}: {error.strerror}")
    # A kernel without IPv6 has no tcp6; without the IPv4 table nothing can be concluded.
    return Sockets((), failed[0]) if not found and failed else Sockets(tuple(found))
