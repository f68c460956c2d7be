"""The client decides where the proxy sends it.

What it does
    Finds proxies whose destination is made of a client's header, argument or cookie.

Why it matters
    Whoever writes that header reaches any path of the backend, administration included, or any host the proxy can reach. Rules for
    paths no longer hold, because the path that is checked is not the path that is asked.

How to fix it
    Map the values you serve to fixed backends (nginx ``map`` with a safe default) and let everything else be refused.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_NGINX = "server {\n  listen 8080;\n  location / {\n    proxy_pass TARGET;\n  }\n}\n"

CHECK = Check(
    title="Proxy destination chosen by the client",
    severity=Severity.CRITICAL,
    risk=Risk.SYS_NET,
    references=("CWE-441", "CWE-918", "OWASP A01:2025", "ATT&CK T1090"),
    examples=(
        Example("a header is the path", "present", _NGINX.replace("TARGET", "http://backend$http_entry_point"), "nginx.conf"),
        Example("an argument is the host", "present", _NGINX.replace("TARGET", "http://$arg_host"), "nginx.conf"),
        Example("a variable made by a map", "absent", _NGINX.replace("TARGET", "http://$backend"), "nginx.conf"),
        Example("the Host header, which nginx checks against server_name", "absent", _NGINX.replace("TARGET", "http://backend/$http_host"), "nginx.conf"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Passages steered by the client."""
    for proxy in graph.proxies:
        for passage in proxy.passages:
            if passage.steered_by:
                title = f"The client's {passage.steered_by} decides where {proxy.program} sends the request"
                fix = Fix("Map known values to fixed backends and refuse the rest")
                exposure = Exposure(None, (), "who reaches the proxy is not in this file")
                yield Hit(proxy.asset, title, (passage.evidence,), fix, exposure, f"steered:{passage.path}")
