"""Nothing records who used a cloud resource.

What it does
    Finds buckets without access logs, EKS clusters without control plane logs, GKE clusters with logging switched off, and load
    balancers without access logs.

Why it matters
    After an intrusion the question is which data left. Without these logs there is no answer.

How to fix it
    Switch the resource's own log on and keep it in an account the workload cannot write to.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.graph import Graph

_BUCKET = 'resource "aws_s3_bucket" "a" {\n  bucket = "models"\n}\n'

CHECK = Check(
    title="No access log",
    severity=Severity.LOW,
    risk=Risk.SYS_STORE,
    references=("CWE-778", "OWASP A09:2025", "ATT&CK T1562.008", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html"),
    weighed=False,
    persona=Persona.PEDANTIC,
    examples=(
        Example("a bucket alone", "present", _BUCKET, file="main.tf"),
        Example("a cluster without logs", "present", 'resource "aws_eks_cluster" "a" {\n  name = "ml"\n}\n', file="main.tf"),
        Example("a bucket with its log", "absent", _BUCKET + 'resource "aws_s3_bucket_logging" "b" {\n  bucket = aws_s3_bucket.a.id\n  target_bucket = "logs"\n}\n', file="main.tf"),
        Example("a cluster with logs", "absent", 'resource "aws_eks_cluster" "a" {\n  enabled_cluster_log_types = ["api", "audit"]\n}\n', file="main.tf"),
    ),
)  # fmt: skip


def _found(estate: Estate) -> Iterator[tuple[Resource, Field]]:
    for resource in estate.of("aws_s3_bucket"):
        inside = resource.get("logging") or resource.get("logging_configuration")
        if inside is None and not any(estate.naming(resource, "aws_s3_bucket_logging")):
            yield resource, Field(resource.place)
    for resource in estate.of("aws_eks_cluster"):
        types = resource.get("enabled_cluster_log_types") or resource.get("logging")
        if types is None or (types.known and not list(types.each())):
            yield resource, types or Field(resource.place)
    for resource in estate.of("google_container_cluster"):
        service = resource.get("logging_service")
        if service is not None and service.text == "none":
            yield resource, service
    for resource in estate.of("aws_lb", "aws_alb"):
        enabled = resource.get("access_logs", "enabled")
        if resource.get("access_logs") is None or (enabled is not None and enabled.boolean is False):
            yield resource, enabled or Field(resource.place)


def examine(graph: Graph) -> Iterator[Hit]:
    """Resources whose own log is off."""
    for estate in graph.cloud:
        for resource, place in _found(estate):
            title = f"{resource.asset.name} writes no access log"
            yield Hit(resource.asset, title, place.evidence, Fix("Switch its log on"), UNKNOWN_EXPOSURE, "log")
