"""Whoever takes the process may change the program.

What it does
    Finds Kubernetes containers of recognised ML components whose root filesystem can be written.

Why it matters
    A writable root lets an attacker leave tools behind and replace code until the container is recreated.

How to fix it
    ``readOnlyRootFilesystem: true``, with an ``emptyDir`` for caches and ``/tmp``.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  containers:\n    - name: llm\n      image: vllm/vllm-openai:v0.8.5\nMORE"

CHECK = Check(
    title="Writable root filesystem",
    severity=Severity.LOW,
    risk=Risk.SYS_ORCH,
    references=("CWE-732", "OWASP A02:2025", "ATT&CK T1554"),
    weighed=False,
    persona=Persona.PEDANTIC,
    examples=(
        Example("nothing said", "present", _POD.replace("MORE", ""), file="pod.yaml"),
        Example("read-only", "absent", _POD.replace("MORE", "      securityContext: {readOnlyRootFilesystem: true}\n"), file="pod.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Recognised components whose root may be written, said or by default."""
    for workload in graph.workloads:
        setting = workload.granted("read-only-root")
        if (
            workload.format == "kubernetes"
            and workload.running
            and setting is not None
            and setting.known
            and setting.value is False
        ):
            name = workload.running[0].fact.name
            yield Hit(
                workload.asset,
                f"{name} may write its own root filesystem",
                setting.evidence,
                Fix("Set readOnlyRootFilesystem: true"),
                workload.exposure,
                "read-only-root",
            )
