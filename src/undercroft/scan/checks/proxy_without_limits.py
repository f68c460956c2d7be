"""A proxy passes on as much as comes.

What it does
    Finds proxies in front of others without a limit on requests or connections.

Why it matters
    Inference is expensive; a flood that a web server would shrug off takes a model server down.

How to fix it
    ``limit_req`` and ``limit_conn`` as a first wall, and a guard that counts cost behind it.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_NGINX = "server {\n  listen 443 ssl;\n  location / {\n    MORE\n    proxy_pass http://model:8000;\n  }\n}\n"

CHECK = Check(
    title="Proxy without limits",
    severity=Severity.LOW,
    risk=Risk.DOS_FLOOD,
    references=("CWE-770", "OWASP LLM10:2025", "OWASP A06:2025", "ATT&CK T1499"),
    weighed=False,
    persona=Persona.PEDANTIC,
    examples=(
        Example("none", "present", _NGINX.replace("MORE", ""), "nginx.conf"),
        Example("a rate", "absent", _NGINX.replace("MORE", "limit_req zone=one burst=5;"), "nginx.conf"),
    ),
)


def examine(graph: Graph) -> Iterator[Hit]:
    """Passages that are not limited, one finding a proxy."""
    for proxy in graph.proxies:
        free = [p for p in proxy.passages if not p.limited]
        if free:
            fix = Fix("Limit requests and connections in front of inference")
            exposure = Exposure(None, (), "who reaches the proxy is not in this file")
            yield Hit(
                proxy.asset,
                f"{proxy.program} passes requests on without a limit",
                (free[0].evidence,),
                fix,
                exposure,
                "limits",
            )
