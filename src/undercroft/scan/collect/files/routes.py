"""Ways into a cluster: Services, Ingresses, Gateways and their routes, and whom they let through to which workload.

Selectors are followed across all files of a scan, because that is how a cluster sees them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.setting import Origin, Setting
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import HOLE, Node
from undercroft.scan.graph import Listener, Route, Workload

CLUSTER_ONLY = Exposure(Reach.CLUSTER, (), "inside the cluster, as far as the values tell")

WORLD = frozenset({"0.0.0.0/0", "::/0"})
"""Address ranges that are the whole internet."""

KINDS = frozenset({"Service", "Ingress", "Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "VirtualService", "Route"})

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
_PUBLIC = {
    "alb.ingress.kubernetes.io/scheme": {"internet-facing"},
    "service.beta.kubernetes.io/aws-load-balancer-scheme": {"internet-facing"},
}
# Annotations that make a proxy ask for an identity, from the documentation of ingress-nginx, the AWS load balancer controller, GKE
# (BackendConfig with IAP is another object) and HAProxy.
_IDENTITY = (
    "nginx.ingress.kubernetes.io/auth-url", "nginx.ingress.kubernetes.io/auth-type", "nginx.ingress.kubernetes.io/auth-tls-secret",
    "alb.ingress.kubernetes.io/auth-type", "haproxy.org/auth-type", "haproxy-ingress.github.io/auth-type", "traefik.ingress.kubernetes.io/auth-type",
)  # fmt: skip
_RANGES = (
    "nginx.ingress.kubernetes.io/whitelist-source-range", "nginx.ingress.kubernetes.io/allowlist-source-range",
    "alb.ingress.kubernetes.io/inbound-cidrs", "service.beta.kubernetes.io/load-balancer-source-ranges",
)  # fmt: skip
_CERTIFICATES = (
    "alb.ingress.kubernetes.io/certificate-arn", "networking.gke.io/managed-certificates", "ingress.gcp.kubernetes.io/pre-shared-cert",
    "service.beta.kubernetes.io/aws-load-balancer-ssl-cert", "appgw.ingress.kubernetes.io/appgw-ssl-certificate", "kubernetes.io/tls-acme",
)  # fmt: skip


def internal(annotations: dict[str, str]) -> bool:
    """Whether annotations keep a load balancer inside the network."""
    return any(annotations.get(key, "").strip('"') in values for key, values in _INTERNAL.items())


def public(annotations: dict[str, str]) -> bool:
    """Whether annotations say in so many words that it is public."""
    return any(annotations.get(key, "").strip('"') in values for key, values in _PUBLIC.items())


def asks(annotations: dict[str, str]) -> bool:
    """Whether annotations make the proxy ask for an identity."""
    return any(annotations.get(key) for key in _IDENTITY)


def certified(annotations: dict[str, str]) -> bool:
    """Whether annotations give the way in a certificate."""
    return any(annotations.get(key) for key in _CERTIFICATES) or any(
        "HTTPS" in value for key, value in annotations.items() if key.endswith("listen-ports")
    )


def labels(node: Node | None) -> dict[str, str]:
    return {k: v.scalar for k, v in node.entries() if v.scalar is not None} if node else {}


def read(source: Source, document: Node, kind: str) -> Route:
    name, namespace = document.get("metadata", "name"), document.get("metadata", "namespace")
    annotations = labels(document.get("metadata", "annotations"))
    spec = document.get("spec") or document
    node = spec.get("type")
    where = _place(document, spec, kind)
    # A cluster-internal Service may not have these, so a change of the type alone would not be accepted by the API server.
    bound = any(item.get("nodePort") for item in (spec.get("ports") or spec).each()) or any(
        spec.get(key)
        for key in ("externalTrafficPolicy", "healthCheckNodePort", "loadBalancerClass", "loadBalancerSourceRanges")
    )
    span = node.text().span if node is not None and kind == "Service" and not bound else None
    shown = name.shown if name is not None else "?"
    space = namespace.scalar or "default" if namespace else "default"
    ranges = [item.scalar or "" for item in (spec.get("loadBalancerSourceRanges") or spec).each()]
    ranges += [r for key in _RANGES for r in annotations.get(key, "").split(",") if r]
    value = node.scalar or "" if node is not None and kind == "Service" else ""
    if node is not None and node.is_template:
        value = "unknown"
    return Route(
        kind,
        shown,
        space,
        value or ("ClusterIP" if kind == "Service" else ""),
        internal(annotations) or _class(spec).endswith(("-internal", "-rilb", "internal-managed")),
        labels(spec.get("selector")),
        _ports(spec),
        tuple(_backends(spec)),
        where.evidence(),
        {"type": span} if span is not None else {},
        Asset(f"kubernetes:{source.path}#{space}/{kind}/{shown}", "route", f"{kind}/{shown}"),
        tuple(_parents(spec)),
        _tls(spec, kind, annotations, where),
        public(annotations) or "external" in _class(spec),
        asks(annotations),
        bool(ranges) and not WORLD & {r.strip() for r in ranges},
        next((i.evidence() for i in (spec.get("loadBalancerSourceRanges") or spec).each() if i.scalar in WORLD), None),
        dict(_port_places(spec)),
    )


def _class(spec: Node) -> str:
    node = spec.get("gatewayClassName")
    return node.scalar or "" if node is not None else ""


def _place(document: Node, spec: Node, kind: str) -> Node:
    """What a reader has to look at: a Service's type, the scheme or class that makes a way in public, else the kind."""
    annotations = document.get("metadata", "annotations")
    scheme = annotations.get("alb.ingress.kubernetes.io/scheme") if annotations is not None else None
    found = spec.get("type") if kind == "Service" else (scheme or spec.get("gatewayClassName"))
    return found or document.get("kind") or document


