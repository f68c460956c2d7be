"""A flood of requests becomes a bill.

What it does
    Finds autoscalers without a ceiling, or with one nobody chose: 100 replicas and more, or more than 32 where each takes an
    accelerator. 100 is what ``helm create`` and KEDA write when nobody decides.

Why it matters
    Autoscaling answers load, and load is what an attacker sends. With accelerators at several dollars an hour, the ceiling is the
    largest bill a stranger can write for you.

How to fix it
    A ceiling that somebody has worked out, a quota in the namespace, and a limit of requests for each caller in front.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

MANY = 100
"""Replicas from which a ceiling is none: the default of ``helm create`` and of KEDA's ``maxReplicaCount``."""
MANY_ACCELERATED = 33
"""The same where each replica takes an accelerator: more than four machines with eight of them."""

_HPA = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: llm}\nspec:\n  scaleTargetRef: {kind: Deployment, name: llm}\n  maxReplicas: VALUE\n"
_KEDA = (
    "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: llm}\nspec:\n  scaleTargetRef: {name: llm}\n"
)
_VALUES = "resources:\n  limits: {memory: 8Gi, RESOURCE: 1}\nautoscaling: {enabled: SWITCH, maxReplicas: 100}\n"

CHECK = Check(
    title="Autoscaling without a ceiling",
    severity=Severity.MEDIUM,
    risk=Risk.DOS_WALLET,
    references=("CWE-770", "OWASP LLM10:2025", "ATT&CK T1499.003", "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/"),
    weighed=False,
    examples=(
        Example("a thousand replicas", "present", _HPA.replace("VALUE", "1000"), file="hpa.yaml"),
        Example("KEDA's default", "present", _KEDA, file="keda.yaml"),
        Example("a chart's default ceiling for accelerators", "present", _VALUES.replace("RESOURCE", "nvidia.com/gpu").replace("SWITCH", "false"), file="values.yaml"),
        Example("the same ceiling, switched off, without accelerators", "absent", _VALUES.replace("RESOURCE", "cpu").replace("SWITCH", "false"), file="values.yaml"),
        Example("eight replicas", "absent", _HPA.replace("VALUE", "8"), file="hpa.yaml"),
        Example("a ceiling from a template", "unknown", _HPA.replace("VALUE", '"{{ .Values.max }}"'), file="hpa.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Autoscalers whose ceiling is missing or beyond what anyone chose."""
    accelerated = {
        workload.asset.name.partition(" (")[0].partition("/")[2]
        for workload in graph.workloads
        if "accelerators" in workload.container
    }
    for scaler in graph.autoscalers:
        gpu = scaler.accelerators or scaler.target in accelerated
        what = f"{scaler.what} {scaler.target}".strip()
        if not scaler.known:
            yield Hit(
                scaler.asset, f"The ceiling of {what} cannot be known", (scaler.evidence,), Fix("Write the ceiling down"), UNKNOWN_EXPOSURE, "ceiling",
                Verdict.UNKNOWN, "its value cannot be resolved",
            )  # fmt: skip
        elif scaler.maximum is None or scaler.maximum >= (MANY_ACCELERATED if gpu else MANY):
            size = "no ceiling" if scaler.maximum is None else f"a ceiling of {scaler.maximum} replicas"
            each = ", an accelerator each" if gpu else ""
            yield Hit(
                scaler.asset, f"{what} scales to {size}{each}" if scaler.maximum is not None else f"{what} has no ceiling{each}", (scaler.evidence,),
                Fix("Set a ceiling you are willing to pay for"), UNKNOWN_EXPOSURE, "ceiling",
            )  # fmt: skip
