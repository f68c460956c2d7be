"""A container has the whole machine.

What it does
    Finds containers that run privileged.

Why it matters
    A privileged container sees every device and may load kernel modules: whoever takes the process takes the host, its accelerators
    and every other tenant's model. GPUs do not need it: the device plugin or the container toolkit hands them over.

How to fix it
    ``privileged: false``, and the one capability or device that is really needed.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.edits import replaced
from undercroft.scan.graph import Graph

_COMPOSE = "services:\n  trainer:\n    image: pytorch/pytorch:2.5.1\n    privileged: VALUE\n"
_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: trainer}\nspec:\n  containers:\n    - name: trainer\n      image: pytorch/pytorch:2.5.1\n      securityContext:\n        privileged: VALUE\n"

CHECK = Check(
    title="Privileged container",
    severity=Severity.HIGH,
    risk=Risk.SYS_ORCH,
    references=("CWE-250", "OWASP A02:2025", "ATT&CK T1611", "CIS Kubernetes 5.2.2", "CIS Docker 5.5"),
    weighed=False,
    examples=(
        Example("a Compose service", "present", _COMPOSE.replace("VALUE", "true")),
        Example("a pod's container", "present", _POD.replace("VALUE", "true"), file="pod.yaml"),
        Example("said to be unprivileged", "absent", _COMPOSE.replace("VALUE", "false")),
        Example("a template that was not rendered", "unknown", _POD.replace("VALUE", '"{{ .Values.privileged }}"'), file="pod.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Containers whose ``privileged`` is true or cannot be known."""
    for workload in graph.workloads:
        setting = workload.granted("privileged")
        if setting is None:
            continue
        if not setting.known:
            yield Hit(
                workload.asset, "Whether the container is privileged cannot be known", setting.evidence, Fix("Render the template and scan the result"),
                workload.exposure, "privileged", Verdict.UNKNOWN, setting.reason,
            )  # fmt: skip
        elif setting.value is True:
            span = workload.spans.get("privileged")
            edits = (replaced(span, "false"),) if span else ()
            fix = Fix("Run the container unprivileged", edits, "add the device or capability it really needs")
            yield Hit(
                workload.asset, "The container runs privileged", setting.evidence, fix, workload.exposure, "privileged"
            )
