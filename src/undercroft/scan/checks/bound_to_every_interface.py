"""A component was told to listen everywhere.

What it does
    Finds components that are explicitly bound to every interface (``0.0.0.0``, ``::``) where nothing shows that they ask who is there: in their own
    configuration files, in scripts and services. Inside a container that is how it has to be; there the publication decides, and this
    check is silent.

Why it matters
    The product's own default is often loopback. Somebody changed it to make one thing work, and opened it to the whole network.

How to fix it
    Bind to ``127.0.0.1`` and put a proxy or a guard with identity in front.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

CHECK = Check(
    title="Bound to every interface",
    severity=Severity.HIGH,
    risk=Risk.MIS_PORT,
    references=("CWE-1327", "CWE-668", "OWASP A02:2025", "ATT&CK T1133"),
    examples=(
        Example("TorchServe's management on every interface", "present", "inference_address=http://127.0.0.1:8080\nmanagement_address=http://0.0.0.0:8081\n", "config.properties"),
        Example("TorchServe on loopback", "absent", "inference_address=http://127.0.0.1:8080\nmanagement_address=http://127.0.0.1:8081\n", "config.properties"),
        Example("in a container, where the publication decides", "absent", "services:\n  m:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    command: mlflow server --host 0.0.0.0\n"),
    ),
)  # fmt: skip

_EVERYWHERE = frozenset({"0.0.0.0", "::", "*", "[::]"})  # noqa: S104 - compared with, not bound
_IN_A_CONTAINER = frozenset({"compose", "kubernetes", "dockerfile", "helm", "live"})


def examine(graph: Graph) -> Iterator[Hit]:
    """Explicit binds to every interface, outside containers, of components not known to authenticate."""
    for workload, running in graph.components():
        if workload.format in _IN_A_CONTAINER:
            continue
        authentication = running.settings.get("authentication")
        if authentication is not None and authentication.known and authentication.value == "on":
            continue
        binds = [s for name, s in running.settings.items() if name == "bind" or name.endswith("-bind")]
        open_ones = [s for s in binds if s.origin is Origin.EXPLICIT and str(s.value) in _EVERYWHERE]
        if open_ones:
            evidence = tuple(e for s in open_ones for e in s.evidence)
            fix = Fix("Bind it to 127.0.0.1 and put a proxy or a guard with identity in front")
            yield Hit(
                workload.asset,
                f"{running.fact.name} listens on every interface",
                evidence,
                fix,
                workload.exposure,
                f"{running.fact.slug}:bind",
            )
