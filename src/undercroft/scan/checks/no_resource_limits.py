"""One container can take the whole machine's memory.

What it does
    Finds Kubernetes containers of recognised ML components without a memory limit. Compose files are left alone: one machine
    often serves one model, and the machine is then the limit.

Why it matters
    Inference has no natural bound: one request with a long prompt or a large image can take all memory, and the kernel then kills
    whatever it likes, the neighbour's model included.

How to fix it
    ``resources.limits`` for memory (and requests equal to them for predictable scheduling).
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  containers:\n    - name: llm\n      image: IMAGE\nLIMITS"

CHECK = Check(
    title="No memory limit",
    severity=Severity.LOW,
    risk=Risk.SYS_ORCH,
    references=("CWE-770", "OWASP LLM10:2025", "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"),
    weighed=False,
    examples=(
        Example("a model server without limits", "present", _POD.replace("IMAGE", "vllm/vllm-openai:v0.8.5").replace("LIMITS", ""), file="pod.yaml"),
        Example("a model server with a memory limit", "absent", _POD.replace("IMAGE", "vllm/vllm-openai:v0.8.5").replace("LIMITS", "      resources: {limits: {memory: 16Gi}}\n"), file="pod.yaml"),
        Example("a processor limit alone is not one", "present", _POD.replace("IMAGE", "vllm/vllm-openai:v0.8.5").replace("LIMITS", "      resources: {limits: {cpu: 4}}\n"), file="pod.yaml"),
        Example("a container nobody recognises", "absent", _POD.replace("IMAGE", "busybox:1.36").replace("LIMITS", ""), file="pod.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Recognised components in Kubernetes whose memory limit is known to be missing."""
    for workload in graph.workloads:
        limit = workload.granted("memory-limit")
        if (
            workload.format == "kubernetes"
            and workload.running
            and limit is not None
            and limit.known
            and limit.value is None
        ):
            name = workload.running[0].fact.name
            yield Hit(
                workload.asset,
                f"{name} runs without a memory limit",
                limit.evidence,
                Fix("Set resources.limits.memory"),
                workload.exposure,
                "memory-limit",
            )
