"""A container is given powers of root one by one.

What it does
    Finds Kubernetes containers to which capabilities are added that lead out of the container or into other processes.

Why it matters
    ``SYS_ADMIN`` is most of ``privileged``; ``SYS_PTRACE`` reads the memory of neighbours, keys included; ``NET_ADMIN`` rewrites the
    network of the pod, and of the node where the pod shares it.

How to fix it
    ``drop: [ALL]``, and only what the image documents that it needs. ``IPC_LOCK`` for RDMA and ``NET_BIND_SERVICE`` are harmless.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: t}\nspec:\n  containers:\n    - name: t\n      image: example/trainer:1\n      securityContext: {capabilities: {add: [WHAT]}}\n"
_GRAVE = {
    "ALL": Severity.HIGH, "SYS_ADMIN": Severity.HIGH, "SYS_MODULE": Severity.HIGH, "SYS_RAWIO": Severity.HIGH, "SYS_BOOT": Severity.HIGH, "BPF": Severity.HIGH,
    "SYS_PTRACE": Severity.MEDIUM, "NET_ADMIN": Severity.MEDIUM, "DAC_READ_SEARCH": Severity.MEDIUM, "DAC_OVERRIDE": Severity.LOW, "PERFMON": Severity.LOW,
}  # fmt: skip

CHECK = Check(
    title="Dangerous capability added",
    severity=Severity.HIGH,
    risk=Risk.SYS_ORCH,
    references=("CWE-250", "CWE-269", "OWASP A02:2025", "ATT&CK T1611", "CIS Kubernetes 5.2.8", "https://man7.org/linux/man-pages/man7/capabilities.7.html"),
    weighed=False,
    examples=(
        Example("most of root", "present", _POD.replace("WHAT", "SYS_ADMIN"), file="pod.yaml"),
        Example("locked memory for RDMA", "absent", _POD.replace("WHAT", "IPC_LOCK"), file="pod.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Containers by the worst capability they are given."""
    for workload in graph.workloads:
        setting = workload.granted("capabilities")
        added = setting.value if setting is not None and isinstance(setting.value, tuple) else ()
        found = sorted(
            (name.upper().removeprefix("CAP_") for name in added), key=lambda n: -_GRAVE[n].rank if n in _GRAVE else 1
        )
        if setting is not None and found and found[0] in _GRAVE:
            yield Hit(
                workload.asset, f"The container is given {', '.join(n for n in found if n in _GRAVE)}", setting.evidence, Fix("Drop all capabilities and add what the image needs"),
                workload.exposure, "capabilities", severity=_GRAVE[found[0]],
            )  # fmt: skip
