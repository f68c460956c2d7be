"""An identity may do far more than its work needs.

What it does
    Finds policies that allow every action, every action of a service on every resource, or writing and passing roles on every resource;
    the clouds' own administrator and full-access policies (``AdministratorAccess``, ``AmazonS3FullAccess``, ``roles/owner``,
    ``roles/editor``, ``Owner`` and ``Contributor`` on a subscription).

Why it matters
    What runs under the identity is often a notebook or a model server: code from outside. Whoever takes it over holds everything the
    identity may do, which with these policies is the data lake, or the account.

How to fix it
    List the actions the workload calls and the resources it calls them on. Access analysers write such a policy from the logs.
"""

import re
from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.cloud_access import Statement, statements
from undercroft.scan.graph import Graph

_POLICY = 'resource "aws_iam_role_policy" "a" {\n  role = "model"\n  policy = jsonencode({\n    Version = "2012-10-17"\n    Statement = [{\n      Effect = "Allow"\n      Action = ACTION\n      Resource = RESOURCE\n    }]\n  })\n}\n'
_MEMBER = 'resource "google_project_iam_member" "a" {\n  project = "p"\n  role = "ROLE"\n  member = "serviceAccount:train@p.iam.gserviceaccount.com"\n}\n'
_ASSIGNMENT = 'resource "azurerm_role_assignment" "a" {\n  scope = SCOPE\n  role_definition_name = "Contributor"\n  principal_id = "1"\n}\n'


def _policy(action: str, resource: str) -> str:
    return _POLICY.replace("ACTION", action).replace("RESOURCE", resource)


CHECK = Check(
    title="Identity with too many rights",
    severity=Severity.HIGH,
    risk=Risk.SYS_STORE,
    references=("CWE-250", "CWE-732", "OWASP A01:2025", "ATT&CK T1078.004", "CIS AWS Foundations 1.16", "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"),
    weighed=False,
    examples=(
        Example("every action on everything", "present", _policy('"*"', '"*"'), file="main.tf"),
        Example("a whole service on everything", "present", _policy('["s3:*"]', '"*"'), file="main.tf"),
        Example("writing every object", "present", _policy('["s3:GetObject", "s3:PutObject"]', '"*"'), file="main.tf"),
        Example("a text of JSON", "present", 'resource "aws_iam_policy" "a" {\n  policy = <<EOF\n{"Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}]}\nEOF\n}\n', file="main.tf"),
        Example("a policy document", "present", 'data "aws_iam_policy_document" "a" {\n  statement {\n    actions = ["dynamodb:*"]\n    resources = ["*"]\n  }\n}\n', file="main.tf"),
        Example("full access, attached", "present", 'resource "aws_iam_role_policy_attachment" "a" {\n  role = "model"\n  policy_arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"\n}\n', file="main.tf"),
        Example("an editor of the project", "present", _MEMBER.replace("ROLE", "roles/editor"), file="main.tf"),
        Example("a contributor of the subscription", "present", _ASSIGNMENT.replace("SCOPE", "data.azurerm_subscription.current.id"), file="main.tf"),
        Example("a role in CloudFormation", "present", "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns:\n        - arn:aws:iam::aws:policy/AdministratorAccess\n", file="template.yaml"),
        Example("reading one bucket", "absent", _policy('["s3:GetObject"]', '"arn:aws:s3:::models/*"'), file="main.tf"),
        Example("calls that know no resource", "absent", _policy('["ecr:GetAuthorizationToken", "cloudwatch:PutMetricData", "ec2:DescribeInstances"]', '"*"'), file="main.tf"),
        Example("a denial", "absent", _policy('"*"', '"*"').replace('"Allow"', '"Deny"'), file="main.tf"),
        Example("a key's own policy, which says who may use this key", "absent", 'resource "aws_kms_key" "a" {\n  policy = jsonencode({Statement = [{Effect = "Allow", Action = "kms:*", Resource = "*", Principal = {AWS = "arn:aws:iam::1:root"}}]})\n}\n', file="main.tf"),
        Example("a viewer of the project", "absent", _MEMBER.replace("ROLE", "roles/viewer"), file="main.tf"),
        Example("a contributor of one group", "absent", _ASSIGNMENT.replace("SCOPE", "azurerm_resource_group.ml.id"), file="main.tf"),
    ),
)  # fmt: skip

