"""What people type for a network target, as endpoints to look at: URL, ``host:port``, bare host, ranges of addresses and ports. Pure."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

ADDRESSES = 256
"""Addresses one target may stand for (an IPv4 /24)."""
PORTS = 1024
"""Ports one target may name."""
PAIRS = 16_384
"""Endpoints one target may stand for in all."""
_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_\-]{0,62})(?:\.[A-Za-z0-9_\-]{1,63})*\.?")
_PORT_LIST = re.compile(r"\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)*")


class TargetError(ValueError):
    """A target that cannot be understood. The message says what would be."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where something may answer."""

    host: str
    """Name or address as typed, without brackets."""
    port: int
    scheme: str | None = None
    """``http`` or ``https`` where the target says so; ``None``: both are tried."""
    base: str = ""
    """Path in front of every question, without a trailing slash."""
    named: bool = True
    """Whether this very port was asked for: nothing answering is then something to report, not the ordinary case of a sweep."""

    @property
    def place(self) -> str:
        """``host:port``, brackets around IPv6."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _ports(text: str, target: str) -> list[int]:
    if not _PORT_LIST.fullmatch(text):
        raise TargetError(f"{target!r}: {text!r} is no port; write 8000, 8000-8010 or 8000,8888")
    found: dict[int, None] = {}
    for part in text.split(","):
        low, _, high = part.partition("-")
        first, last = int(low), int(high or low)
        if not 1 <= first <= last <= 65535:
            raise TargetError(f"{target!r}: ports run from 1 to 65535, {part} does not")
        if last - first >= PORTS or len(found) > PORTS:
            raise TargetError(f"{target!r}: more than {PORTS} ports; name fewer")
        found.update(dict.fromkeys(range(first, last + 1)))
    return list(found)


def _hosts(text: str, target: str) -> list[str]:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        if "/" in text or not _NAME.fullmatch(text):
            raise TargetError(
                f"{target!r}: {text!r} is neither an address, a range such as 10.0.0.0/28, nor a host name"
            ) from None
        return [text]
    if network.num_addresses > ADDRESSES:
        raise TargetError(f"{target!r}: {network.num_addresses} addresses; at most {ADDRESSES} at a time (an IPv4 /24)")
    hosts = list(network.hosts()) or [network.network_address]
    return [str(address) for address in hosts]


def _url(text: str) -> tuple[Candidate, ...]:
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise TargetError(f"{text!r}: {error}") from error
    if parts.username is not None or parts.password is not None:
        raise TargetError("the URL carries a user name or password; the scan sends no credentials, leave them out")
    if not host or "%" in host:
        raise TargetError(f"{text!r}: the URL names no host")
    if port == 0:
        raise TargetError(f"{text!r}: ports run from 1 to 65535, 0 does not")
    if not re.fullmatch(r"[!-~]*", parts.path):
        raise TargetError(f"{text!r}: the path holds characters a URL cannot; write them percent-encoded")
    _hosts(host, text)
    scheme = parts.scheme.lower()
    return (Candidate(host, port or (443 if scheme == "https" else 80), scheme, parts.path.rstrip("/")),)


def parse(text: str, ports: Sequence[int]) -> tuple[Candidate, ...]:
    """The endpoints a target stands for. ``ports`` are those tried on a host without one. Raises :class:`TargetError`."""
    if "://" in text:
        if not re.match(r"https?://", text, re.IGNORECASE):
            raise TargetError(f"{text!r}: only http:// and https:// can be scanned")
        return _url(text)
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise TargetError(f"{text!r}: an IPv6 address with a port is written [::1]:8000")
        given = rest[1:] if rest else ""
    elif text.count(":") > 1:
        host, given = text, ""
    else:
        host, _, given = text.partition(":")
        if ":" in text and not given:
            raise TargetError(f"{text!r}: no port behind the colon")
    hosts = _hosts(host, text)
    wanted = _ports(given, text) if given else list(ports)
    if len(hosts) * len(wanted) > PAIRS:
        raise TargetError(f"{text!r}: {len(hosts) * len(wanted)} endpoints; at most {PAIRS} at a time")
    named = bool(given) and len(hosts) == 1 and len(wanted) == 1
    return tuple(Candidate(each, port, named=named) for each in hosts for port in wanted)
