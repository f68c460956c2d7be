"""Pod specs, wherever a resource of the field keeps them, as workloads.

Deployments, Jobs and the like have theirs at a known place; custom resources (InferenceService, RayCluster, PyTorchJob,
LeaderWorkerSet, Argo's Workflow, Tekton's Task …) embed one or several at places of their own. Their schemas differ, the pod
spec does not: it is the mapping that has ``containers``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.setting import Origin, Setting
from undercroft.scan.collect.files import routes
from undercroft.scan.collect.files.kube.containers import (
    UNRESOLVED,
    environment,
    granted,
    mounts,
    socket,
    spans,
)
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Listener, Running, Text, Workload
from undercroft.scan.identify import Started, binds_to_loopback, identify, ports

POD_SPEC = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "ReplicationController"),
        ("spec", "template", "spec"),
    ),
}
NOT_PODS = frozenset({"CustomResourceDefinition", "ConfigMap", "Secret", "ConstraintTemplate", "ClusterPolicy"})
"""Kinds whose mappings may look like a pod spec and are none."""
MAX_SEARCH = 5_000
"""Nodes looked at for pod specs in one custom resource."""

_SHARED = "the pod network: any pod, unless a NetworkPolicy says otherwise"


def specs(document: Node, kind: str) -> Iterator[tuple[Node, Node | None, str]]:
    """(pod spec, metadata beside it, name of the part) of every pod spec of an object."""
    if kind in POD_SPEC:
        path = POD_SPEC[kind]
        pod = document.get(*path)
        if pod is not None:
            holder = document if kind == "Pod" else document.get(*path[:-1])
            yield pod, holder.get("metadata") if holder is not None else None, ""
        return
    if kind in NOT_PODS:
        return
    spec = document.get("spec")
    queue: list[tuple[Node, Node | None, str]] = [(spec, document.get("metadata"), "")] if spec is not None else []
    for looked, (node, metadata, part) in enumerate(queue):
        if looked > MAX_SEARCH:
            return
        if is_pod(node):
            yield node, metadata, part
        own = node.get("metadata") or metadata
        name = node.get("name") or node.get("groupName")
        here = name.scalar if name is not None and name.scalar else part
        for key, value in node.entries():
            if key in {"containers", "initContainers", "sidecars"} or (key in _SINGLE and is_pod(node)):
                continue
            if value.pairs is not None:
                queue.append((value, own, here if key in {"spec", "template"} else key))
            else:
                queue += [(item, own, here or key) for item in value.each() if item.pairs is not None]


_SINGLE = ("container", "script", "model", "worker")


def is_pod(node: Node) -> bool:
    """Whether a mapping is a pod spec: it has containers, or the single one of an Argo template or a KServe model."""
    containers = node.get("containers")
    if containers is not None and containers.items:
        return any(item.get("image") or item.get("name") or item.get("args") for item in containers.items)
    return any((single := node.get(key)) is not None and single.get("image") is not None for key in _SINGLE)


def _containers(pod: Node) -> Iterator[tuple[Node, bool]]:
    for group in ("containers", "initContainers"):
        for container in (pod.get(group) or pod).each():
            if container.pairs is not None:
                restart = container.get("restartPolicy")
                sidecar = restart is not None and restart.scalar == "Always"
                yield container, group == "initContainers" and not sidecar
    for key in _SINGLE:
        single = pod.get(key)
        if single is not None and single.get("image") is not None:
            yield single, False


def workloads(document: Node, kind: str, components: Mapping[str, ComponentFact]) -> Iterator[Workload]:
    """Every container of an object as a workload."""
    name, namespace = document.get("metadata", "name"), document.get("metadata", "namespace")
    space = namespace.scalar if namespace and namespace.scalar else "default"
    title = f"{kind}/{name.shown if name is not None else '?'}"
    for pod, metadata, part in specs(document, kind):
        labels = routes.labels(metadata.get("labels") if metadata is not None else None)
        partial = _partial(document, kind, labels)
        for i, (container, first) in enumerate(_containers(pod)):
            yield _workload(
                document, pod, container, labels, components, space=space, title=f"{title}/{part}" if part else title,
                first=first, partial=partial, index=i,
            )  # fmt: skip


def _partial(document: Node, kind: str, labels: Mapping[str, str]) -> bool:
    """Whether the object is a patch: an API server would refuse it for its missing selector and labels."""
    if document.get("$patch") is not None:
        return True
    owns = kind in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}
    return owns and not labels and document.get("spec", "selector") is None and not document.doubt("spec", "selector")


def _workload(
    document: Node, pod: Node, container: Node, labels: Mapping[str, str], components: Mapping[str, ComponentFact], *,
    space: str, title: str, first: bool, partial: bool, index: int,
) -> Workload:  # fmt: skip
    source = document.source
    label = container.get("name")
    head = source.evidence(container.line, container.column)
    variables = environment(container)
    image = container.get("image")
    command, arguments = _command(container.get("command")), _command(container.get("args"))
    hidden = any(container.doubt(key) for key in ("args", "command", "env"))
    if hidden:
        arguments = (*(arguments or ()), Text(None, head, None, UNRESOLVED))
    started = Started(head, image.text() if image is not None and image.scalar else None, command, arguments, variables)
    words, running = identify(started, components)
    rights = granted(pod, container, head, partial=partial)
    if first:
        rights["init"] = Setting("init", True, Origin.EXPLICIT, (head,))
    held = mounts(pod, container)
    reached = socket(held)
    if reached is not None:
        rights["runtime-socket"] = reached
    shown = label.shown if label is not None and label.scalar else (str(index) if label is None and index else "")
    asset = Asset(
        f"kubernetes:{source.path}#{space}/{title}/{shown}", "workload", f"{title} ({shown})" if shown else title,
        tuple(r.component for r in running),
    )  # fmt: skip
    return Workload(
        asset, "kubernetes", head, started.image, words, variables, rights, running,
        () if first else _listeners(container, running, rights), labels, space, spans(container), held,
    )  # fmt: skip


def _command(node: Node | None) -> tuple[Text, ...] | None:
    if node is None:
        return None
    if node.items is not None:
        return node.words()
    return (node.text(),) if node.scalar is not None else None


def _declared(container: Node) -> Iterator[tuple[int, str, Node, Node | None]]:
    for item in (container.get("ports") or container).each():
        number, name = item.get("containerPort"), item.get("name")
        if number is not None and number.scalar and number.scalar.isdigit() and len(number.scalar) < 6:
            yield int(number.scalar), (name.scalar or "" if name is not None else ""), number, item.get("hostPort")


def _listeners(container: Node, running: tuple[Running, ...], rights: Mapping[str, Setting]) -> tuple[Listener, ...]:
    roles, loopback = ports(running), binds_to_loopback(running)
    found: list[Listener] = []
    for number, name, node, host_port in _declared(container):
        evidence = node.evidence()
        exposure = Exposure(Reach.CLUSTER, (Hop(f"containerPort {number}", evidence),), _SHARED)
        if host_port is not None:
            hop = Hop(f"hostPort {host_port.scalar}", host_port.evidence())
            exposure = Exposure(Reach.PRIVATE, (hop,), "open on the node's own addresses")
        found.append(Listener(number, roles.get(number, ""), exposure, (), None, evidence, None, name))
    for port, role in roles.items():
        if port not in {listener.port for listener in found}:
            found.append(Listener(port, role, Exposure(Reach.CLUSTER, (), _SHARED)))
    if loopback:
        reason = "the component binds to loopback inside the pod"
        return tuple(replace(x, exposure=Exposure(Reach.LOOPBACK, (), reason)) for x in found)
    host = rights.get("host-network")
    if host is not None and host.value is True:
        hop = Hop("hostNetwork: true", host.evidence[0])
        exposure = Exposure(Reach.PRIVATE, (hop,), "listens on the node's own addresses")
        return tuple(replace(x, exposure=exposure) for x in found)
    return tuple(found)
