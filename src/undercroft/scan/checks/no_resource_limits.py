"""One container can take the whole machine's memory.

What it does
    Finds Kubernetes containers without a memory limit, and charts' values that leave ``resources`` empty. Compose files are left alone:
    one machine often serves one model, and the machine is then the limit.

Why it matters
    Inference has no natural bound: one request with a long prompt or a large image can take all memory, and the kernel then kills
    whatever it likes, the neighbour's model included.

How to fix it
    ``resources.limits`` for memory (and requests equal to them for predictable scheduling).

Not reported
    Init containers, which run once; patches, which say only what they change; templates whose values nobody wrote down.
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
        Example("a container nobody recognises", "present", _POD.replace("IMAGE", "busybox:1.36").replace("LIMITS", ""), file="pod.yaml"),
        Example("a chart's values", "present", "image: {repository: qdrant/qdrant, tag: 'v1.12.4'}\nresources: {}\n", file="values.yaml"),
        Example("a chart's values for something nobody recognises", "absent", "image: {repository: example/sidecar, tag: '1.0'}\nresources: {}\n", file="values.yaml"),
        Example("a chart's values with a limit", "absent", "image: {repository: example/llm, tag: '1.0'}\nresources: {limits: {memory: 1Gi}}\n", file="values.yaml"),
        Example("a part of the chart that is switched off", "absent", "tool:\n  enabled: false\n  resources: {}\n", file="values.yaml"),
        Example("a patch", "absent", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: llm}\nspec:\n  template:\n    spec:\n      containers: [{name: llm, image: 'llm:2.0'}]\n", file="patch.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Containers in Kubernetes whose memory limit is known to be missing."""
    for workload in graph.workloads:
        limit = workload.granted("memory-limit")
        if workload.format not in {"kubernetes", "helm"} or "init" in workload.container:
            continue
        if workload.format == "helm" and not workload.running:
            continue  # a chart's own values leave its small parts to whoever installs it
        if limit is not None and limit.known and limit.value is None:
            name = workload.running[0].fact.name if workload.running else workload.asset.name
            yield Hit(
                workload.asset,
                f"{name} runs without a memory limit",
                limit.evidence,
                Fix("Set resources.limits.memory"),
                workload.exposure,
                "memory-limit",
            )
