"""Somebody has switched authentication off.

What it does
    Finds settings of charts and operators that say so in plain words: ``auth.enabled: false``, ``usePassword: false``,
    ``allowAnonymous: true``.

Why it matters
    A store or console that had a lock, and lost it in a values file, is found by the first scan of the network it stands in: model
    registries, vector stores and queues hold what the models are made of.

How to fix it
    Switch it on, and give the credential through an existing Secret.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

CHECK = Check(
    title="Authentication switched off",
    severity=Severity.MEDIUM,
    risk=Risk.DEP_AUTH,
    references=("CWE-306", "OWASP A07:2025", "ATT&CK T1190"),
    weighed=False,
    examples=(
        Example("a store without a password", "present", "redis:\n  auth:\n    enabled: false\n", file="values.yaml"),
        Example("strangers are let in", "present", "grafana:\n  allowAnonymous: true\n", file="values.yaml"),
        Example("switched on", "absent", "redis:\n  auth:\n    enabled: true\n", file="values.yaml"),
        Example("the part is not installed", "absent", "redis:\n  enabled: false\n  auth:\n    enabled: false\n", file="values.yaml"),
        Example("another switch", "absent", "redis:\n  metrics:\n    enabled: false\n", file="values.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Switches of meaning ``authentication`` that are off in a part that is on."""
    for switch in graph.switches:
        if switch.meaning == "authentication" and not switch.on and switch.active:
            yield Hit(
                switch.asset, f"{switch.path} switches authentication off", (switch.evidence,), Fix("Switch it on, with a credential from a Secret"), UNKNOWN_EXPOSURE,
                f"switch:{switch.path}",
            )  # fmt: skip
