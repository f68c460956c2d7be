"""A function, service or API in the cloud answers without asking who calls.

What it does
    Finds function addresses without authorisation, services of Cloud Run and functions that ``allUsers`` may invoke, methods of an API
    gateway with neither authorizer nor key, and anonymous registries.

Why it matters
    Each call runs your model on your bill. Whoever finds the address, and scanners do, can copy the model or exhaust the budget.

How to fix it
    IAM authorisation, an authorizer, or a gateway that knows identities and limits in front.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.cloud_fixes import changed
from undercroft.scan.graph import Graph

_URL = 'resource "aws_lambda_function_url" "a" {\n  function_name = "predict"\n  authorization_type = "TYPE"\n}\n'
_RUN = 'resource "google_cloud_run_v2_service_iam_member" "a" {\n  name = "predict"\n  role = "roles/run.invoker"\n  member = "MEMBER"\n}\n'
_METHOD = 'resource "aws_api_gateway_method" "a" {\n  http_method = "POST"\n  authorization = "NONE"\n  EXTRA\n}\n'

CHECK = Check(
    title="Cloud service without authentication",
    severity=Severity.HIGH,
    risk=Risk.DEP_AUTH,
    references=("CWE-306", "OWASP A07:2025", "ATT&CK T1190", "ATLAS AML.T0049", "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html", "https://cloud.google.com/run/docs/authenticating/public"),
    examples=(
        Example("a function's address for everybody", "present", _URL.replace("TYPE", "NONE"), file="main.tf"),
        Example("a service everybody may invoke", "present", _RUN.replace("MEMBER", "allUsers"), file="main.tf"),
        Example("a method without an authorizer", "present", _METHOD.replace("EXTRA", ""), file="main.tf"),
        Example("a function's address in CloudFormation", "present", "Resources:\n  U:\n    Type: AWS::Lambda::Url\n    Properties:\n      AuthType: NONE\n", file="template.yaml"),
        Example("a function of SAM with an open address", "present", "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      FunctionUrlConfig:\n        AuthType: NONE\n", file="template.yaml"),
        Example("IAM decides", "absent", _URL.replace("TYPE", "AWS_IAM"), file="main.tf"),
        Example("one caller", "absent", _RUN.replace("MEMBER", "serviceAccount:web@p.iam.gserviceaccount.com"), file="main.tf"),
        Example("a method that wants a key", "absent", _METHOD.replace("EXTRA", "api_key_required = true"), file="main.tf"),
        Example("a browser's question before the request", "absent", _METHOD.replace("EXTRA", "").replace("POST", "OPTIONS"), file="main.tf"),
    ),
)  # fmt: skip

_INVOKERS = (
    "google_cloud_run_service_iam_member", "google_cloud_run_service_iam_binding", "google_cloud_run_v2_service_iam_member",
    "google_cloud_run_v2_service_iam_binding", "google_cloudfunctions_function_iam_member", "google_cloudfunctions2_function_iam_member",
    "google_cloudfunctions_function_iam_binding", "google_cloudfunctions2_function_iam_binding",
)  # fmt: skip


def _found(estate: Estate) -> Iterator[tuple[Resource, str, Field, str]]:
    for resource in estate.of("aws_lambda_function_url"):
        kind = resource.get("authorization_type") or resource.get("auth_type")
        if kind is not None and kind.text == "NONE":
            yield resource, "answers everybody", kind, '"AWS_IAM"'
    for resource in estate.of("aws_lambda_function"):
        kind = resource.get("function_url_config", "auth_type")
        if kind is not None and kind.text == "NONE":
            yield resource, "answers everybody", kind, ""
    for resource in estate.of(*_INVOKERS):
        for member in (*resource.all("member"), *resource.all("members")):
            if member.text == "allUsers":
                yield resource, "lets allUsers invoke the service", member, ""
    for resource in estate.of("aws_api_gateway_method"):
        kind, key, method = (
            resource.get("authorization") or resource.get("authorization_type"),
            resource.get("api_key_required"),
            resource.get("http_method"),
        )
        if (
            kind is not None
            and kind.text == "NONE"
            and (key is None or key.boolean is False)
            and (method is None or method.text != "OPTIONS")
        ):
            yield resource, "asks for neither identity nor key", kind, ""
    for resource in estate.of("azurerm_container_registry"):
        anonymous = resource.get("anonymous_pull_enabled")
        if anonymous is not None and anonymous.boolean is True:
            yield resource, "lets everybody pull", anonymous, "false"


def examine(graph: Graph) -> Iterator[Hit]:
    """Front doors without a guard."""
    for estate in graph.cloud:
        for resource, what, place, new in _found(estate):
            exposure = Exposure(Reach.INTERNET, (Hop(f"{resource.asset.name} {what}", place.place.evidence),))
            edits = changed(place, new) if new and resource.format == "terraform" else ()
            yield Hit(
                resource.asset,
                f"{resource.asset.name} {what}",
                place.evidence,
                Fix("Ask for an identity before the model runs", edits),
                exposure,
                what,
            )
