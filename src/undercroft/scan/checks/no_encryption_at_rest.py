"""Data lies on a disk unencrypted, or under a key that is not yours.

What it does
    Finds databases, volumes and file systems that are not encrypted, said or by default, and notebooks and endpoints of SageMaker whose
    storage volumes name no key. Buckets are left out: S3, Cloud Storage and Azure encrypt them always.

Why it matters
    A snapshot that is shared by mistake is readable by whoever gets it. A key of your own is what makes revoking possible.

How to fix it
    ``storage_encrypted`` or ``encrypted = true``, and ``kms_key_id`` or ``kms_key_arn`` with a key you manage. Most databases have to be
    restored from an encrypted copy of a snapshot.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.cloud_fixes import added, changed
from undercroft.scan.graph import Graph

_RDS = 'resource "aws_db_instance" "a" {\n  engine = "postgres"\n  EXTRA\n}\n'

CHECK = Check(
    title="No encryption at rest",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_STORE,
    references=("CWE-311", "OWASP A04:2025", "ATT&CK T1530", "CIS AWS Foundations 2.3.1", "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html"),
    weighed=False,
    examples=(
        Example("a database by default", "present", _RDS.replace("EXTRA", ""), file="main.tf"),
        Example("a volume that says so", "present", 'resource "aws_ebs_volume" "a" {\n  size = 100\n  encrypted = false\n}\n', file="main.tf"),
        Example("an endpoint of SageMaker without a key", "present", 'resource "aws_sagemaker_endpoint_configuration" "a" {\n  production_variants {\n    instance_type = "ml.g5.xlarge"\n  }\n}\n', file="main.tf"),
        Example("a database of CloudFormation", "present", "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      StorageEncrypted: false\n", file="template.yaml"),
        Example("an encrypted database", "absent", _RDS.replace("EXTRA", "storage_encrypted = true"), file="main.tf"),
        Example("a replica, which follows its source", "absent", _RDS.replace("EXTRA", 'replicate_source_db = "db-1"'), file="main.tf"),
        Example("an endpoint with a key", "absent", 'resource "aws_sagemaker_endpoint_configuration" "a" {\n  kms_key_arn = "arn:aws:kms:eu-west-1:1:key/2"\n}\n', file="main.tf"),
        Example("a bucket", "absent", 'resource "aws_s3_bucket" "a" {\n  bucket = "models"\n}\n', file="main.tf"),
        Example("a value nobody gives", "absent", 'variable "on" {}\n' + _RDS.replace("EXTRA", "storage_encrypted = var.on"), file="main.tf"),
    ),
)  # fmt: skip

_DEFAULT_OFF = {
    "aws_db_instance": "storage_encrypted",
    "aws_rds_cluster": "storage_encrypted",
    "aws_docdb_cluster": "storage_encrypted",
    "aws_neptune_cluster": "storage_encrypted",
    "aws_ebs_volume": "encrypted",
    "aws_efs_file_system": "encrypted",
    "aws_elasticache_replication_group": "at_rest_encryption_enabled",
}
"""Type → the switch that is off unless it is written."""
_KEYS = {
    "aws_sagemaker_endpoint_configuration": "kms_key_arn",
    "aws_sagemaker_notebook_instance": "kms_key_id",
    "aws_sagemaker_domain": "kms_key_id",
}
"""Type → the key it may name."""
_DISKS = ("root_block_device", "ebs_block_device")


def _found(estate: Estate) -> Iterator[tuple[Resource, str, Field, str, Severity | None]]:
    for type_, key in _DEFAULT_OFF.items():
        for resource in estate.of(type_):
            switch = resource.get(key)
            inherits = any(
                resource.get(k)
                for k in ("replicate_source_db", "snapshot_identifier", "snapshot_id", "replication_source_identifier")
            )
            serverless = resource.get("engine_mode")
            if switch is None and (inherits or (serverless is not None and serverless.text == "serverless")):
                continue
            if switch is None or switch.boolean is False:
                how = "is not encrypted" + ("" if switch else " by default")
                yield resource, how, switch or Field(resource.place), f"{key} = true", None if switch else Severity.LOW
    for resource in estate.of("aws_instance", "aws_launch_template"):
        for disk in _DISKS:
            encrypted = resource.get(disk, "encrypted")
            if encrypted is not None and encrypted.boolean is False:
                yield resource, f"leaves its {disk} unencrypted", encrypted, "encrypted = true", None
    for type_, key in _KEYS.items():
        for resource in estate.of(type_):
            if all(resource.get(k) is None for k in (key, "kms_key_id", "kms_key_arn")) and not any(
                v.get("serverless_config") for v in resource.all("production_variants")
            ):
                yield resource, "names no key for its storage", Field(resource.place), "", Severity.LOW


def examine(graph: Graph) -> Iterator[Hit]:
    """Stores without encryption, and volumes without a key of their own."""
    for estate in graph.cloud:
        for resource, what, place, setting, severity in _found(estate):
            edits = (changed(place, "true") if place.value is False else added(resource, setting)) if setting else ()
            fix = Fix("Encrypt it with a key you manage", edits)
            yield Hit(
                resource.asset,
                f"{resource.asset.name} {what}",
                place.evidence,
                fix,
                UNKNOWN_EXPOSURE,
                what.removesuffix(" by default"),
                severity=severity,
            )
