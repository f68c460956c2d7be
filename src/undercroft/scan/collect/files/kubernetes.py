"""Kubernetes manifests: pod specs become workloads; Services, Ingresses and NetworkPolicies say who reaches them.

Field names and defaults are the Kubernetes API reference's (v1.30, https://kubernetes.io/docs/reference/kubernetes-api/, CC-BY-4.0).
Selectors are followed across all files of a scan, because that is how a cluster sees them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.model.setting import Origin, Setting, Value
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Listener, Policy, Running, Span, Text, Workload
from undercroft.scan.identify import Started, binds_to_loopback, identify, ports

_POD_SPEC = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "ReplicationController"),
        ("spec", "template", "spec"),
    ),
}
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
_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/var/run", "/run")


@dataclass(frozen=True, slots=True)
class Route:
    """A Service or an Ingress: a way in."""

    kind: str
    name: str
    namespace: str
    type: str
    internal: bool
    selector: Mapping[str, str]
    ports: Mapping[str, str]
    """For a Service: service port or its name → target port or its name."""
    backends: tuple[str, ...]
    """For an Ingress: names of the Services behind it."""
    evidence: Evidence
    spans: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifests:
    """What manifests said, before routes and workloads are brought together."""

    workloads: tuple[Workload, ...] = ()
    routes: tuple[Route, ...] = ()
    policies: tuple[Policy, ...] = ()


def is_manifest(document: Node) -> bool:
    """Whether a YAML document is a Kubernetes object."""
    return document.get("apiVersion") is not None and document.get("kind") is not None


def _labels(node: Node | None) -> dict[str, str]:
    return {k: v.scalar for k, v in node.entries() if v.scalar is not None} if node else {}


def _environment(container: Node) -> dict[str, Text]:
    found: dict[str, Text] = {}
    for item in (container.get("env") or container).each():
        name = item.get("name")
        if name is None or name.scalar is None:
            continue
        value, source = item.get("value"), item.get("valueFrom")
        if value is not None:
            found[name.scalar] = value.text(name.scalar)
        elif source is not None:
            evidence = item.source.evidence(item.line, item.column)
            secret = source.get("secretKeyRef", "name")
            if secret is not None and secret.scalar:
                key = source.get("secretKeyRef", "key")
                # A referenced Secret is there and non-empty, or the pod does not start: the reference stands for the value.
                found[name.scalar] = Text(
                    f"$(secret:{secret.scalar}/{key.scalar if key else ''})", evidence, None, "", literal=False
                )
            else:
                found[name.scalar] = Text(
                    None, evidence, None, f"{name.scalar} comes from another object (valueFrom)", literal=False
                )
    return found


def _words(node: Node | None, environment: Mapping[str, Text]) -> tuple[Text, ...] | None:
    if node is None or node.items is None:
        return None
    del environment  # substitution happens once, where the whole line is known
    return tuple(item.text(_secret_flag(node, i)) for i, item in enumerate(node.each()))


def _secret_flag(node: Node, i: int) -> str:
    """The flag before a word, when the word is that flag's value: it tells whether the word is a secret."""
    before = node.items[i - 1].scalar if node.items and i > 0 else None
    return before.lstrip("-") if before and before.startswith("--") and "=" not in before else ""


def _first(name: str, nodes: Iterable[Node | None], default: Value, head: Evidence, *, boolean: bool) -> Setting:
    """The setting as the first node that is there says: a container's securityContext before its pod's."""
    for node in nodes:
        if node is None:
            continue
        place = (node.source.evidence(node.line, node.column),)
        value: Value = node.boolean if boolean else node.scalar
        if value is None:
            return Setting(name, None, Origin.UNKNOWN, place, "its value cannot be resolved")
        return Setting(name, value, Origin.EXPLICIT, place)
    return Setting(name, default, Origin.DEFAULT, (head,))


