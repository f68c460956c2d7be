"""The scheduler does not know what the server needs.

What it does
    Finds Kubernetes containers of recognised model servers without a memory request.

Why it matters
    A pod without requests is the first to be evicted and is packed onto nodes that are full: one busy neighbour, or somebody who makes
    one busy, takes the endpoint down.

How to fix it
    ``resources.requests`` equal to the limits for servers that answer people.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  containers:\n    - name: llm\n      image: vllm/vllm-openai:v0.8.5\n      resources: {RESOURCES}\n"

CHECK = Check(
    title="No memory request",
    severity=Severity.LOW,
    risk=Risk.DOS_FLOOD,
    references=("CWE-400", "OWASP A06:2025", "https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/"),
    weighed=False,
    persona=Persona.PEDANTIC,
    examples=(
        Example("nothing asked for", "present", _POD.replace("RESOURCES", ""), file="pod.yaml"),
        Example("a limit, which is the request where none is given", "absent", _POD.replace("RESOURCES", "limits: {memory: 16Gi}"), file="pod.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Recognised components whose memory request is known to be missing."""
    for workload in graph.workloads:
        request = workload.granted("memory-request")
        if (
            workload.format == "kubernetes"
            and workload.running
            and request is not None
            and request.known
            and request.value is None
        ):
            name = workload.running[0].fact.name
            yield Hit(
                workload.asset,
                f"{name} asks for no memory",
                request.evidence,
                Fix("Set resources.requests.memory"),
                workload.exposure,
                "memory-request",
            )