_POLICIES = (
    "aws_iam_policy",
    "aws_iam_role_policy",
    "aws_iam_user_policy",
    "aws_iam_group_policy",
    "aws_ssoadmin_permission_set_inline_policy",
)
_ATTACHMENTS = (
    "aws_iam_role_policy_attachment",
    "aws_iam_policy_attachment",
    "aws_iam_user_policy_attachment",
    "aws_iam_group_policy_attachment",
)
_GRANTS = (
    "google_project_iam_member", "google_project_iam_binding", "google_folder_iam_member", "google_folder_iam_binding",
    "google_organization_iam_member", "google_organization_iam_binding",
)  # fmt: skip
_ADMINISTRATOR = frozenset({"AdministratorAccess", "PowerUserAccess", "IAMFullAccess"})
# Actions that change data or rights, of the services a model's workload meets. Reading is left to the pedant.
_WRITES = re.compile(
    r"(?i)^(?:s3|s3express|dynamodb|sqs|sns|kinesis|rds|redshift|secretsmanager|ssm|kms|lambda|ec2|ecr|ecs|eks|iam|sts|sagemaker|bedrock|glue|"
    r"athena|lakeformation|elasticmapreduce|cloudformation|codebuild|events|states|batch):"
    r"(?:put|delete|create|update|modify|run|pass|attach|assume|terminate|write|send|invoke|get(?:object|secretvalue|parameter)|decrypt|\*)"
)
# Actions AWS only knows for ``*`` (Service Authorization Reference), and those that create what has no name yet.
_WITHOUT_RESOURCE = re.compile(
    r"(?i)^(?:ecr:getauthorizationtoken|cloudwatch:putmetricdata|logs:.*|xray:.*|ec2:(?:describe.*|createnetworkinterface(?:permission)?|"
    r"deletenetworkinterface(?:permission)?|modifynetworkinterfaceattribute|createtags|unassignprivateipaddresses|assignprivateipaddresses)|s3:listallmybuckets|kms:list.*|iam:(?:get|list).*)$"
)


def _gravity(action: Field) -> int:
    """Rights first, then changing data, then reading it."""
    service, _, name = action.text.lower().partition(":")
    if service in {"iam", "sts", "kms", "secretsmanager"}:
        return 0
    return 2 if name.startswith(("get", "decrypt")) else 1


def _judge(statement: Statement) -> tuple[Severity, str, Field] | None:
    """Severity, words and place; ``None`` for a statement that is narrow enough."""
    if statement.conditional:
        return None
    actions = [(a, a.text) for a in statement.actions]
    everywhere = next((r for r in statement.resources if r.text in {"*", "arn:aws:s3:::*", "arn:*"}), None)
    worst = next((a for a, text in actions if text in {"*", "*:*"}), None)
    if worst is not None:
        return (Severity.CRITICAL if everywhere is not None else Severity.HIGH), "every action", worst
    if statement.inverted and everywhere is not None and not actions:
        return Severity.HIGH, "everything but a few actions", statement.body
    if everywhere is None:
        return None
    whole = next(
        (
            a
            for a, text in actions
            if text.endswith(":*")
            and not _WITHOUT_RESOURCE.match(text)
            and not text.startswith(("cloudwatch:", "logs:"))
        ),
        None,
    )
    if whole is not None:
        return Severity.HIGH, f"{whole.text} on every resource", whole
    writes = [a for a, text in actions if _WRITES.match(text) and not _WITHOUT_RESOURCE.match(text)]
    if writes:
        worst = min(writes, key=_gravity)
        return Severity.MEDIUM, f"{worst.text} on every resource", everywhere
    return None


