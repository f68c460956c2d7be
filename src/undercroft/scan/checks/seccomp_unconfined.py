"""The kernel's filter for system calls is switched off.

What it does
    Finds Kubernetes containers with ``seccompProfile: {type: Unconfined}``.

Why it matters
    The filter keeps several hundred rarely used system calls, the usual ways out of a container, from a process that parses what
    strangers send.

How to fix it
    ``type: RuntimeDefault``, or ``Localhost`` with a profile of one's own.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: t}\nspec:\n  securityContext: {seccompProfile: {type: WHAT}}\n  containers: [{name: t, image: 'example/t:1'}]\n"

CHECK = Check(
    title="System calls not confined",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_ORCH,
    references=("CWE-693", "OWASP A02:2025", "ATT&CK T1611", "https://kubernetes.io/docs/tutorials/security/seccomp/"),
    weighed=False,
    examples=(
        Example("switched off for the pod", "present", _POD.replace("WHAT", "Unconfined"), file="pod.yaml"),
        Example("the runtime's filter", "absent", _POD.replace("WHAT", "RuntimeDefault"), file="pod.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Containers that say they are unconfined."""
    for workload in graph.workloads:
        setting = workload.granted("seccomp")
        if setting is not None and setting.value == "Unconfined":
            fix = Fix("Use the runtime's default profile")
            yield Hit(
                workload.asset,
                "The container's system calls are not confined",
                setting.evidence,
                fix,
                workload.exposure,
                "seccomp",
            )
