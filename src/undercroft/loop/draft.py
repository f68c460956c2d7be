"""Writes down what is there as what is expected, for somebody to read and correct. Pure; the same graph gives the same text."""

from collections import Counter
from typing import Any

import yaml

from undercroft.loop.expected import UNRECOGNISED
from undercroft.loop.services import Found, found
from undercroft.scan.graph import Graph

_HEAD = """\
# What ought to be deployed and reachable; undercroft drift compares. Drafted from what was found: read it before you trust it.
# A field that is left out is not compared. exposure is the widest circle allowed: loopback, host, cluster, private network, internet.
version: 1
"""


def _scalar(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, width=2**31, allow_unicode=False)
    return text.removesuffix("...\n").strip()


def _comment(text: str) -> str:
    return " ".join(text.split()).encode("ascii", "backslashreplace").decode()


def _switched(service: Found, name: str) -> str:
    on, setting = service.switch(name)
    if on is None:
        reason = setting.reason if setting is not None else "the product is not recognised"
        return f"    # {name}: unknown, {_comment(reason) or 'nothing read so far tells'}"
    return f"    {name}: {'on' if on else 'off'}"


def _lines(name: str, service: Found) -> list[str]:
    version, reason = service.version
    exposure = service.workload.exposure
    lines = [f"  {_scalar(name)}:", f"    component: {_scalar(service.slug or UNRECOGNISED)}"]
    lines.append(f"    version: {_scalar(version)}" if version else f"    # version: unknown, {_comment(reason)}")
    if exposure.reach is None:
        lines.append(f"    # exposure: unknown, {_comment(exposure.reason)}")
    else:
        lines.append(f"    exposure: {exposure.label}")
    if service.running is not None:
        lines += [_switched(service, "authentication"), _switched(service, "tls")]
    if service.addresses:
        lines.append(f"    addresses: {_scalar(list(service.addresses))}")
    if service.digest:
        lines.append(f"    image: {_scalar(service.digest)}")
    return lines


def draft(graph: Graph) -> str:
    """An ``expected.yaml`` that this graph fulfils wherever something is known; unknowns stand in it as comments."""
    services = list(found(graph))
    claims = Counter(name for service in services for name in set(service.names))
    lines: list[str] = []
    for number, service in enumerate(services, start=1):
        # The shortest name that means this service alone; a comparison finds it again by any of its names.
        name = next((n for n in service.names if claims[n] == 1), f"{service.name} #{number}")
        lines += _lines(name, service)
    return _HEAD + ("services:\n" + "\n".join(lines) + "\n" if lines else "services: {}\n")
