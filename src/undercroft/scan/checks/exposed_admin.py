"""An administration page is open beyond the machine it runs on.

What it does
    Finds consoles that stand beside a service (an object store's console, a proxy's dashboard, a broker's management page) and
    dashboards whose documented first login nobody replaced, where they are published on every interface of a machine or routed to from
    outside the cluster.

Why it matters
    Nobody but administrators needs these pages, and whoever signs in there owns the service. They are what scanners look for first.

How to fix it
    Publish the console on ``127.0.0.1`` and reach it through a tunnel or a proxy with identity, or switch it off.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Reach
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph
from undercroft.scan.publication import to_loopback
from undercroft.scan.reachable import answering, is_administration, named, places

_SAMPLE = 'services:\n  s3:\n    image: minio/minio:RELEASE.2025-01-20T14-49-07Z\n    command: server /data --console-address ":9001"\n    ports:\n      - "PORT"\n'

CHECK = Check(
    title="Administration page published",
    severity=Severity.HIGH,
    risk=Risk.MIS_ADMIN,
    references=("CWE-668", "CWE-419", "OWASP A02:2025", "ATT&CK T1133", "ATT&CK T1078.001"),
    weighed=False,
    examples=(
        Example("the console of an object store", "present", _SAMPLE.replace("PORT", "9021:9001")),
        Example("a dashboard with the first login everybody knows", "present", "services:\n  g:\n    image: grafana/grafana:11.2.0\n    ports: ['3000:3000']\n"),
        Example("a dashboard whose first password comes from outside", "absent", "services:\n  g:\n    image: grafana/grafana:11.2.0\n    environment:\n      GF_SECURITY_ADMIN_PASSWORD: ${GRAFANA_PASSWORD:?}\n    ports: ['3000:3000']\n"),
        Example("the console on loopback", "absent", _SAMPLE.replace("PORT", "127.0.0.1:9021:9001")),
        Example("the service beside the console", "absent", _SAMPLE.replace("PORT", "9000:9000")),
        Example("a tracking server, whose one port is its service", "absent", 'services:\n  t:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    command: mlflow server --host 0.0.0.0\n    ports: ["5000:5000"]\n'),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Every administration listener that more than the host and its containers reach."""
    for workload in graph.workloads:
        for listener in workload.listeners:
            running, reach = answering(workload, listener), listener.exposure.reach
            if (
                running is None
                or reach is None
                or reach < Reach.PRIVATE
                or not is_administration(workload, running, listener)
            ):
                continue
            title = f"The administration page of {running.fact.name} ({named(listener)}) is open to the {listener.exposure.label}"
            yield Hit(
                workload.asset,
                title,
                places(listener),
                to_loopback(workload, listener),
                listener.exposure,
                f"port:{listener.port}",
            )