def _of(resource: Resource, estate: Estate) -> Iterator[tuple[Statement, Field]]:
    for holder in (resource.body, *resource.all("inline_policy"), *resource.all("policies")):
        policy = holder.get("policy") or holder.get("inline_policy") or holder.get("policy_document")
        if policy is not None:
            for statement in statements(estate, policy):
                if not statement.principals:
                    yield statement, policy


def _arns(resource: Resource) -> Iterator[Field]:
    for key in ("policy_arn", "managed_policy_arns", "policies"):
        yield from resource.all(key)


def examine(graph: Graph) -> Iterator[Hit]:
    """Statements, managed policies and basic roles, one hit a place."""
    fix = Fix("List the actions the workload needs, on the resources it needs them for")

    def hit(resource: Resource, title: str, severity: Severity, evidence: tuple[Evidence, ...], locator: str) -> Hit:
        return Hit(
            resource.asset,
            f"{resource.asset.name} allows {title}",
            evidence,
            fix,
            UNKNOWN_EXPOSURE,
            locator,
            severity=severity,
        )

    for estate in graph.cloud:
        documents = [
            r
            for r in estate.resources
            if r.type == "aws_iam_policy_document" and not any(estate.naming(r, *_POLICIES, "aws_iam_role"))
        ]
        for resource in (
            *estate.of(*_POLICIES, "aws_iam_role", "aws_iam_user", "aws_iam_group", "aws_lambda_function"),
            *documents,
        ):
            own = resource in documents
            found = (
                [(s, resource.body) for s in statements(estate, resource.body) if not s.principals]
                if own
                else list(_of(resource, estate))
            )
            for i, (statement, policy) in enumerate(found):
                judged = _judge(statement)
                if judged is None or (not own and statement.body.place.file == "" and policy is None):
                    continue
                severity, title, place = judged
                others = [
                    a
                    for a in statement.actions
                    if a.text.endswith(":*") and a is not place and not a.text.startswith(("cloudwatch", "logs"))
                ]
                everywhere = [r for r in statement.resources if r.text == "*"]
                evidence = tuple(dict.fromkeys(e for p in (place, *everywhere, *others) for e in p.evidence))
                yield hit(resource, title, severity, evidence, f"statement:{i}:{title}")
        for resource in estate.of(
            *_ATTACHMENTS, "aws_iam_role", "aws_iam_user", "aws_iam_group", "aws_lambda_function"
        ):
            for arn in _arns(resource):
                name = arn.text.rpartition("/")[2]
                if (arn.text.startswith("arn:") or resource.type == "aws_lambda_function") and (
                    name in _ADMINISTRATOR or name.endswith("FullAccess")
                ):
                    severity = Severity.CRITICAL if name == "AdministratorAccess" else Severity.MEDIUM
                    yield hit(resource, f"what {name} allows", severity, arn.evidence, f"managed:{name}")
        for resource in estate.of(*_GRANTS):
            role = resource.get("role")
            if role is not None and role.text in {"roles/owner", "roles/editor"}:
                yield hit(resource, f"what {role.text} allows", Severity.HIGH, role.evidence, f"role:{role.text}")
        for resource in estate.of("azurerm_role_assignment"):
            role, scope = resource.get("role_definition_name"), resource.get("scope")
            wide = scope is not None and (
                "azurerm_subscription" in scope.written or "azurerm_management_group" in scope.written
                or re.fullmatch(r"/subscriptions/[^/]+/?", scope.text) is not None
            )  # fmt: skip
            if role is not None and role.text in {"Owner", "Contributor", "User Access Administrator"} and wide:
                yield hit(
                    resource,
                    f"{role.text} on the whole subscription",
                    Severity.HIGH,
                    role.evidence,
                    f"role:{role.text}",
                )
