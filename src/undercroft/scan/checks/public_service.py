"""A cluster route leads from outside to an ML component.

What it does
    Finds recognised components behind a Service of type LoadBalancer or NodePort, or behind an Ingress; any other Service of these
    types that nothing keeps inside; and Ingresses and Gateways that say in so many words that they face the internet, with nobody
    asking callers who they are.

Why it matters
    Model servers, notebooks and tracking servers are rarely meant for the whole internet. One ``type: LoadBalancer`` copied from an
    example gives them a public address.

How to fix it
    ``type: ClusterIP`` with a gateway that knows identities in front, or the provider's annotation for an internal load balancer.
"""

from collections.abc import Iterator

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.edits import replaced
from undercroft.scan.graph import Graph, Route, Span

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: llm}
spec:
  template:
    metadata: {labels: {app: llm}}
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.8.5
          args: ["--model", "facebook/opt-125m", "--api-key", "$(KEY)"]
          ports: [{containerPort: 8000}]
---
apiVersion: v1
kind: Service
metadata:
  name: llm
  annotations: {ANNOTATION}
spec:
  type: TYPE
  selector: {app: llm}
  ports: [{port: 80, targetPort: 8000}]
"""

_INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: llm
  annotations: {alb.ingress.kubernetes.io/scheme: internet-facingMORE}
spec:
  tls: [{secretName: cert}]
  rules: [{http: {paths: [{path: /, backend: {service: {name: llm, port: {number: 80}}}}]}}]
"""


def _sample(type_: str, annotation: str = "") -> str:
    return _DEPLOYMENT.replace("TYPE", type_).replace("ANNOTATION", annotation)


CHECK = Check(
    title="ML component behind a public route",
    severity=Severity.HIGH,
    risk=Risk.DEP_PRIVATE,
    references=("CWE-668", "OWASP A02:2025", "ATT&CK T1190", "https://kubernetes.io/docs/concepts/services-networking/service/"),
    examples=(
        Example("a load balancer", "present", _sample("LoadBalancer"), file="llm.yaml"),
        Example("a node port", "present", _sample("NodePort"), file="llm.yaml"),
        Example("a cluster-internal Service", "absent", _sample("ClusterIP"), file="llm.yaml"),
        Example("an internal load balancer", "absent", _sample("LoadBalancer", '"networking.gke.io/load-balancer-type": Internal'), file="llm.yaml"),
        Example("a Service of its own, whatever is behind", "present", "apiVersion: v1\nkind: Service\nmetadata: {name: agent}\nspec:\n  type: LoadBalancer\n  selector: {app: agent}\n  ports: [{port: 80}]\n", file="service.yaml"),
        Example("a chart that asks for one", "present", "proxy:\n  service:\n    type: NodePort\n", file="values.yaml"),
        Example("an Ingress that faces the internet", "present", _INGRESS.replace("MORE", ""), file="ingress.yaml"),
        Example("an Ingress that asks for an identity", "absent", _INGRESS.replace("MORE", ", alb.ingress.kubernetes.io/auth-type: oidc"), file="ingress.yaml"),
        Example("a load balancer for named addresses", "absent", "apiVersion: v1\nkind: Service\nmetadata: {name: agent}\nspec:\n  type: LoadBalancer\n  loadBalancerSourceRanges: [192.0.2.0/24]\n  selector: {app: agent}\n  ports: [{port: 80}]\n", file="service.yaml"),
        Example("a Service that selects other pods", "absent", _sample("ClusterIP").replace("selector: {app: llm}", "selector: {app: web}"), file="llm.yaml"),
    ),
)  # fmt: skip


_WAYS = ("Service/", "Ingress/", "HTTPRoute/", "GRPCRoute/", "TLSRoute/", "VirtualService/", "Route/")


def _fix(span: Span | None, type_: str) -> Fix:
    if span is None:
        return Fix("Take the route away, or put a gateway with identity in front")
    # One that stands in quotes, as in JSON, keeps them.
    new = '"ClusterIP"' if span.end - span.start > len(type_) else "ClusterIP"
    return Fix(
        "Make the Service cluster-internal", (replaced(span, new),), "route to it through a gateway with identity"
    )


def examine(graph: Graph) -> Iterator[Hit]:
    """Listeners whose exposure comes from a route and goes beyond the cluster; then routes that nothing recognised explains."""
    told: set[Evidence] = set()
    for workload in graph.workloads:
        if not workload.running:
            continue
        name = workload.running[0].fact.name
        for listener in workload.listeners:
            exposure = listener.exposure
            routed = [hop for hop in exposure.path if hop.what.startswith(_WAYS)]
            if (
                not routed
                or exposure.reach is None
                or exposure.reach <= Reach.CLUSTER
                or "internal load balancer" in exposure.reason
                or "named addresses" in exposure.reason
            ):
                continue
            what, _, type_ = routed[0].what.removeprefix("Service/").partition(" type ")
            span = workload.spans.get(f"service-type:{what}")
            evidence = tuple(hop.evidence for hop in routed if hop.evidence)
            told |= set(evidence)
            yield Hit(
                workload.asset,
                f"{name} is reachable through {routed[0].what}",
                evidence,
                _fix(span, type_),
                exposure,
                f"route:{routed[0].what}:{listener.port}",
            )
    for route in graph.routes:
        if route.asset is not None and route.evidence not in told:
            yield from _alone(route, route.asset)


def _alone(route: Route, asset: Asset) -> Iterator[Hit]:
    """A route that is public by its own words, whatever stands behind it."""
    if route.internal or route.limited or route.identity:
        return
    node = route.type == "NodePort"
    if not (node or route.type == "LoadBalancer" or (route.stated and route.kind in {"Ingress", "Gateway"})):
        return
    what = f"{route.kind}/{route.name}"
    hop = Hop(f"{what} type {route.type}" if route.type else what, route.evidence)
    reach, why = (
        (Reach.PRIVATE, "open on every node")
        if node
        else (Reach.INTERNET, "public unless an annotation keeps it inside")
    )
    word = "is open on every node" if node else "faces the internet"
    fix = _fix(route.spans.get("type"), route.type)
    yield Hit(
        asset, f"{what} {word}", (route.evidence,), fix, Exposure(reach, (hop,), why), "route", severity=Severity.MEDIUM
    )
