"""Every pod of the cluster may call the model server.

What it does
    Finds Kubernetes workloads of recognised ML components that no NetworkPolicy of the scanned files selects.

Why it matters
    In a cluster without policies every pod reaches every other: one notebook that runs a stranger's package reaches the model server,
    the tracking server and the vector store behind it.

How to fix it
    A NetworkPolicy that lets in the gateway and nothing else.

Confidence
    Low, because policies may be kept elsewhere, or made by a service mesh.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Persona, Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: llm, labels: {app: llm}}\nspec:\n  containers:\n    - {name: llm, image: 'vllm/vllm-openai:v0.8.5'}\n"
_POLICY = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: llm}\nspec:\n  podSelector: {matchLabels: {app: LABEL}}\n"

CHECK = Check(
    title="No NetworkPolicy",
    severity=Severity.LOW,
    risk=Risk.SYS_NET,
    references=("CWE-653", "OWASP A02:2025", "CIS Kubernetes 5.3.2"),
    weighed=False,
    confidence=Confidence.LOW,
    persona=Persona.PEDANTIC,
    examples=(
        Example("no policy anywhere", "present", _POD, file="llm.yaml"),
        Example("a policy for other pods", "present", _POD + _POLICY.replace("LABEL", "web"), file="llm.yaml"),
        Example("a policy for every pod of the namespace", "absent", _POD + _POLICY.replace("{matchLabels: {app: LABEL}}", "{}"), file="llm.yaml"),
        Example("a policy whose selector is an expression", "unknown", _POD + _POLICY.replace("{matchLabels: {app: LABEL}}", "{matchExpressions: [{key: app, operator: Exists}]}"), file="llm.yaml"),
        Example("a policy that selects it", "absent", _POD + _POLICY.replace("LABEL", "llm"), file="llm.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Recognised components in pods that no policy selects."""
    for workload in graph.workloads:
        if workload.format != "kubernetes" or not workload.running or not workload.head or "init" in workload.container:
            continue
        holding = list(graph.selecting(workload))
        if any(policy.known for policy in holding):
            continue
        name = workload.running[0].fact.name
        fix = Fix("Add a NetworkPolicy that lets in the gateway alone")
        if holding:
            yield Hit(
                workload.asset, f"Whether a NetworkPolicy holds {name} cannot be known", (workload.head,), fix, workload.exposure, "network-policy",
                Verdict.UNKNOWN, f"the selector of {holding[0].name} is an expression or comes from a template",
            )  # fmt: skip
            continue
        yield Hit(
            workload.asset, f"No NetworkPolicy holds {name}", (workload.head,), fix, workload.exposure, "network-policy"
        )
