"""A process may become more than it was started as.

What it does
    Finds Kubernetes containers of recognised ML components that do not forbid privilege escalation.

Why it matters
    Without ``allowPrivilegeEscalation: false`` a set-uid program in the image turns an unprivileged process into root.

How to fix it
    ``securityContext.allowPrivilegeEscalation: false`` (the restricted Pod Security Standard asks for it).
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  containers:\n    - name: llm\n      image: vllm/vllm-openai:v0.8.5\nMORE"

CHECK = Check(
    title="Privilege escalation not forbidden",
    severity=Severity.LOW,
    risk=Risk.SYS_ORCH,
    references=("CWE-269", "OWASP A02:2025", "CIS Kubernetes 5.2.6", "https://kubernetes.io/docs/concepts/security/pod-security-standards/"),
    weighed=False,
    persona=Persona.PEDANTIC,
    examples=(
        Example("nothing said", "present", _POD.replace("MORE", ""), file="pod.yaml"),
        Example("forbidden", "absent", _POD.replace("MORE", "      securityContext: {allowPrivilegeEscalation: false}\n"), file="pod.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Recognised components whose container allows escalation, said or by default."""
    for workload in graph.workloads:
        setting = workload.granted("privilege-escalation")
        if setting is not None and workload.running and setting.known and setting.value is True:
            name = workload.running[0].fact.name
            fix = Fix("Set allowPrivilegeEscalation: false")
            yield Hit(
                workload.asset,
                f"{name} may gain privileges",
                setting.evidence,
                fix,
                workload.exposure,
                "privilege-escalation",
            )
