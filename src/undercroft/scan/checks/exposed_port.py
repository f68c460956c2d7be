"""A component's port is open to more than the machine it runs on.

What it does
    Finds ports of recognised ML components that are published on every interface of a machine, or on the node's own addresses. Stores
    are the business of ``exposed-database``, consoles that of ``exposed-admin``.

Why it matters
    Container engines write their publications ahead of the host's firewall rules, so a published port is often reachable although
    ``ufw`` says it is closed. Most of these components were written for one user on one machine.

How to fix it
    Publish on ``127.0.0.1`` and let a guard or a reverse proxy with identity be the only thing that faces outwards.

Unknown
    A port that comes from an unresolved variable.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph, Listener, Running, Workload
from undercroft.scan.publication import to_loopback
from undercroft.scan.reachable import is_administration, is_store, named, opened, places

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
        Example("a database, which has a check of its own", "absent", 'services:\n  db:\n    image: postgres:16\n    ports:\n      - "5432:5432"\n'),
        Example("a proxy's entrance", "absent", "services:\n  front:\n    image: nginx:1.27.2\n    ports: ['80:80', '443:443']\n"),
        Example("a network that is internal", "absent", 'services:\n  mlflow:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    command: mlflow server --host 0.0.0.0\n    ports:\n      - "5000:5000"\n    networks: [back]\nnetworks:\n  back: {internal: true}\n'),
        Example("a port from an unset variable", "unknown", 'services:\n  mlflow:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    command: mlflow server --host 0.0.0.0\n    ports:\n      - "${MLFLOW_PORT}:5000"\n'),
    ),
)  # fmt: skip


def _front_door(workload: Workload, running: Running, listener: Listener) -> bool:
    """Whether it is a proxy's entrance with TLS, which is there to be open; plain HTTP beside it redirects as a rule."""
    if running.fact.kind != "gateway" or listener.role != "web":
        return False
    return any(each.port == 443 for each in workload.listeners)


def examine(graph: Graph) -> Iterator[Hit]:
    """Every listener of a recognised component with reach beyond the host, stores and administration pages left to their own checks."""
    for workload, running, listener in opened(graph):
        if (
            is_store(running, listener)
            or is_administration(workload, running, listener)
            or _front_door(workload, running, listener)
        ):
            continue
        name, exposure = running.fact.name, listener.exposure
        title = f"{named(listener).capitalize()} of {name} is open to the {exposure.label}"
        severity = Severity.LOW if listener.role in {"metrics", "internal"} else None
        yield Hit(
            workload.asset,
            title,
            places(listener),
            to_loopback(workload, listener),
            exposure,
            f"port:{listener.port}",
            severity=severity,
        )
    for workload in graph.workloads:
        if not workload.running:
            continue
        for listener in workload.listeners:
            if listener.port is None and listener.exposure.reach is None and places(listener):
                name = workload.running[0].fact.name
                yield Hit(
                    workload.asset, f"Which port of {name} is published, and to whom, cannot be known", places(listener),
                    Fix("Give the variable a default, or an entry in .env"), listener.exposure, "port:?", Verdict.UNKNOWN,
                    listener.exposure.reason,
                )  # fmt: skip
