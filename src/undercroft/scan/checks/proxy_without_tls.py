"""A proxy takes requests in the clear.

What it does
    Finds proxies that listen without TLS beyond this machine and pass requests on from there. A server that only sends clients to HTTPS is
    left alone.

Why it matters
    The proxy is where clients connect: prompts, keys and session cookies cross the network there.

How to fix it
    Listen with TLS, and let the plain port do nothing but redirect.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_NGINX = "server {\n  listen PORT;\n  location / {\n    proxy_pass http://model:8000;\n  }\n}\n"

CHECK = Check(
    title="Proxy without TLS",
    severity=Severity.HIGH,
    risk=Risk.DEP_TLS,
    references=("CWE-319", "OWASP A04:2025", "ATT&CK T1040"),
    confidence=Confidence.MEDIUM,
    examples=(
        Example("a plain port", "present", _NGINX.replace("PORT", "80"), "nginx.conf"),
        Example("a TLS port", "absent", _NGINX.replace("PORT", "443 ssl"), "nginx.conf"),
        Example("a plain port beside a TLS port", "present", _NGINX.replace("PORT", "80;\n  listen 443 ssl"), "nginx.conf"),
        Example("a plain port for this machine", "absent", _NGINX.replace("PORT", "127.0.0.1:80"), "nginx.conf"),
        Example("a plain port that only redirects", "absent", "server {\n  listen 80;\n  return 301 https://$host$request_uri;\n}\n", "nginx.conf"),
        Example("a plain port that serves files", "absent", "server {\n  listen 80;\n  root /srv;\n}\n", "nginx.conf"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Plain doors of proxies that pass something on."""
    for proxy in graph.proxies:
        if proxy.redirects or not proxy.passages:
            continue
        for door in proxy.doors:
            if not door.tls and not door.loopback:
                port = f" on port {door.port}" if door.port else ""
                exposure = Exposure(None, (), "who reaches the proxy is not in this file")
                fix = Fix("Listen with TLS and let the plain port redirect")
                yield Hit(
                    proxy.asset,
                    f"{proxy.program} takes requests in the clear{port}",
                    (door.evidence,),
                    fix,
                    exposure,
                    f"door:{door.port}",
                )