def _ports(spec: Node) -> dict[str, str]:
    found = {}
    for item in (spec.get("ports") or spec).each():
        port, target = item.get("port"), item.get("targetPort")
        if port is not None and port.scalar:
            found[port.scalar] = target.scalar if target is not None and target.scalar else port.scalar
    return found


def _port_places(spec: Node) -> Iterator[tuple[str, Evidence]]:
    for item in (spec.get("ports") or spec).each():
        port, target = item.get("port"), item.get("targetPort")
        for node in (target, port):
            if node is not None and node.scalar:
                yield node.scalar, item.source.evidence(item.line, item.column)


def _backends(spec: Node) -> Iterator[str]:
    for rule in (spec.get("rules") or spec).each():
        for path in (rule.get("http", "paths") or rule).each():
            service = path.get("backend", "service", "name") or path.get("backend", "serviceName")
            if service is not None and service.scalar:
                yield service.shown
        for reference in (rule.get("backendRefs") or rule).each():
            service = reference.get("name")
            if service is not None and service.scalar:
                yield service.shown
    for protocol in ("http", "tcp", "tls"):
        for entry in (spec.get(protocol) or spec).each():
            for way in (entry.get("route") or entry).each():
                host = way.get("destination", "host")
                if host is not None and host.scalar:
                    yield host.scalar.partition(".")[0]
    for fallback in (spec.get("defaultBackend", "service", "name"), spec.get("backend", "serviceName"), spec.get("to", "name")):  # fmt: skip
        if fallback is not None and fallback.scalar:
            yield fallback.scalar


def _parents(spec: Node) -> Iterator[str]:
    for reference in (spec.get("parentRefs") or spec).each():
        name = reference.get("name")
        if name is not None and name.scalar:
            yield name.scalar
    for gateway in (spec.get("gateways") or spec).each():
        if gateway.scalar and gateway.scalar != "mesh":
            yield gateway.scalar.rpartition("/")[2]


def _tls(spec: Node, kind: str, annotations: dict[str, str], where: Node) -> Setting | None:
    """Whether the way in is encrypted. A Service does not decide it; neither does a route that hangs on a Gateway."""
    if kind == "Ingress":
        given = spec.get("tls")
        if spec.doubt("tls") or (given is not None and given.items != [] and given.scalar is None):
            on: bool | None = True if given is not None and given.items else None
            return Setting("tls", on, Origin.EXPLICIT if on else Origin.UNKNOWN, (where.evidence(),), "part of the template was not resolved")  # fmt: skip
        encrypted = certified(annotations)
        rules = spec.key("rules") or spec.key("defaultBackend") or spec.key("backend") or where
        return Setting("tls", encrypted, Origin.EXPLICIT if encrypted else Origin.DEFAULT, (rules.evidence(),))
    if kind == "Route":
        return Setting("tls", spec.get("tls") is not None, Origin.EXPLICIT, (where.evidence(),))
    if kind != "Gateway":
        return None
    plain: list[Node] = []
    for listener in (spec.get("listeners") or spec.get("servers") or spec).each():
        protocol = listener.get("protocol") or listener.get("port", "protocol")
        redirect = listener.get("tls", "httpsRedirect")
        if protocol is None or protocol.is_template:
            continue
        if protocol.scalar in {"HTTPS", "TLS", "HBONE"}:
            return Setting("tls", True, Origin.EXPLICIT, (protocol.evidence(),))
        if protocol.scalar in {"HTTP", "HTTP2", "GRPC"} and not (redirect is not None and redirect.boolean):
            plain.append(protocol)
    return Setting("tls", False, Origin.EXPLICIT, (plain[0].evidence(),)) if plain else None


