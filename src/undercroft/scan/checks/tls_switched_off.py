"""Somebody has switched encryption off.

What it does
    Finds settings of charts and operators that say so in plain words: ``enable_tls: false``, ``tls.enabled: false``,
    and annotations by which a model server is told to fetch models from a store over plain HTTP.

Why it matters
    What travels in the clear inside a cluster is read by whoever takes one node or one pod of the network: vectors, prompts, keys and
    the models themselves.

How to fix it
    Switch it on and give it a certificate (cert-manager makes them), or let a service mesh encrypt.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

CHECK = Check(
    title="Encryption switched off",
    severity=Severity.LOW,
    risk=Risk.DEP_TLS,
    references=("CWE-319", "OWASP A04:2025", "ATT&CK T1040"),
    weighed=False,
    examples=(
        Example("a store's listener", "present", "config:\n  service:\n    enable_tls: false\n", file="values.yaml"),
        Example("models fetched in the clear", "present", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s3\n  annotations: {serving.kserve.io/s3-usehttps: '0'}\n", file="secret.yaml"),
        Example("switched on", "absent", "config:\n  service:\n    enable_tls: true\n", file="values.yaml"),
        Example("the part is not installed", "absent", "redis:\n  enabled: false\n  enable_tls: false\n", file="values.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Switches of meaning ``tls`` that are off in a part that is on."""
    for switch in graph.switches:
        if switch.meaning == "tls" and not switch.on and switch.active:
            yield Hit(
                switch.asset, f"{switch.path} switches encryption off", (switch.evidence,), Fix("Switch it on and give it a certificate"), UNKNOWN_EXPOSURE,
                f"switch:{switch.path}",
            )  # fmt: skip
