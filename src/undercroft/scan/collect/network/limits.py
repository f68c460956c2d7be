"""How much a network scan may take, from the peers and from the clock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a network scan. Every deadline is absolute: a peer that keeps dripping does not move it."""

    connect: float = 3.0
    """Seconds for a connection to open, its TLS handshake included."""
    exchange: float = 5.0
    """Seconds for one question and its answer, connecting included."""
    endpoint: float = 60.0
    """Seconds for all questions to one endpoint."""
    total: float = 600.0
    """Seconds for the whole scan of the network."""
    head: int = 64 * 1024
    """Bytes of a response's status line and headers."""
    body: int = 256 * 1024
    """Bytes of a response's body that are kept; the rest is not read."""
    connections: int = 64
    """Endpoints spoken to at a time."""
    rate: float = 50.0
    """Connections opened to one host per second, when it is not this machine."""
    loopback_rate: float = 1000.0
    """The same for this machine, which pays for its own scan."""