def opened(route: Route, fronts: Iterable[Route]) -> Exposure:
    """Who gets in through a Service, with what stands in front of it."""
    hop = Hop(f"Service/{route.name} type {route.type}", route.evidence)
    if route.type == "LoadBalancer":
        exposure = (
            Exposure(Reach.PRIVATE, (hop,), "an internal load balancer, by its annotation")
            if route.internal
            else Exposure(Reach.PRIVATE, (hop,), "a load balancer that lets in named addresses alone")
            if route.limited
            else Exposure(Reach.INTERNET, (hop,), "a load balancer is public unless its annotations keep it inside")
        )
    elif route.type == "NodePort":
        exposure = Exposure(
            Reach.PRIVATE, (hop,), "open on every node; whether the internet reaches the nodes is not in these files"
        )
    else:
        exposure = Exposure(Reach.CLUSTER, (hop,), "inside the cluster")
    for front in fronts:
        if route.name in front.backends and (front.kind != "Ingress" or front.namespace == route.namespace):
            reach = Reach.PRIVATE if front.internal or front.limited else Reach.INTERNET
            why = "an Ingress in front" if front.kind == "Ingress" else f"a {front.kind} in front"
            if front.internal:
                why = "an internal load balancer, by its annotation"
            exposure = exposure.wider(Exposure(reach, (Hop(f"{front.kind}/{front.name}", front.evidence), hop), why))
    return exposure


def _fronts(routes: Iterable[Route]) -> list[Route]:
    """Everything that leads to Services: Ingresses, and routes that hang on a Gateway, as internal as that one is."""
    every = list(routes)
    gateways = {route.name: route for route in every if route.kind == "Gateway"}
    found = [route for route in every if route.kind in {"Ingress", "Route"}]
    for route in every:
        if route.kind in {"HTTPRoute", "GRPCRoute", "TLSRoute", "VirtualService"} and route.parents:
            above = [gateways[p] for p in route.parents if p in gateways]
            found.append(replace(route, internal=bool(above) and all(g.internal for g in above)))
    return found


def expose(workloads: Iterable[Workload], routes: Iterable[Route]) -> tuple[Workload, ...]:
    """The workloads with the exposures that Services and what leads to them give their listeners."""
    every = tuple(routes)
    fronts = _fronts(every)
    services: dict[str, list[tuple[Route, Exposure]]] = {}
    for route in every:
        if route.kind == "Service" and route.selector:
            services.setdefault(route.namespace, []).append((route, opened(route, fronts)))
    return tuple(_exposed(workload, services.get(workload.namespace, ())) for workload in workloads)


def _exposed(workload: Workload, services: Iterable[tuple[Route, Exposure]]) -> Workload:
    if workload.format != "kubernetes" or "init" in workload.container:
        return workload
    listeners, spans, touched = list(workload.listeners), dict(workload.spans), False
    for service, way in services:
        # A name nobody could resolve is not the same as another nobody could resolve.
        if not all(workload.labels.get(k) == v and HOLE not in v for k, v in service.selector.items()):
            continue
        touched = True
        if service.type in {"LoadBalancer", "NodePort"}:
            spans |= {f"service-{name}:{service.name}": span for name, span in service.spans.items()}
        targets = set(service.ports.values())
        names = {listener.name for listener in listeners if listener.name}
        # A name that no port of the container bears may be another container's, or one the file does not tell.
        stray = any(not t.isdigit() and t not in names for t in targets) and not names
        if not listeners:
            numbers = sorted(int(t) for t in targets if t.isdigit())
            listeners = [Listener(port, "", way, (), None, service.evidence) for port in numbers]
            continue
        for i, listener in enumerate(listeners):
            meant = str(listener.port) in targets or (listener.name and listener.name in targets) or stray
            if meant and listener.exposure.reach is not Reach.LOOPBACK:
                listeners[i] = replace(listener, exposure=listener.exposure.wider(way))
    return replace(workload, listeners=tuple(listeners), spans=spans) if touched else workload
