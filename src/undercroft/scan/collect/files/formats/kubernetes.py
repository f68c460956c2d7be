"""Kubernetes manifests: pod specs become workloads; ``routes`` says who reaches them.

Field names and defaults are the Kubernetes API reference's (v1.30, https://kubernetes.io/docs/reference/kubernetes-api/, CC-BY-4.0).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.model.setting import Origin, Setting, Value
from undercroft.scan.collect.files import routes
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Graph, Listener, Policy, Running, Secret, Span, Text, Workload
from undercroft.scan.identify import Started, binds_to_loopback, identify, ports

_POD_SPEC = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "ReplicationController"),
        ("spec", "template", "spec"),
    ),
}
_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/var/run", "/run")


def is_manifest(document: Node) -> bool:
    """Whether a YAML document is a Kubernetes object."""
    return document.get("apiVersion") is not None and document.get("kind") is not None


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


def _words(node: Node | None) -> tuple[Text, ...] | None:
    return node.words() if node is not None and node.items is not None else None


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
    pod_labels = routes.labels(
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
                _words(container.get("command")),
                _words(container.get("args")),
                environment,
            )
            words, running = identify(started, components)
            granted = _container(pod, container, head)
            title = f"{kind.scalar}/{name.scalar if name and name.scalar else '?'}"
            space = namespace.scalar if namespace and namespace.scalar else "default"
            key = f"kubernetes:{source.path}#{space}/{title}/{label.scalar if label else ''}"
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
                pod_labels,
                space,
                _spans(container),
            )


def _object(source: Source, document: Node, components: Mapping[str, ComponentFact]) -> Graph:
    """One Kubernetes object, or the objects of a ``List``."""
    kind = document.get("kind")
    name = kind.scalar if kind else None
    if name is None:
        return Graph()
    if name == "List":
        return Graph.joined(_object(source, item, components) for item in (document.get("items") or document).each())
    secrets = _secrets(source, document)
    if name in _POD_SPEC:
        return Graph(workloads=tuple(_workloads(source, document, _POD_SPEC[name], components)), secrets=secrets)
    if name in {"Service", "Ingress"}:
        return Graph(routes=(routes.read(source, document, name),))
    if name == "NetworkPolicy":
        title, space = document.get("metadata", "name"), document.get("metadata", "namespace")
        policy = Policy(
            title.scalar or "?" if title else "?",
            space.scalar or "default" if space else "default",
            routes.labels(document.get("spec", "podSelector", "matchLabels")),
            source.evidence(document.line, document.column),
        )
        return Graph(policies=(policy,))
    return Graph(secrets=secrets)


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """YAML and JSON files; what they hold decides the rest."""
    return path.lower().endswith((".yaml", ".yml", ".json"))


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """Every Kubernetes object of a file."""
    if file.path.lower().endswith(".json") and '"apiVersion"' not in file.source.text:
        return Graph()
    return Graph.joined(
        _object(file.source, document, components) for document in file.documents if is_manifest(document)
    )


def link(graph: Graph) -> Graph:
    """Services and Ingresses followed to their workloads, across all files."""
    return replace(graph, workloads=routes.expose(graph.workloads, graph.routes))


def _secrets(source: Source, document: Node) -> tuple[Secret, ...]:
    kind, name = document.get("kind"), document.get("metadata", "name")
    title = f"{kind.scalar if kind else '?'}/{name.scalar if name else '?'}"
    asset = Asset(f"kubernetes:{source.path}#{title}", "manifest", title)
    return tuple(Secret(asset, key, text) for key, text in literal_secrets(source, document))


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
