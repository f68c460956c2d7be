"""A store of data or models is open to everybody.

What it does
    Finds buckets and containers with a public access list, a policy whose principal is everybody, ``allUsers`` or
    ``allAuthenticatedUsers`` among the members, anonymous access to blobs, and public access blocks that are switched off.

Why it matters
    Training data and weights leave without a trace, and where writing is allowed, poisoned ones arrive the same way.

How to fix it
    Block public access for the bucket and give named identities what they need; hand out signed addresses where outsiders must read.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.cloud_access import statements
from undercroft.scan.cloud_fixes import changed
from undercroft.scan.graph import Graph

_POLICY = 'resource "aws_s3_bucket_policy" "a" {\n  bucket = "models"\n  policy = jsonencode({Statement = [{Effect = "Allow", Principal = PRINCIPAL, Action = "s3:GetObject", Resource = "*"}]})\n}\n'

CHECK = Check(
    title="Bucket open to everybody",
    severity=Severity.HIGH,
    risk=Risk.SYS_STORE,
    references=("CWE-732", "CWE-284", "OWASP A01:2025", "ATT&CK T1530", "CIS AWS Foundations 2.1.4", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"),
    examples=(
        Example("a public access list", "present", 'resource "aws_s3_bucket_acl" "a" {\n  bucket = "models"\n  acl = "public-read"\n}\n', file="main.tf"),
        Example("a policy for everybody", "present", _POLICY.replace("PRINCIPAL", '"*"'), file="main.tf"),
        Example("all users of the internet", "present", 'resource "google_storage_bucket_iam_member" "a" {\n  bucket = "models"\n  role = "roles/storage.objectViewer"\n  member = "allUsers"\n}\n', file="main.tf"),
        Example("anonymous blobs", "present", 'resource "azurerm_storage_container" "a" {\n  name = "models"\n  container_access_type = "blob"\n}\n', file="main.tf"),
        Example("a public access block switched off", "present", 'resource "aws_s3_bucket_public_access_block" "a" {\n  bucket = "models"\n  block_public_policy = false\n  restrict_public_buckets = true\n}\n', file="main.tf"),
        Example("a bucket of CloudFormation", "present", "Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n    Properties:\n      AccessControl: PublicRead\n", file="template.yaml"),
        Example("a private access list", "absent", 'resource "aws_s3_bucket_acl" "a" {\n  bucket = "models"\n  acl = "private"\n}\n', file="main.tf"),
        Example("a policy for one account", "absent", _POLICY.replace("PRINCIPAL", '{AWS = "arn:aws:iam::111122223333:root"}'), file="main.tf"),
        Example("a policy for everybody, narrowed by a condition", "absent", _POLICY.replace("PRINCIPAL", '"*"').replace("Resource =", 'Condition = {StringEquals = {"aws:SourceVpce" = "vpce-1"}}, Resource ='), file="main.tf"),
        Example("a policy that denies everybody", "absent", _POLICY.replace("PRINCIPAL", '"*"').replace("Allow", "Deny"), file="main.tf"),
        Example("one service account", "absent", 'resource "google_storage_bucket_iam_member" "a" {\n  bucket = "models"\n  role = "roles/storage.objectViewer"\n  member = "serviceAccount:a@p.iam.gserviceaccount.com"\n}\n', file="main.tf"),
    ),
)  # fmt: skip

_LISTS = frozenset(
    {
        "public-read",
        "public-read-write",
        "authenticated-read",
        "website",
        "publicread",
        "publicreadwrite",
        "authenticatedread",
    }
)
_ALL = frozenset({"allUsers", "allAuthenticatedUsers"})
_MEMBERS = ("google_storage_bucket_iam_member", "google_storage_bucket_iam_binding", "google_storage_bucket_access_control", "google_storage_default_object_access_control")  # fmt: skip
_BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")


def _found(estate: Estate) -> Iterator[tuple[Resource, str, Field, str]]:
    for resource in (
        *estate.of("aws_s3_bucket", "aws_s3_bucket_acl"),
        *(m for m in estate.modules() if "s3" in m.type),
    ):
        acl = resource.get("acl") or resource.get("access_control")
        if acl is not None and acl.text.lower() in _LISTS:
            yield resource, f"has the access list {acl.text}", acl, '"private"'
    for resource in estate.of("aws_s3_bucket_policy"):
        for statement in statements(estate, resource.get("policy")):
            everybody = next((p for p in statement.principals if p.text == "*"), None)
            if everybody is not None and not statement.conditional:
                yield resource, "lets everybody in", everybody, ""
    for resource in (
        *estate.of("aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block", "aws_s3_bucket"),
        *estate.modules(),
    ):
        holder = (
            resource.get("public_access_block_configuration") if resource.type == "aws_s3_bucket" else resource.body
        )
        for key in _BLOCKS:
            block = holder.get(key) if holder is not None else None
            if block is not None and block.boolean is False:
                yield resource, f"switches {key} off", block, "true"
                break
    for resource in estate.of(*_MEMBERS):
        for member in (*resource.all("member"), *resource.all("members"), *resource.all("entity")):
            if member.text in _ALL:
                yield resource, f"lets {member.text} in", member, ""
    for resource in estate.of("azurerm_storage_container"):
        access = resource.get("container_access_type")
        if access is not None and access.text.lower() in {"blob", "container"}:
            yield resource, "answers without an identity", access, '"private"'
    for resource in estate.of("azurerm_storage_account"):
        nested = resource.get("allow_nested_items_to_be_public") or resource.get("allow_blob_public_access")
        if nested is not None and nested.boolean is True:
            yield resource, "lets its containers be public", nested, "false"


def examine(graph: Graph) -> Iterator[Hit]:
    """Everything that opens a store to people without a name."""
    for estate in graph.cloud:
        for resource, what, place, new in _found(estate):
            edits = changed(place, new) if new and resource.format == "terraform" else ()
            exposure = Exposure(Reach.INTERNET, (Hop(f"{resource.asset.name} {what}", place.place.evidence),))
            fix = Fix("Close it to everybody and name who may read", edits)
            yield Hit(resource.asset, f"{resource.asset.name} {what}", place.evidence, fix, exposure, what)
