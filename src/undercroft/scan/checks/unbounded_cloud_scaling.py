"""Autoscaling has a ceiling nobody could pay.

What it does
    Finds scaling groups, node pools, scalable targets and clusters whose maximum is 100 machines or replicas or more, or 20 or more for
    shapes with accelerators, and node pools with accelerators that scale without a maximum.

Why it matters
    A flood of cheap requests becomes a bill: the platform adds machines as fast as an attacker adds requests.

How to fix it
    A maximum that the budget can bear, quotas per project, and an alarm on spending.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.checks.accelerator_public_address import accelerated, is_accelerated
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.graph import Graph

_TARGET = 'resource "aws_appautoscaling_target" "a" {\n  max_capacity = MAXIMUM\n  min_capacity = 1\n}\n'

CHECK = Check(
    title="Autoscaling without a sane ceiling",
    severity=Severity.MEDIUM,
    risk=Risk.DOS_WALLET,
    references=("CWE-770", "OWASP A06:2025", "ATT&CK T1496", "ATLAS AML.T0034", "https://docs.aws.amazon.com/autoscaling/application/userguide/what-is-application-auto-scaling.html"),
    weighed=False,
    examples=(
        Example("a hundred instances", "present", _TARGET.replace("MAXIMUM", "100"), file="main.tf"),
        Example("a pool of forty machines with GPUs", "present", 'resource "google_container_node_pool" "a" {\n  autoscaling {\n    max_node_count = 40\n  }\n  node_config {\n    machine_type = "a2-highgpu-1g"\n  }\n}\n', file="main.tf"),
        Example("a group of CloudFormation", "present", "Resources:\n  G:\n    Type: AWS::AutoScaling::AutoScalingGroup\n    Properties:\n      MaxSize: '500'\n", file="template.yaml"),
        Example("four instances", "absent", _TARGET.replace("MAXIMUM", "4"), file="main.tf"),
        Example("forty machines without accelerators", "absent", 'resource "google_container_node_pool" "a" {\n  autoscaling {\n    max_node_count = 40\n  }\n  node_config {\n    machine_type = "e2-standard-4"\n  }\n}\n', file="main.tf"),
        Example("a maximum nobody gives", "absent", 'variable "most" {}\n' + _TARGET.replace("MAXIMUM", "var.most"), file="main.tf"),
    ),
)  # fmt: skip

_CEILING, _ACCELERATED_CEILING = 100, 20
_KEYS = {
    "aws_appautoscaling_target": (("max_capacity",),),
    "aws_autoscaling_group": (("max_size",),),
    "aws_eks_node_group": (("scaling_config", "max_size"),),
    "aws_emr_managed_scaling_policy": (("compute_limits", "maximum_capacity_units"),),
    "google_container_node_pool": (("autoscaling", "max_node_count"), ("autoscaling", "total_max_node_count")),
    "google_compute_autoscaler": (("autoscaling_policy", "max_replicas"),),
    "google_compute_region_autoscaler": (("autoscaling_policy", "max_replicas"),),
    "google_cloud_run_v2_service": (("template", "scaling", "max_instance_count"),),
    "google_vertex_ai_endpoint_with_model_garden_deployment": (
        ("deploy_config", "dedicated_resources", "max_replica_count"),
    ),
    "azurerm_kubernetes_cluster_node_pool": (("max_count",),),
    "azurerm_kubernetes_cluster": (("default_node_pool", "max_count"),),
    "azurerm_machine_learning_compute_cluster": (("scale_settings", "max_node_count"),),
    "azurerm_container_app": (("template", "max_replicas"),),
}
"""Type → where its maximum stands."""


def _shapes(estate: Estate, resource: Resource) -> bool:
    parts = [resource, *estate.named_by(resource.body)]
    inner = [
        Resource(p.asset, p.id, p.kind, p.type, p.name, b, p.place, p.format)
        for p in parts
        for b in (p.body, *p.all("node_config"), *p.all("default_node_pool"))
    ]
    types = list(resource.all("instance_types"))
    return any(accelerated(part) for part in inner) or any(
        t.text.startswith(("p3", "p4", "p5", "g4", "g5", "g6", "trn", "inf")) for t in types
    )


def _maximum(resource: Resource) -> Field | None:
    return next((found for path in _KEYS[resource.type] if (found := resource.get(*path)) is not None), None)


_MODULE_KEYS = frozenset(
    {
        "max_size",
        "max_capacity",
        "max_node_count",
        "max_count",
        "max_replicas",
        "max_instance_count",
        "max_replica_count",
    }
)


def _in_modules(module: Resource) -> Iterator[Field]:
    """Maxima among the inputs of a module, at any depth."""
    fast = any(
        key in {"instance_type", "instance_types", "machine_type", "vm_size"} and is_accelerated(value)
        for key, value in module.body.walk()
    )
    fast = fast or any(is_accelerated(t) for group in _groups(module.body) for t in group.all("instance_types"))
    for key, value in module.body.walk():
        if (
            key in _MODULE_KEYS
            and value.number is not None
            and value.number >= (_ACCELERATED_CEILING if fast else _CEILING)
        ):
            yield value


def _groups(value: Field, depth: int = 0) -> Iterator[Field]:
    if value.members is not None and depth < 6:
        yield value
        for inner in value.members.values():
            for each in inner.each():
                yield from _groups(each, depth + 1)


def examine(graph: Graph) -> Iterator[Hit]:
    """Everything that scales, by its maximum."""
    for estate in graph.cloud:
        for module in estate.modules():
            for ceiling in _in_modules(module):
                title = f"{module.asset.name} scales to {ceiling.text}"
                yield Hit(
                    module.asset,
                    title,
                    ceiling.evidence,
                    Fix("Set a maximum the budget can bear"),
                    UNKNOWN_EXPOSURE,
                    f"maximum:{ceiling.text}",
                )
        for resource in estate.of(*_KEYS):
            most = _maximum(resource)
            number = most.number if most is not None else None
            fast = _shapes(estate, resource)
            name = resource.asset.name
            if most is not None and number is not None and number >= (_ACCELERATED_CEILING if fast else _CEILING):
                title = f"{name} scales to {int(number)}" + (" machines with accelerators" if fast else "")
                yield Hit(
                    resource.asset,
                    title,
                    most.evidence,
                    Fix("Set a maximum the budget can bear"),
                    UNKNOWN_EXPOSURE,
                    "maximum",
                )
            elif most is None and fast and resource.get("autoscaling") is not None:
                title = f"{name} scales machines with accelerators without a maximum"
                yield Hit(
                    resource.asset,
                    title,
                    (resource.place.evidence,),
                    Fix("Set a maximum the budget can bear"),
                    UNKNOWN_EXPOSURE,
                    "maximum",
                )
