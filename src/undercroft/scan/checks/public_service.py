"""A cluster route leads from outside to an ML component.

What it does
    Finds recognised components behind a Service of type LoadBalancer or NodePort, or behind an Ingress.

Why it matters
    Model servers, notebooks and tracking servers are rarely meant for the whole internet. One ``type: LoadBalancer`` copied from an
    example gives them a public address.

How to fix it
    ``type: ClusterIP`` with a gateway that knows identities in front, or the provider's annotation for an internal load balancer.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.edits import replaced
from undercroft.scan.graph import Graph

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
        Example("a Service that selects other pods", "absent", _sample("LoadBalancer").replace("selector: {app: llm}", "selector: {app: web}"), file="llm.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Listeners whose exposure comes from a Service or an Ingress and goes beyond the cluster, internal balancers left out."""
    for workload in graph.workloads:
        if not workload.running:
            continue
        name = workload.running[0].fact.name
        for listener in workload.listeners:
            exposure = listener.exposure
            routed = [hop for hop in exposure.path if hop.what.startswith(("Service/", "Ingress/"))]
            if (
                not routed
                or exposure.reach is None
                or exposure.reach <= Reach.CLUSTER
                or "internal load balancer" in exposure.reason
            ):
                continue
            what, _, type_ = routed[0].what.removeprefix("Service/").partition(" type ")
            span = workload.spans.get(f"service-type:{what}")
            # One that stands in quotes, as in JSON, keeps them.
            new = '"ClusterIP"' if span and span.end - span.start > len(type_) else "ClusterIP"
            fix = (
                Fix(
                    "Make the Service cluster-internal",
                    (replaced(span, new),),
                    "route to it through a gateway with identity",
                )
                if span
                else Fix("Take the route away, or put a gateway with identity in front")
            )
            evidence = tuple(hop.evidence for hop in routed if hop.evidence)
            yield Hit(
                workload.asset,
                f"{name} is reachable through {routed[0].what}",
                evidence,
                fix,
                exposure,
                f"route:{routed[0].what}:{listener.port}",
            )
