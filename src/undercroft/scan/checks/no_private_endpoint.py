"""A managed ML platform has no private way in.

What it does
    Finds workspaces of Azure ML, SageMaker endpoints and Vertex AI endpoints in a configuration that declares no private endpoint, no
    interface endpoint and no Private Service Connect for them.

Why it matters
    Without one every call goes over public addresses, so public access can never be switched off.

How to fix it
    PrivateLink for ``sagemaker.runtime`` and ``sagemaker.api``, a private endpoint of Azure, or Private Service Connect.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Resource
from undercroft.scan.graph import Graph

_ENDPOINT = 'resource "aws_sagemaker_endpoint" "a" {\n  endpoint_config_name = "c"\n}\n'
_WORKSPACE = 'resource "azurerm_machine_learning_workspace" "a" {\n  name = "w"\n}\n'

CHECK = Check(
    title="No private endpoint",
    severity=Severity.LOW,
    risk=Risk.DEP_PRIVATE,
    references=("CWE-668", "OWASP A02:2025", "ATT&CK T1557", "https://docs.aws.amazon.com/sagemaker/latest/dg/interface-vpc-endpoint.html"),
    weighed=False,
    persona=Persona.PEDANTIC,
    examples=(
        Example("an endpoint of SageMaker alone", "present", _ENDPOINT, file="main.tf"),
        Example("a workspace alone", "present", _WORKSPACE, file="main.tf"),
        Example("an endpoint with PrivateLink beside it", "absent", _ENDPOINT + 'resource "aws_vpc_endpoint" "b" {\n  service_name = "com.amazonaws.eu-west-1.sagemaker.runtime"\n}\n', file="main.tf"),
        Example("a workspace with its private endpoint", "absent", _WORKSPACE + 'resource "azurerm_private_endpoint" "b" {\n  private_service_connection {\n    private_connection_resource_id = azurerm_machine_learning_workspace.a.id\n  }\n}\n', file="main.tf"),
    ),
)  # fmt: skip


def _lacking(estate: Estate) -> Iterator[Resource]:
    services = [s.text for e in estate.of("aws_vpc_endpoint") if (s := e.get("service_name")) is not None]
    if not any("sagemaker" in service for service in services):
        yield from estate.of("aws_sagemaker_endpoint")
    for resource in estate.of("azurerm_machine_learning_workspace"):
        if not any(estate.naming(resource, "azurerm_private_endpoint")):
            yield resource
    for resource in estate.of("google_vertex_ai_endpoint"):
        if resource.get("network") is None and resource.get("private_service_connect_config") is None:
            yield resource


def examine(graph: Graph) -> Iterator[Hit]:
    """Platforms no private endpoint of the same configuration names."""
    for estate in graph.cloud:
        for resource in _lacking(estate):
            title = f"No private endpoint leads to {resource.asset.name}"
            yield Hit(
                resource.asset,
                title,
                (resource.place.evidence,),
                Fix("Declare a private endpoint for it"),
                UNKNOWN_EXPOSURE,
                "private-endpoint",
            )
