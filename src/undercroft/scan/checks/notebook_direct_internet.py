"""A managed notebook stands in the internet, not in your network.

What it does
    Finds SageMaker notebook instances with direct internet access (which is the default), SageMaker domains whose apps use the public
    internet, Vertex AI notebooks with a public address and compute instances of Azure ML with one.

Why it matters
    A notebook holds a role that reads the training data. With a network interface of its own outside your network, nothing you run sees
    or stops what leaves, and its web interface is one stolen session away from everybody.

How to fix it
    Give it a subnet of yours, switch direct access off and reach stores through endpoints.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.graph import Graph

_SAGEMAKER = 'resource "aws_sagemaker_notebook_instance" "a" {\n  name = "n"\n  EXTRA\n}\n'

CHECK = Check(
    title="Notebook outside the network",
    severity=Severity.MEDIUM,
    risk=Risk.DEP_PRIVATE,
    references=("CWE-668", "OWASP A02:2025", "ATT&CK T1567", "https://docs.aws.amazon.com/sagemaker/latest/dg/appendix-notebook-and-internet-access.html"),
    weighed=False,
    examples=(
        Example("direct access by default", "present", _SAGEMAKER.replace("EXTRA", ""), file="main.tf"),
        Example("direct access, said", "present", _SAGEMAKER.replace("EXTRA", 'subnet_id = "subnet-1"\n  direct_internet_access = "Enabled"'), file="main.tf"),
        Example("a Vertex AI workbench with a public address", "present", 'resource "google_workbench_instance" "a" {\n  name = "n"\n  gce_setup {\n    machine_type = "n1-standard-4"\n  }\n}\n', file="main.tf"),
        Example("a domain for the public internet", "present", 'resource "aws_sagemaker_domain" "a" {\n  app_network_access_type = "PublicInternetOnly"\n}\n', file="main.tf"),
        Example("a notebook of CloudFormation", "present", "Resources:\n  Notebook:\n    Type: AWS::SageMaker::NotebookInstance\n    Properties:\n      InstanceType: ml.t3.medium\n", file="template.yaml"),
        Example("direct access switched off", "absent", _SAGEMAKER.replace("EXTRA", 'subnet_id = "subnet-1"\n  direct_internet_access = "Disabled"'), file="main.tf"),
        Example("a workbench without a public address", "absent", 'resource "google_workbench_instance" "a" {\n  name = "n"\n  gce_setup {\n    disable_public_ip = true\n  }\n}\n', file="main.tf"),
        Example("a domain inside a network", "absent", 'resource "aws_sagemaker_domain" "a" {\n  app_network_access_type = "VpcOnly"\n}\n', file="main.tf"),
    ),
)  # fmt: skip


def _found(estate: Estate) -> Iterator[tuple[Resource, str, Field]]:
    for resource in estate.of("aws_sagemaker_notebook_instance"):
        access = resource.get("direct_internet_access")
        if access is None or access.text == "Enabled":
            yield (
                resource,
                "has direct internet access" + ("" if access else " by default"),
                access or Field(resource.place),
            )
    for resource in estate.of("aws_sagemaker_domain"):
        access = resource.get("app_network_access_type")
        if access is None or access.text == "PublicInternetOnly":
            yield resource, "runs its apps in the public internet", access or Field(resource.place)
    for type_, *path in (
        ("google_workbench_instance", "gce_setup", "disable_public_ip"),
        ("google_notebooks_instance", "no_public_ip"),
    ):
        for resource in estate.of(type_):
            closed = resource.get(*path)
            if closed is None or closed.boolean is False:
                yield resource, "has a public address", closed or Field(resource.place)
    for resource in estate.of("azurerm_machine_learning_compute_instance"):
        public, subnet = resource.get("node_public_ip_enabled"), resource.get("subnet_resource_id")
        if (public is None and subnet is None) or (public is not None and public.boolean is True):
            yield resource, "has a public address", public or Field(resource.place)


def examine(graph: Graph) -> Iterator[Hit]:
    """Managed notebooks with a way to the internet of their own."""
    for estate in graph.cloud:
        for resource, what, place in _found(estate):
            exposure = Exposure(Reach.INTERNET, (Hop(f"{resource.asset.name} {what}", place.place.evidence),))
            fix = Fix("Put it into a subnet of yours and switch direct access off")
            yield Hit(resource.asset, f"{resource.asset.name} {what}", place.evidence, fix, exposure, "internet")
