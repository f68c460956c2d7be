"""What stands in front: proxies that pass requests on, whatever program they are and however it is configured."""

from dataclasses import dataclass

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Door:
    """A port a proxy listens on."""

    port: int | None
    tls: bool
    loopback: bool
    """Whether only this machine can connect."""
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Passage:
    """A path that is passed on to somebody else."""

    path: str
    """What it matches, as written."""
    upstream: str
    """``host:port`` or name it goes to, as far as that is known."""
    evidence: Evidence
    authenticated: bool
    """Whether the proxy asks who is there before it passes the request on."""
    limited: bool
    """Whether it limits rate or connections."""
    steered_by: str = ""
    """Name of the client's header, cookie or argument that decides where the request goes; empty when none does."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """One virtual server."""

    asset: Asset
    program: str
    """``nginx``, ``caddy``, ``envoy`` …"""
    doors: tuple[Door, ...]
    passages: tuple[Passage, ...]
    redirects: bool = False
    """Whether it only sends clients elsewhere (to HTTPS), passing nothing on."""
