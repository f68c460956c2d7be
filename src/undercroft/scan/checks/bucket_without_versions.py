"""A bucket keeps no earlier versions.

What it does
    Finds buckets of AWS and Google Cloud without versioning.

Why it matters
    Overwritten weights and deleted training data cannot be brought back, and nobody can show what was served before.

How to fix it
    Switch versioning on, with a lifecycle rule that bounds what old versions cost.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Resource
from undercroft.scan.graph import Graph

_BUCKET = 'resource "aws_s3_bucket" "a" {\n  bucket = "models"\n}\n'

CHECK = Check(
    title="Bucket without versions",
    severity=Severity.LOW,
    risk=Risk.MIS_ARTIFACT,
    references=("CWE-693", "OWASP A08:2025", "ATT&CK T1485", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html"),
    weighed=False,
    persona=Persona.PEDANTIC,
    examples=(
        Example("a bucket alone", "present", _BUCKET, file="main.tf"),
        Example("a bucket whose versioning is suspended", "present", _BUCKET + 'resource "aws_s3_bucket_versioning" "b" {\n  bucket = aws_s3_bucket.a.id\n  versioning_configuration {\n    status = "Suspended"\n  }\n}\n', file="main.tf"),
        Example("a bucket with versions", "absent", _BUCKET + 'resource "aws_s3_bucket_versioning" "b" {\n  bucket = aws_s3_bucket.a.id\n  versioning_configuration {\n    status = "Enabled"\n  }\n}\n', file="main.tf"),
    ),
)  # fmt: skip


def _versioned(estate: Estate, resource: Resource) -> bool:
    inside = resource.get("versioning", "enabled") or resource.get("versioning_configuration", "status")
    if inside is not None:
        return inside.boolean is not False and inside.text != "Suspended"
    return any(
        (status := v.get("versioning_configuration", "status")) is None or status.text not in {"Suspended", "Disabled"}
        for v in estate.naming(resource, "aws_s3_bucket_versioning")
    )


def examine(graph: Graph) -> Iterator[Hit]:
    """Buckets nothing gives versions."""
    for estate in graph.cloud:
        for resource in estate.of("aws_s3_bucket", "google_storage_bucket"):
            if not _versioned(estate, resource):
                title = f"{resource.asset.name} keeps no earlier versions"
                yield Hit(
                    resource.asset,
                    title,
                    (resource.place.evidence,),
                    Fix("Switch versioning on"),
                    UNKNOWN_EXPOSURE,
                    "versions",
                )
