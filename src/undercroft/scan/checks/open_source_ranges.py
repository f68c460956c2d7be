"""A list of allowed addresses that allows every address.

What it does
    Finds Services, and charts' values for them, whose ``loadBalancerSourceRanges`` names the whole internet.

Why it matters
    The list is there to keep strangers out; with ``0.0.0.0/0`` in it, it looks like a firewall and is none.

How to fix it
    The ranges of those who need it, or an internal load balancer.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: llm}\nspec:\n  type: LoadBalancer\n  selector: {app: llm}\n  ports: [{port: 80}]\n  loadBalancerSourceRanges: [RANGE]\n"

CHECK = Check(
    title="Source ranges that name the whole internet",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_NET,
    references=("CWE-284", "OWASP A02:2025", "ATT&CK T1133", "https://kubernetes.io/docs/concepts/services-networking/service/"),
    weighed=False,
    examples=(
        Example("every address", "present", _SERVICE.replace("RANGE", "0.0.0.0/0"), file="service.yaml"),
        Example("a chart's default", "present", "service:\n  type: ClusterIP\n  loadBalancerSourceRanges:\n    - 0.0.0.0/0\n", file="values.yaml"),
        Example("an office's addresses", "absent", _SERVICE.replace("RANGE", "192.0.2.0/24"), file="service.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Routes with such a list. One that no load balancer uses yet counts for less."""
    for route in graph.routes:
        if route.open_ranges is not None and route.asset is not None:
            severity = Severity.MEDIUM if route.type == "LoadBalancer" else Severity.LOW
            yield Hit(
                route.asset, f"The source ranges of {route.name} name the whole internet", (route.open_ranges,), Fix("Name the ranges that need it"), UNKNOWN_EXPOSURE,
                f"ranges:{route.name}", severity=severity,
            )  # fmt: skip
