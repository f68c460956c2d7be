"""A port for operators goes through the same door as everyone's requests.

What it does
    Finds Services that carry a recognised component's administration port (TorchServe's management, for one), and public Services that
    carry its metrics port.

Why it matters
    A management API registers models and thereby runs code; metrics tell names, versions and load of everything that is served. In
    the same Service they get whatever exposure the inference port is given, today or by a later change of the type.

How to fix it
    A Service of its own for operators, cluster-internal and held by a NetworkPolicy, or no Service: ``kubectl port-forward`` reaches
    the pod.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph, Listener, Route, Workload

_SERVE = "apiVersion: v1\nkind: Pod\nmetadata: {name: t, labels: {app: t}}\nspec:\n  containers:\n    - name: t\n      image: pytorch/torchserve:0.12.0-cpu\n      ports: [{containerPort: 8080, name: api}, {containerPort: 8081, name: admin}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: t}\nspec:\n  selector: {app: t}\n  ports:\n    - {port: 80, targetPort: TARGET}\n"

CHECK = Check(
    title="Administration port in a Service",
    severity=Severity.HIGH,
    risk=Risk.MIS_ADMIN,
    references=("CWE-668", "CWE-749", "OWASP A02:2025", "ATT&CK T1190"),
    weighed=False,
    examples=(
        Example("management by its number", "present", _SERVE.replace("TARGET", "8081"), file="t.yaml"),
        Example("management by its name", "present", _SERVE.replace("TARGET", "admin"), file="t.yaml"),
        Example("inference alone", "absent", _SERVE.replace("TARGET", "8080"), file="t.yaml"),
    ),
)  # fmt: skip


def _entry(route: Route, listener: Listener) -> str | None:
    """The target by which a Service names this listener."""
    for target in route.ports.values():
        if target == str(listener.port) or (listener.name and target == listener.name):
            return target
    return None


def _services(graph: Graph, workload: Workload) -> Iterator[Route]:
    for route in graph.routes:
        if route.kind != "Service" or not route.selector or route.namespace != workload.namespace:
            continue
        if all(workload.labels.get(k) == v for k, v in route.selector.items()):
            yield route


def examine(graph: Graph) -> Iterator[Hit]:
    """Administration listeners behind any Service, metrics behind a public one."""
    for workload in graph.workloads:
        if workload.format != "kubernetes" or not workload.running:
            continue
        name = workload.running[0].fact.name
        for route in _services(graph, workload):
            for listener in workload.listeners:
                target = _entry(route, listener)
                if target is None or listener.exposure.reach is Reach.LOOPBACK:
                    continue
                public = route.type in {"LoadBalancer", "NodePort"} and not route.internal
                metrics = listener.role == "metrics" and public
                if listener.role != "administration" and not metrics:
                    continue
                title = f"Service {route.name} carries the {listener.role} port {listener.port} of {name}"
                yield Hit(
                    workload.asset, title, (route.port_places.get(target, route.evidence),), Fix("Take the port out of this Service"), listener.exposure,
                    f"{listener.role}:{route.name}:{listener.port}", severity=Severity.MEDIUM if metrics else Severity.HIGH,
                )  # fmt: skip
