"""A cloud resource carries a secret as a plain environment variable.

What it does
    Finds variables that hold secrets in SageMaker models, Lambda functions, container definitions of ECS, Cloud Run services, container
    groups and virtual machines, whose value is put there by Terraform or CloudFormation: from a variable, another resource, or the
    file itself.

Why it matters
    The value stands in the state file, in the task definition, in every ``Describe`` call and in the console, for everybody who may read
    any of them.

How to fix it
    Let the platform fetch it: ``secrets`` with ``valueFrom`` in ECS, ``value_source`` in Cloud Run, a secret manager read at start elsewhere.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Field, Resource
from undercroft.scan.graph import Graph

_MODEL = 'variable "token" {\n  default = ""\n  sensitive = true\n}\nresource "aws_sagemaker_model" "a" {\n  enable_network_isolation = true\n  primary_container {\n    environment = {\n      NAME = VALUE\n    }\n  }\n}\n'
_TASK = 'resource "aws_ecs_task_definition" "a" {\n  container_definitions = jsonencode([{\n    name = "c"\n    LIST = [{ name = "DB_PASSWORD", KEY = var.x }]\n  }])\n}\nvariable "x" {}\n'

CHECK = Check(
    title="Secret in a cloud environment variable",
    severity=Severity.MEDIUM,
    risk=Risk.MIS_CRED,
    references=("CWE-526", "CWE-312", "OWASP A04:2025", "ATT&CK T1552.001", "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html"),
    weighed=False,
    examples=(
        Example("a token of a SageMaker model", "present", _MODEL.replace("NAME", "HF_API_TOKEN").replace("VALUE", "var.token"), file="main.tf"),
        Example("a password of an ECS task", "present", _TASK.replace("LIST", "environment").replace("KEY", "value"), file="main.tf"),
        Example("a function of CloudFormation", "present", "Parameters:\n  Key: {Type: String, NoEcho: true}\nResources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Environment:\n        Variables:\n          API_KEY: !Ref Key\n", file="template.yaml"),
        Example("a secret the platform fetches", "absent", _TASK.replace("LIST", "secrets").replace("KEY", "valueFrom"), file="main.tf"),
        Example("a variable that is no secret", "absent", _MODEL.replace("NAME", "HF_TASK").replace("VALUE", "var.token"), file="main.tf"),
        Example("the address of a secret", "absent", _MODEL.replace("NAME", "DB_PASSWORD_SECRET").replace("VALUE", "aws_secretsmanager_secret.db.arn"), file="main.tf"),
    ),
)  # fmt: skip

_ENVIRONMENTS = frozenset(
    {
        "environment",
        "environment_variables",
        "env",
        "variables",
        "runtime_environment_variables",
        "app_settings",
        "environment_vars",
    }
)
_ADDRESSES = (".arn", ".id", ".name", ".secret_id", ".secret_name", ".versionless_id", ".uri")


def _variables(value: Field, depth: int = 0) -> Iterator[tuple[str, Field]]:
    if depth > 20:
        return
    for key, inner in (value.members or {}).items():
        if key.lower() not in _ENVIRONMENTS:
            yield from _variables(inner, depth + 1)
            continue
        for each in inner.each():
            members = each.members or {}
            if "name" in members or "Name" in members:
                name, given = members.get("name") or members.get("Name"), members.get("value") or members.get("Value")
                if name is not None and given is not None:
                    yield name.text, given
            elif set(members) & {"variables", "Variables"}:
                yield from _variables(each, depth + 1)
            else:
                yield from (
                    (name, given) for name, given in members.items() if given.members is None and given.items is None
                )
    for inner in (*(value.items or ()), *value.documents):
        yield from _variables(inner, depth + 1)


def _carried(resource: Resource) -> Iterator[tuple[str, Field]]:
    for name, given in _variables(resource.body):
        if not names_a_secret(name) or given.absent or (given.literal and not is_literal_secret(given.text)):
            continue
        address = given.written.strip("${}\"' ").endswith(_ADDRESSES) or given.text.startswith(
            ("arn:", "projects/", "{{resolve:", "@Microsoft.KeyVault")
        )
        if not address and not (given.known and given.literal and given.text == ""):
            yield name, given


def examine(graph: Graph) -> Iterator[Hit]:
    """Every variable of a resource's environment that holds a secret's value."""
    for estate in graph.cloud:
        for resource in estate.resources:
            if resource.kind in {"data", "provider"}:
                continue
            for name, given in _carried(resource):
                if given.literal and given.known:
                    continue  # written out: the business of hardcoded-secret and default-credential
                fix = Fix(f"Let the platform fetch {name} from a secret manager")
                title = f"{resource.asset.name} carries {name} as a plain environment variable"
                yield Hit(resource.asset, title, given.evidence, fix, UNKNOWN_EXPOSURE, f"environment:{name}")
