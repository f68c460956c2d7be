"""Ways into a cluster: Services and Ingresses, and whom they let through to which workload.

Selectors are followed across all files of a scan, because that is how a cluster sees them.
"""

from collections.abc import Iterable
from dataclasses import replace

from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Listener, Route, Workload

# Annotations by which a cloud's load balancer is kept inside the network, from each provider's documentation.
_INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-internal": {"true", "0.0.0.0/0"},
    "service.beta.kubernetes.io/aws-load-balancer-scheme": {"internal"},
    "service.beta.kubernetes.io/azure-load-balancer-internal": {"true"},
    "networking.gke.io/load-balancer-type": {"Internal"},
    "cloud.google.com/load-balancer-type": {"Internal"},
    "alb.ingress.kubernetes.io/scheme": {"internal"},
    "kubernetes.io/ingress.class": {"gce-internal"},
}


def labels(node: Node | None) -> dict[str, str]:
    return {k: v.scalar for k, v in node.entries() if v.scalar is not None} if node else {}


def read(source: Source, document: Node, kind: str) -> Route:
    name, namespace = document.get("metadata", "name"), document.get("metadata", "namespace")
    annotations = labels(document.get("metadata", "annotations"))
    spec = document.get("spec") or document
    node = spec.get("type")
    where = node or document.get("kind") or document
    # A cluster-internal Service may not have these, so a change of the type alone would not be accepted by the API server.
    bound = any(item.get("nodePort") for item in (spec.get("ports") or spec).each()) or any(
        spec.get(key)
        for key in ("externalTrafficPolicy", "healthCheckNodePort", "loadBalancerClass", "loadBalancerSourceRanges")
    )
    span = node.text().span if node is not None and not bound else None
    spans = {"type": span} if span is not None else {}
    service_ports, backends = {}, []
    for item in (spec.get("ports") or spec).each():
        port, target = item.get("port"), item.get("targetPort")
        if port is not None and port.scalar:
            service_ports[port.scalar] = target.scalar if target is not None and target.scalar else port.scalar
    for rule in (spec.get("rules") or spec).each():
        for path in (rule.get("http", "paths") or rule).each():
            service = path.get("backend", "service", "name") or path.get("backend", "serviceName")
            if service is not None and service.scalar:
                backends.append(service.scalar)
    fallback = spec.get("defaultBackend", "service", "name")
    if fallback is not None and fallback.scalar:
        backends.append(fallback.scalar)
    return Route(
        kind,
        name.scalar or "?" if name else "?",
        namespace.scalar or "default" if namespace else "default",
        node.scalar or "" if node else ("ClusterIP" if kind == "Service" else ""),
        any(annotations.get(key, "").strip('"') in values for key, values in _INTERNAL.items()),
        labels(spec.get("selector")),
        service_ports,
        tuple(backends),
        source.evidence(where.line, where.column),
        spans,
    )


def _opened(route: Route, ingresses: Iterable[Route]) -> Exposure:
    """Who gets in through a Service, with the Ingresses in front of it."""
    hop = Hop(f"Service/{route.name} type {route.type}", route.evidence)
    if route.type == "LoadBalancer":
        exposure = (
            Exposure(Reach.PRIVATE, (hop,), "an internal load balancer, by its annotation")
            if route.internal
            else Exposure(Reach.INTERNET, (hop,), "a load balancer is public unless its annotations keep it inside")
        )
    elif route.type == "NodePort":
        exposure = Exposure(
            Reach.PRIVATE, (hop,), "open on every node; whether the internet reaches the nodes is not in these files"
        )
    else:
        exposure = Exposure(Reach.CLUSTER, (hop,), "inside the cluster")
    for ingress in ingresses:
        if ingress.namespace == route.namespace and route.name in ingress.backends:
            reach = Reach.PRIVATE if ingress.internal else Reach.INTERNET
            exposure = exposure.wider(
                Exposure(reach, (Hop(f"Ingress/{ingress.name}", ingress.evidence), hop), "an Ingress in front")
            )
    return exposure


def expose(workloads: Iterable[Workload], routes: Iterable[Route]) -> tuple[Workload, ...]:
    """The workloads with the exposures that Services and Ingresses give their listeners."""
    every = tuple(routes)
    ingresses = [route for route in every if route.kind == "Ingress"]
    services = [route for route in every if route.kind == "Service" and route.selector]
    found = []
    for workload in workloads:
        listeners = list(workload.listeners)
        spans = dict(workload.spans)
        for service in services:
            selected = service.namespace == workload.namespace and all(
                workload.labels.get(k) == v for k, v in service.selector.items()
            )
            if not selected:
                continue
            opened = _opened(service, ingresses)
            spans |= (
                {f"service-{name}:{service.name}": span for name, span in service.spans.items()}
                if service.type in {"LoadBalancer", "NodePort"}
                else {}
            )
            targets = {int(t) for t in service.ports.values() if t.isdigit()}
            named = any(not t.isdigit() for t in service.ports.values())
            if not listeners:
                listeners = [Listener(port, "", opened, (), None, service.evidence) for port in sorted(targets)]
                continue
            for i, listener in enumerate(listeners):
                if (listener.port in targets or named) and listener.exposure.reach is not Reach.LOOPBACK:
                    exposure = listener.exposure.wider(opened)
                    listeners[i] = Listener(
                        listener.port, listener.role, exposure, listener.addresses, listener.span, listener.evidence
                    )
        found.append(replace(workload, listeners=tuple(listeners), spans=spans))
    return tuple(found)