def _container(pod: Node, container: Node, head: Evidence) -> dict[str, Setting]:
    own, shared = container.get("securityContext"), pod.get("securityContext")

    def both(key: str) -> list[Node | None]:
        return [own.get(key) if own else None, shared.get(key) if shared else None]

    non_root, user = (
        _first("non-root", both("runAsNonRoot"), None, head, boolean=True),
        _first("user", both("runAsUser"), None, head, boolean=False),
    )
    limits = container.get("resources", "limits")
    found = {
        "privileged": _first("privileged", both("privileged")[:1], False, head, boolean=True),
        "user": user,
        "non-root": non_root,
        "privilege-escalation": _first(
            "privilege-escalation", both("allowPrivilegeEscalation")[:1], True, head, boolean=True
        ),
        "host-network": _first("host-network", [pod.get("hostNetwork")], False, head, boolean=True),
        "host-pid": _first("host-pid", [pod.get("hostPID")], False, head, boolean=True),
        "host-ipc": _first("host-ipc", [pod.get("hostIPC")], False, head, boolean=True),
        "memory-limit": _first("memory-limit", [limits.get("memory") if limits else None], None, head, boolean=False),
        "cpu-limit": _first("cpu-limit", [limits.get("cpu") if limits else None], None, head, boolean=False),
        "runtime-socket": Setting("runtime-socket", None, Origin.DEFAULT, (head,)),
    }
    mounted = {
        m.scalar for c in (container.get("volumeMounts") or container).each() if (m := c.get("name")) is not None
    }
    for volume in (pod.get("volumes") or pod).each():
        path, name = volume.get("hostPath", "path"), volume.get("name")
        if (
            path is not None
            and path.scalar
            and name is not None
            and name.scalar in mounted
            and path.scalar.rstrip("/") in _SOCKETS
        ):
            found["runtime-socket"] = Setting(
                "runtime-socket", path.scalar, Origin.EXPLICIT, (path.source.evidence(path.line, path.column),)
            )
    return found


def _spans(container: Node) -> dict[str, Span]:
    node = container.get("securityContext", "privileged")
    span = node.text().span if node is not None else None
    return {"privileged": span} if span is not None else {}


def _declared_ports(container: Node) -> Iterator[tuple[int, str, Node, Node | None]]:
    for item in (container.get("ports") or container).each():
        number, name = item.get("containerPort"), item.get("name")
        if number is not None and number.scalar and number.scalar.isdigit():
            yield int(number.scalar), (name.scalar or "" if name else ""), number, item.get("hostPort")


def _listeners(container: Node, running: tuple[Running, ...], granted: Mapping[str, Setting]) -> tuple[Listener, ...]:
    roles, loopback = ports(running), binds_to_loopback(running)
    found: list[Listener] = []
    for number, _, node, host_port in _declared_ports(container):
        evidence = node.source.evidence(node.line, node.column)
        exposure = Exposure(
            Reach.CLUSTER,
            (Hop(f"containerPort {number}", evidence),),
            "the pod network: any pod, unless a NetworkPolicy says otherwise",
        )
        if host_port is not None:
            hop = Hop(f"hostPort {host_port.scalar}", host_port.source.evidence(host_port.line, host_port.column))
            exposure = Exposure(Reach.PRIVATE, (hop,), "open on the node's own addresses")
        found.append(Listener(number, roles.get(number, ""), exposure, (), None, evidence))
    for port, role in roles.items():
        if port not in {listener.port for listener in found}:
            found.append(
                Listener(
                    port,
                    role,
                    Exposure(Reach.CLUSTER, (), "the pod network: any pod, unless a NetworkPolicy says otherwise"),
                )
            )
    if loopback:
        reason = "the component binds to loopback inside the pod"
        return tuple(
            Listener(x.port, x.role, Exposure(Reach.LOOPBACK, (), reason), (), None, x.evidence) for x in found
        )
    if granted["host-network"].value is True:
        exposure = Exposure(
            Reach.PRIVATE,
            (Hop("hostNetwork: true", granted["host-network"].evidence[0]),),
            "listens on the node's own addresses",
        )
        return tuple(Listener(x.port, x.role, exposure, (), None, x.evidence) for x in found)
    return tuple(found)


