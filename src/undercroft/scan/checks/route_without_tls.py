"""The way into the cluster is not encrypted.

What it does
    Finds Ingresses without ``tls`` or a certificate by annotation, and Gateways that listen in plain HTTP alone. Internal ones count
    for less.

Why it matters
    Prompts, answers, session cookies and API keys cross networks nobody here controls, readable and changeable for everyone on the way.

How to fix it
    ``tls`` with a certificate (cert-manager), a certificate's annotation of the cloud's controller, or a listener of protocol HTTPS
    with a redirect from HTTP.

Unknown
    A ``tls`` block that a template makes from values nobody wrote down.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_INGRESS = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: llm\n  annotations: {ANNOTATION}\nspec:\n  rules:\n    - http: {paths: [{path: /, backend: {service: {name: llm, port: {number: 80}}}}]}\nTLS"
_GATEWAY = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: llm}\nspec:\n  gatewayClassName: gke-l7-regional-external-managed\n  listeners:\n    - {name: a, protocol: PROTOCOL, port: 443}\n"


def _ingress(tls: str = "", annotation: str = "") -> str:
    return _INGRESS.replace("TLS", tls).replace("ANNOTATION", annotation)


CHECK = Check(
    title="Way into the cluster without encryption",
    severity=Severity.HIGH,
    risk=Risk.DEP_TLS,
    references=("CWE-319", "OWASP A04:2025", "ATT&CK T1040", "https://kubernetes.io/docs/concepts/services-networking/ingress/#tls"),
    examples=(
        Example("an Ingress without a certificate", "present", _ingress(), file="ingress.yaml"),
        Example("a Gateway in plain HTTP", "present", _GATEWAY.replace("PROTOCOL", "HTTP"), file="gateway.yaml"),
        Example("a certificate from a Secret", "absent", _ingress("  tls: [{secretName: cert}]\n"), file="ingress.yaml"),
        Example("a certificate by annotation", "absent", _ingress("", "'alb.ingress.kubernetes.io/certificate-arn': 'arn:aws:acm:1'"), file="ingress.yaml"),
        Example("a Gateway with HTTPS", "absent", _GATEWAY.replace("PROTOCOL", "HTTPS"), file="gateway.yaml"),
        Example("a template whose values are not there", "unknown", _INGRESS.replace("{ANNOTATION}", "{}").replace("TLS", "  {{- if .Values.tls }}\n  tls: [{secretName: cert}]\n  {{- end }}\n"), file="chart/templates/ingress.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Ways in that decide about encryption, and decide against it."""
    for route in graph.routes:
        if route.tls is None or route.asset is None:
            continue
        reach = Reach.PRIVATE if route.internal or route.limited else Reach.INTERNET
        exposure = Exposure(reach, (Hop(f"{route.kind}/{route.name}", route.evidence),), "a way into the cluster")
        if not route.tls.known:
            yield Hit(
                route.asset, f"Whether {route.kind} {route.name} is encrypted cannot be known", route.tls.evidence, Fix("Say where its certificate comes from"), exposure,
                "tls", Verdict.UNKNOWN, route.tls.reason,
            )  # fmt: skip
        elif route.tls.value is not True:
            said = Severity.HIGH if route.stated else Severity.MEDIUM
            fix = Fix("Give it a certificate, and redirect plain HTTP")
            yield Hit(
                route.asset,
                f"{route.kind} {route.name} takes plain HTTP",
                route.tls.evidence,
                fix,
                exposure,
                "tls",
                severity=said,
            )
