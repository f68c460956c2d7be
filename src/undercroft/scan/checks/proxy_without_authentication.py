"""A proxy lets everybody through to something that does not ask either.

What it does
    Finds proxies that pass requests on without asking who is there, to a component of the scanned files that runs without
    authentication. Where the component behind it asks by itself, nothing is reported.

Why it matters
    A proxy in front looks like a gate. It is one only when it asks for something; otherwise it is a second way in.

How to fix it
    Ask at the proxy (``auth_request``, mutual TLS, an OIDC gateway), or put a guard with keys behind it.

Unknown
    A backend whose own authentication cannot be known. A proxy whose backend is not in the scanned files is left alone.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph, Workload

_NGINX = "server {\n  listen 8080;\n  location / {\n    AUTH\n    proxy_pass http://model:8000;\n  }\n}\n"
_MODEL = "services:\n  model:\n    image: vllm/vllm-openai:v0.8.5\n    command: --model m KEY\n"

CHECK = Check(
    title="Proxy without authentication",
    severity=Severity.CRITICAL,
    risk=Risk.DEP_AUTH,
    references=("CWE-306", "OWASP A07:2025", "ATT&CK T1190"),
    examples=(
        Example("no question at the proxy, none behind it", "present", _NGINX.replace("AUTH", ""), "nginx.conf", (("compose.yaml", _MODEL.replace("KEY", "")),)),
        Example("the proxy asks", "absent", _NGINX.replace("AUTH", "auth_request /verify;"), "nginx.conf", (("compose.yaml", _MODEL.replace("KEY", "")),)),
        Example("the server behind it asks", "absent", _NGINX.replace("AUTH", ""), "nginx.conf", (("compose.yaml", _MODEL.replace("KEY", "--api-key ${K:?}")),)),
        Example("a key behind it that nobody can see", "unknown", _NGINX.replace("AUTH", ""), "nginx.conf", (("compose.yaml", _MODEL.replace("KEY", "--api-key ${K}")),)),
        Example("the proxy is for this machine only", "absent", _NGINX.replace("AUTH", "").replace("8080", "127.0.0.1:8080"), "nginx.conf", (("compose.yaml", _MODEL.replace("KEY", "")),)),
        Example("a backend nobody knows", "absent", _NGINX.replace("AUTH", "").replace("model:", "other:"), "nginx.conf", (("compose.yaml", _MODEL.replace("KEY", "")),)),
    ),
)  # fmt: skip

_OUTSIDE = Exposure(None, (), "who reaches the proxy is not in this file")


def _behind(graph: Graph, upstream: str) -> Workload | None:
    """The workload a proxy's upstream names: a Compose service or a Kubernetes Service's workload by the first part of the host."""
    host = upstream.partition(":")[0].partition(".")[0].lower()
    return next(
        (
            w
            for w in graph.workloads
            if w.running and w.asset.name.partition(" (")[0].rpartition("/")[2].lower() == host
        ),
        None,
    )


def examine(graph: Graph) -> Iterator[Hit]:
    """Passages without authentication to a component that is known to ask nobody."""
    for proxy in graph.proxies:
        if proxy.doors and all(door.loopback for door in proxy.doors):
            continue
        for passage in proxy.passages:
            workload = None if passage.authenticated else _behind(graph, passage.upstream)
            if workload is None:
                continue
            fix = Fix("Ask for a key or an identity at the proxy, or put a guard behind it")
            for running in workload.running:
                name, setting = running.fact.name, running.setting("authentication")
                if setting.known and setting.value == "off":
                    title = f"{proxy.program} passes {passage.path} on to {name} without asking who is there"
                    yield Hit(proxy.asset, title, (passage.evidence,), fix, _OUTSIDE, f"passage:{passage.path}")
                elif not setting.known and "authentication" in {*running.fact.settings, *running.fact.derived}:
                    title = f"{proxy.program} passes {passage.path} on to {name} without asking; whether {name} asks cannot be known"
                    yield Hit(
                        proxy.asset,
                        title,
                        (passage.evidence,),
                        fix,
                        _OUTSIDE,
                        f"passage:{passage.path}",
                        Verdict.UNKNOWN,
                        setting.reason,
                    )