def _workloads(
    source: Source, document: Node, path: tuple[str, ...], components: Mapping[str, ComponentFact]
) -> Iterator[Workload]:
    kind, name = document.get("kind"), document.get("metadata", "name")
    namespace = document.get("metadata", "namespace")
    pod = document.get(*path)
    if pod is None or kind is None or kind.scalar is None:
        return
    labels = _labels(
        document.get(*path[:-1], "metadata", "labels") if path != ("spec",) else document.get("metadata", "labels")
    )
    for group in ("containers", "initContainers"):
        for container in (pod.get(group) or pod).each():
            label = container.get("name")
            head = source.evidence(container.line, container.column)
            environment = _environment(container)
            image = container.get("image")
            started = Started(
                head,
                image.text() if image and image.scalar else None,
                _words(container.get("command"), environment),
                _words(container.get("args"), environment),
                environment,
            )
            words, running = identify(started, components)
            granted = _container(pod, container, head)
            title = f"{kind.scalar}/{name.scalar if name and name.scalar else '?'}"
            space = namespace.scalar if namespace and namespace.scalar else "default"
            key = f"kubernetes:{space}/{title}#{label.scalar if label else ''}"
            asset = Asset(
                key,
                "workload",
                f"{title} ({label.scalar})" if label and label.scalar else title,
                tuple(r.component for r in running),
            )
            listeners = _listeners(container, running, granted) if group == "containers" else ()
            yield Workload(
                asset,
                "kubernetes",
                head,
                started.image,
                words,
                environment,
                granted,
                running,
                listeners,
                labels,
                space,
                _spans(container),
            )


def _route(source: Source, document: Node, kind: str) -> Route:
    name, namespace = document.get("metadata", "name"), document.get("metadata", "namespace")
    annotations = _labels(document.get("metadata", "annotations"))
    spec = document.get("spec") or document
    node = spec.get("type")
    where = node or document.get("kind") or document
    spans = {"type": span} if node is not None and (span := node.text().span) is not None else {}
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
        _labels(spec.get("selector")),
        service_ports,
        tuple(backends),
        source.evidence(where.line, where.column),
        spans,
    )


def collect(source: Source, document: Node, components: Mapping[str, ComponentFact]) -> Manifests:
    """One Kubernetes object (or the objects of a ``List``) as workloads, routes and policies."""
    kind = document.get("kind")
    name = kind.scalar if kind else None
    if name is None:
        return Manifests()
    if name == "List":
        return merge(collect(source, item, components) for item in (document.get("items") or document).each())
    if name in _POD_SPEC:
        return Manifests(tuple(_workloads(source, document, _POD_SPEC[name], components)))
    if name in {"Service", "Ingress"}:
        return Manifests(routes=(_route(source, document, name),))
    if name == "NetworkPolicy":
        title, space = document.get("metadata", "name"), document.get("metadata", "namespace")
        policy = Policy(
            title.scalar or "?" if title else "?",
            space.scalar or "default" if space else "default",
            _labels(document.get("spec", "podSelector", "matchLabels")),
            source.evidence(document.line, document.column),
        )
        return Manifests(policies=(policy,))
    return Manifests()


def merge(parts: Iterable[Manifests]) -> Manifests:
    """Several files' manifests as one."""
    every = tuple(parts)
    return Manifests(
        tuple(w for part in every for w in part.workloads),
        tuple(r for part in every for r in part.routes),
        tuple(p for part in every for p in part.policies),
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


def expose(manifests: Manifests) -> tuple[Workload, ...]:
    """The workloads with the exposures that Services and Ingresses give their listeners."""
    ingresses = [route for route in manifests.routes if route.kind == "Ingress"]
    services = [route for route in manifests.routes if route.kind == "Service" and route.selector]
    found = []
    for workload in manifests.workloads:
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
                {f"service-{name}": span for name, span in service.spans.items()}
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
        found.append(workload.having(listeners=tuple(listeners), spans=spans))
    return tuple(found)


def literal_secrets(source: Source, document: Node) -> list[tuple[str, Text]]:
    """Keys of ``Secret`` and ``ConfigMap`` data that hold a secret in the clear."""
    kind = document.get("kind")
    if kind is None or kind.scalar not in {"Secret", "ConfigMap"}:
        return []
    found = []
    for group in ("stringData", "data"):
        if kind.scalar == "Secret" and group == "data":
            known = [
                v for _, v in (document.get(group) or document).entries() if v.scalar and is_literal_secret(v.scalar)
            ]
            found += [(k, _masked(source, v)) for k, v in (document.get(group) or document).entries() if v in known]
            continue
        for key, value in (document.get(group) or Node(source, 0, 0)).entries():
            if value.scalar and is_literal_secret(value.scalar) and (kind.scalar == "Secret" or names_a_secret(key)):
                found.append((key, _masked(source, value)))
    return found


def _masked(source: Source, node: Node) -> Text:
    known = (node.scalar,) if node.scalar else ()
    return Text(node.scalar, source.evidence(node.line, node.column, known), node.text().span)
