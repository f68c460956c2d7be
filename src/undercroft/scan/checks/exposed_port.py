"""A component's port is open to more than the machine it runs on.

What it does
    Finds ports of recognised ML components that are published on every interface of a machine, or on the node's own addresses.

Why it matters
    Container engines write their publications ahead of the host's firewall rules, so a published port is often reachable although
    ``ufw`` says it is closed. Most of these components were written for one user on one machine.

How to fix it
    Publish on ``127.0.0.1`` and let a guard or a reverse proxy with identity be the only thing that faces outwards.

Unknown
    A port that comes from an unresolved variable.
"""

from collections.abc import Iterator

from undercroft.model.evidence import FileEvidence
from undercroft.model.exposure import Reach
from undercroft.model.fix import Edit, Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.edits import replaced
from undercroft.scan.graph import Graph, Listener, Span, Workload

CHECK = Check(
    title="Port open beyond the machine",
    severity=Severity.MEDIUM,
    risk=Risk.MIS_PORT,
    references=("CWE-668", "OWASP A02:2025", "ATT&CK T1133", "https://docs.docker.com/engine/network/port-publishing/"),
    weighed=False,
    examples=(
        Example("a short publication", "present", 'services:\n  mlflow:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    command: mlflow server --host 0.0.0.0\n    ports:\n      - "5000:5000"\n'),
        Example("published on loopback", "absent", 'services:\n  mlflow:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    command: mlflow server --host 0.0.0.0\n    ports:\n      - "127.0.0.1:5000:5000"\n'),
        Example("bound to loopback inside the container", "absent", 'services:\n  mlflow:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    command: mlflow server --host 127.0.0.1\n    ports:\n      - "5000:5000"\n'),
        Example("a port from an unset variable", "unknown", 'services:\n  mlflow:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    command: mlflow server --host 0.0.0.0\n    ports:\n      - "${MLFLOW_PORT}:5000"\n'),
    ),
)  # fmt: skip


def _fix(workload: Workload, listener: Listener) -> Fix:
    span = listener.span
    if workload.format != "compose" or span is None or not listener.addresses:
        return Fix("Bind the port to loopback and put a guard in front")
    edit = _edit(listener, span, listener.addresses[0].rpartition(":")[2])
    return Fix(
        "Publish the port on loopback only",
        (edit,) if edit is not None else (),
        "put a guard or a proxy in front for those who need it",
    )


def _edit(listener: Listener, span: Span, outside: str) -> Edit | None:
    place, hops = listener.evidence, listener.exposure.path
    if not isinstance(place, FileEvidence) or not any(hop.what.endswith(f"→ {listener.port}") for hop in hops):
        return None  # a range of ports: one new publication would lose the others
    if listener.address_span is not None:
        return replaced(listener.address_span, '"127.0.0.1"')
    if (place.line, place.column) == (span.line, span.start):
        return replaced(span, f'"127.0.0.1:{outside}:{listener.port}"')
    if place.text.lstrip("- ").startswith("{"):
        return None
    # Keys of a block mapping share their column, so a new one fits in front of the one whose value the span is.
    new = f'host_ip: "127.0.0.1"\n{" " * (place.column - 1)}'
    return Edit(span.file, span.line, span.digest, place.column, place.column, new)


def examine(graph: Graph) -> Iterator[Hit]:
    """Every listener of a recognised component with reach beyond the host that no cluster route explains."""
    for workload in graph.workloads:
        if not workload.running:
            continue
        name = workload.running[0].fact.name
        for listener in workload.listeners:
            exposure = listener.exposure
            evidence = (
                (listener.evidence,) if listener.evidence else tuple(h.evidence for h in exposure.path if h.evidence)
            )
            if (
                exposure.reach is not None
                and exposure.reach >= Reach.PRIVATE
                and not any("Service/" in hop.what for hop in exposure.path)
            ):
                title = f"Port {listener.port} of {name} is open to the {exposure.label}"
                yield Hit(workload.asset, title, evidence, _fix(workload, listener), exposure, f"port:{listener.port}")
            elif listener.port is None and evidence:
                yield Hit(
                    workload.asset, f"Which port of {name} is published, and to whom, cannot be known", evidence,
                    Fix("Give the variable a default, or an entry in .env"), exposure, "port:?", Verdict.UNKNOWN, exposure.reason,
                )  # fmt: skip
