"""What adds replicas by itself: HorizontalPodAutoscaler, KEDA's ScaledObject, Knative and KServe, Ray.

Defaults: an HPA must name its ceiling (Kubernetes API reference); KEDA's ``maxReplicaCount`` is 100 when unset
(https://keda.sh/docs/2.14/reference/scaledobject-spec/, Apache-2.0); Knative's ``max-scale`` is unlimited when unset
(https://knative.dev/docs/serving/autoscaling/scale-bounds/, Apache-2.0).
"""

from collections.abc import Iterator

from undercroft.model.asset import Asset
from undercroft.scan.cluster import Autoscaler
from undercroft.scan.collect.files.kube.containers import ACCELERATORS
from undercroft.scan.collect.files.tree import Node


def _ceiling(node: Node | None, default: int | None) -> tuple[int | None, bool]:
    if node is None:
        return default, True
    if node.scalar is not None and node.scalar.isdigit() and len(node.scalar) < 10:
        return int(node.scalar), True
    return None, False


def autoscalers(document: Node, kind: str) -> Iterator[Autoscaler]:
    """The autoscalers of an object."""
    name, spec = document.get("metadata", "name"), document.get("spec")
    title = f"{kind}/{name.scalar if name is not None and name.scalar else '?'}"
    asset = Asset(f"kubernetes:{document.source.path}#{title}", "autoscaler", title)
    if spec is None:
        return
    target = spec.get("scaleTargetRef", "name")
    aim = target.scalar or "" if target is not None else ""
    match kind:
        case "HorizontalPodAutoscaler":
            node, default = spec.get("maxReplicas"), None
        case "ScaledObject":
            node, default = spec.get("maxReplicaCount"), 100
        case "RayCluster" | "RayService" | "RayJob":
            yield from _ray(spec, asset)
            return
        case _:
            return
    if node is None and spec.doubt("maxReplicas" if kind == "HorizontalPodAutoscaler" else "maxReplicaCount"):
        return
    maximum, known = _ceiling(node, default)
    where = node.evidence() if node is not None else document.source.evidence(document.line, document.column)
    span = node.text().span if node is not None else None
    yield Autoscaler(asset, kind, aim, maximum, known, accelerators=False, evidence=where, span=span)


def _ray(spec: Node, asset: Asset) -> Iterator[Autoscaler]:
    cluster = spec.get("rayClusterConfig") or spec.get("rayClusterSpec") or spec
    switch = cluster.get("enableInTreeAutoscaling")
    if switch is None or switch.boolean is not True:
        return
    for group in (cluster.get("workerGroupSpecs") or Node(spec.source, 0, 0)).each():
        node = group.get("maxReplicas")
        maximum, known = _ceiling(node, None)
        if node is not None:
            gpu = any(
                key.startswith(ACCELERATORS)
                for container in (group.get("template", "spec", "containers") or Node(spec.source, 0, 0)).each()
                for key, _ in (container.get("resources", "limits") or container).entries()
            )
            yield Autoscaler(asset, "Ray", "", maximum, known, gpu, node.evidence(), node.text().span)
