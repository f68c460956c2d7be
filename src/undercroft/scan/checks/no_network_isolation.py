"""A managed model or workspace runs outside any network of yours.

What it does
    Finds SageMaker models without a VPC and without network isolation, and Azure ML workspaces whose managed network isolation is
    switched off.

Why it matters
    A model is code. Without isolation, what it loads may call out, send data away and fetch more, and none of your firewalls sees it.

How to fix it
    ``vpc_config`` with private subnets, ``enable_network_isolation = true`` where the container needs nothing from outside;
    ``AllowOnlyApprovedOutbound`` for Azure ML.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.cloud_fixes import changed
from undercroft.scan.graph import Graph

_MODEL = 'resource "aws_sagemaker_model" "a" {\n  execution_role_arn = "arn:aws:iam::1:role/r"\n  EXTRA\n  primary_container {\n    image = "i"\n  }\n}\n'
_WORKSPACE = 'resource "azurerm_machine_learning_workspace" "a" {\n  public_network_access_enabled = false\n  managed_network {\n    isolation_mode = "MODE"\n  }\n}\n'

CHECK = Check(
    title="No network isolation",
    severity=Severity.MEDIUM,
    risk=Risk.DEP_PRIVATE,
    references=("CWE-653", "OWASP A02:2025", "ATT&CK T1041", "https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html", "https://learn.microsoft.com/azure/machine-learning/how-to-managed-network"),
    weighed=False,
    examples=(
        Example("a model without a network", "present", _MODEL.replace("EXTRA", ""), file="main.tf"),
        Example("a workspace that isolates nothing", "present", _WORKSPACE.replace("MODE", "Disabled"), file="main.tf"),
        Example("a module's workspace", "present", 'module "ml" {\n  source = "Azure/avm-res-machinelearningservices-workspace/azurerm"\n  workspace_managed_network = {\n    isolation_mode = "Disabled"\n  }\n}\n', file="main.tf"),
        Example("a model in private subnets", "absent", _MODEL.replace("EXTRA", 'vpc_config {\n    subnets = ["s"]\n    security_group_ids = ["g"]\n  }'), file="main.tf"),
        Example("an isolated model", "absent", _MODEL.replace("EXTRA", "enable_network_isolation = true"), file="main.tf"),
        Example("a workspace with approved destinations", "absent", _WORKSPACE.replace("MODE", "AllowOnlyApprovedOutbound"), file="main.tf"),
    ),
)  # fmt: skip


def _modes(resource: Resource) -> Iterator[Field]:
    for block in ("managed_network", "workspace_managed_network"):
        mode = resource.get(block, "isolation_mode")
        if mode is not None and mode.text == "Disabled":
            yield mode


def _found(estate: Estate) -> Iterator[tuple[Resource, str, Field]]:
    for resource in estate.of("aws_sagemaker_model"):
        isolated = resource.get("enable_network_isolation")
        if resource.get("vpc_config") is None and (isolated is None or isolated.boolean is False):
            yield resource, "has neither a VPC nor network isolation", isolated or Field(resource.place)
    for resource in (*estate.of("azurerm_machine_learning_workspace", "azurerm_ai_foundry"), *estate.modules()):
        for mode in _modes(resource):
            yield resource, "switches its managed network isolation off", mode


def examine(graph: Graph) -> Iterator[Hit]:
    """Models and workspaces that nothing keeps apart."""
    for estate in graph.cloud:
        for resource, what, place in _found(estate):
            edits = (
                changed(place, '"AllowOnlyApprovedOutbound"')
                if place.text == "Disabled" and resource.format == "terraform"
                else ()
            )
            fix = Fix("Give it private subnets, or switch network isolation on", edits)
            severity = Severity.LOW if resource.type == "aws_sagemaker_model" else None
            yield Hit(
                resource.asset,
                f"{resource.asset.name} {what}",
                place.evidence,
                fix,
                UNKNOWN_EXPOSURE,
                "isolation",
                severity=severity,
            )
