"""A server that never asks the cluster anything carries a key to it.

What it does
    Finds Kubernetes pods of recognised model servers, stores and notebooks that name no service account and do not refuse the token
    Kubernetes mounts by default.

Why it matters
    Whoever takes the process finds the token, and with it whatever the namespace's default account may do, today or after the next
    binding.

How to fix it
    ``automountServiceAccountToken: false`` in the pod spec.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.model.verdict import Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  MORE\n  containers:\n    - name: llm\n      image: vllm/vllm-openai:v0.8.5\n"

CHECK = Check(
    title="Service account token mounted by default",
    severity=Severity.LOW,
    risk=Risk.SYS_ORCH,
    references=("CWE-522", "OWASP A02:2025", "ATT&CK T1528", "CIS Kubernetes 5.1.6"),
    weighed=False,
    persona=Persona.PEDANTIC,
    examples=(
        Example("nothing said", "present", _POD.replace("MORE", "restartPolicy: Always"), file="pod.yaml"),
        Example("refused", "absent", _POD.replace("MORE", "automountServiceAccountToken: false"), file="pod.yaml"),
        Example("an account of its own, which may forbid it", "absent", _POD.replace("MORE", "serviceAccountName: llm"), file="pod.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Recognised components with the default account's token."""
    for workload in graph.workloads:
        token, account = workload.granted("service-account-token"), workload.granted("service-account")
        if token is None or account is None or not workload.running or "init" in workload.container:
            continue
        if token.value is True and token.known and account.known and account.origin is Origin.DEFAULT:
            name = workload.running[0].fact.name
            yield Hit(
                workload.asset,
                f"{name} carries the default account's token",
                token.evidence,
                Fix("Set automountServiceAccountToken: false"),
                workload.exposure,
                "token",
            )
