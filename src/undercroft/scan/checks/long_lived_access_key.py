"""A key that never expires is created.

What it does
    Finds access keys of IAM users, keys of Google service accounts, passwords of Azure applications without an end within a year, and
    administrator accounts of container registries that are switched on.

Why it matters
    Such a key works for whoever finds it, from anywhere, until somebody thinks of it; this one also stands in the state file.

How to fix it
    Roles, workload identity and federation: credentials the platform renews by itself every hour.
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

_REGISTRY = 'resource "azurerm_container_registry" "a" {\n  admin_enabled = VALUE\n}\n'

CHECK = Check(
    title="Long-lived cloud credential",
    severity=Severity.MEDIUM,
    risk=Risk.MIS_CRED,
    references=("CWE-324", "CWE-798", "OWASP A07:2025", "ATT&CK T1078.004", "CIS AWS Foundations 1.13", "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"),
    weighed=False,
    examples=(
        Example("an access key", "present", 'resource "aws_iam_access_key" "a" {\n  user = "ci"\n}\n', file="main.tf"),
        Example("a key of a service account", "present", 'resource "google_service_account_key" "a" {\n  service_account_id = "train"\n}\n', file="main.tf"),
        Example("a registry's administrator", "present", _REGISTRY.replace("VALUE", "true"), file="main.tf"),
        Example("an access key in CloudFormation", "present", "Resources:\n  Key:\n    Type: AWS::IAM::AccessKey\n    Properties:\n      UserName: ci\n", file="template.yaml"),
        Example("a registry without an administrator", "absent", _REGISTRY.replace("VALUE", "false"), file="main.tf"),
        Example("a key that is inactive", "absent", 'resource "aws_iam_access_key" "a" {\n  user = "ci"\n  status = "Inactive"\n}\n', file="main.tf"),
        Example("a federated identity", "absent", 'resource "google_iam_workload_identity_pool" "a" {\n  workload_identity_pool_id = "ci"\n}\n', file="main.tf"),
    ),
)  # fmt: skip


def _found(estate: Estate) -> Iterator[tuple[Resource, str, Field]]:
    for resource in estate.of("aws_iam_access_key"):
        status = resource.get("status")
        if status is None or status.text != "Inactive":
            yield resource, "is an access key that never expires", Field(resource.place)
    for resource in estate.of("google_service_account_key"):
        if resource.get("public_key_data") is None:
            yield resource, "is a key that never expires", Field(resource.place)
    for resource in estate.of("azuread_application_password", "azuread_service_principal_password"):
        if not any(resource.get(key) for key in ("end_date", "end_date_relative", "rotate_when_changed")):
            yield resource, "is a password that is good for two years", Field(resource.place)
    for resource in estate.of("azurerm_container_registry"):
        admin = resource.get("admin_enabled")
        if admin is not None and admin.boolean is True:
            yield resource, "has a shared administrator with a password", admin


def examine(graph: Graph) -> Iterator[Hit]:
    """Credentials that outlive their use."""
    for estate in graph.cloud:
        for resource, what, place in _found(estate):
            fix = Fix(
                "Use a role, workload identity or federation instead", changed(place, "false") if place.boolean else ()
            )
            yield Hit(
                resource.asset, f"{resource.asset.name} {what}", place.evidence, fix, UNKNOWN_EXPOSURE, "long-lived"
            )
