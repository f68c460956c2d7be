"""A container shares a namespace of the host.

What it does
    Finds containers in the host's network, process or IPC namespace.

Why it matters
    In the host's network a container reaches everything that listens on loopback, unauthenticated by assumption; with the host's
    processes it reads their environment and their keys; with the host's shared memory it reads other tenants' tensors.

How to fix it
    Publish the port instead; give shared memory by ``shm_size`` or an ``emptyDir`` of medium ``Memory`` instead of host IPC.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_NAMES = {"host-network": "network", "host-pid": "process", "host-ipc": "IPC"}

CHECK = Check(
    title="Host namespace shared",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_ORCH,
    references=("CWE-653", "OWASP A02:2025", "ATT&CK T1611", "CIS Kubernetes 5.2.3-5.2.5"),
    weighed=False,
    examples=(
        Example("host IPC for shared memory", "present", "services:\n  llm:\n    image: vllm/vllm-openai:v0.8.5\n    command: --model m --api-key=${K:?}\n    ipc: host\n"),
        Example("shared memory by size", "absent", "services:\n  llm:\n    image: vllm/vllm-openai:v0.8.5\n    command: --model m --api-key=${K:?}\n    shm_size: 8g\n"),
        Example("a bridge network", "absent", "services:\n  llm:\n    image: vllm/vllm-openai:v0.8.5\n    network_mode: bridge\n"),
        Example("a pod on the host's network", "present", "apiVersion: v1\nkind: Pod\nmetadata: {name: t}\nspec:\n  hostNetwork: true\n  containers: [{name: t, image: 'a:1'}]\n", file="pod.yaml"),
        Example("a template", "unknown", 'apiVersion: v1\nkind: Pod\nmetadata: {name: t}\nspec:\n  hostNetwork: "{{ .Values.host }}"\n  containers: [{name: t, image: "a:1"}]\n', file="pod.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Each shared namespace of each container; once where a pod shares it for all of them."""
    told = set()
    for workload in graph.workloads:
        for key, word in _NAMES.items():
            setting = workload.granted(key)
            if setting is None:
                continue
            if not setting.known:
                yield Hit(
                    workload.asset, f"Whether the container shares the host's {word} namespace cannot be known", setting.evidence,
                    Fix("Render the template and scan the result"), workload.exposure, key, Verdict.UNKNOWN, setting.reason,
                )  # fmt: skip
            elif setting.value is True and (key, setting.evidence) not in told:
                told.add((key, setting.evidence))
                fix = Fix(f"Give the container a {word} namespace of its own")
                yield Hit(
                    workload.asset,
                    f"The container shares the host's {word} namespace",
                    setting.evidence,
                    fix,
                    workload.exposure,
                    key,
                )
