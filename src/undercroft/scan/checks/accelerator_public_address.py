"""A machine with accelerators has a public address.

What it does
    Finds instances of a shape with GPUs or other accelerators that get a public address: ``associate_public_ip_address``, an
    ``access_config`` of Google Cloud, a public address of Azure.

Why it matters
    These machines cost tens of dollars an hour and run notebooks and model servers that were written for one trusted user. They are what
    miners scan for.

How to fix it
    Keep it in a private subnet behind a NAT gateway, and reach it through a bastion, Session Manager or an identity-aware proxy.
"""

import re
from collections.abc import Iterator

from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.graph import Graph

_AWS = 'resource "aws_instance" "a" {\n  instance_type = "SHAPE"\n  associate_public_ip_address = PUBLIC\n}\n'
_GOOGLE = 'resource "google_compute_instance" "a" {\n  machine_type = "a2-highgpu-1g"\n  network_interface {\n    network = "default"\n    EXTRA\n  }\n}\n'

CHECK = Check(
    title="Accelerator with a public address",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_NET,
    references=("CWE-668", "OWASP A02:2025", "ATT&CK T1133", "ATT&CK T1496", "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html"),
    weighed=False,
    examples=(
        Example("a GPU machine of AWS", "present", _AWS.replace("SHAPE", "g5.2xlarge").replace("PUBLIC", "true"), file="main.tf"),
        Example("a GPU machine of Google Cloud", "present", _GOOGLE.replace("EXTRA", "access_config {}"), file="main.tf"),
        Example("an elastic address", "present", 'resource "aws_instance" "a" {\n  instance_type = "p4d.24xlarge"\n}\nresource "aws_eip" "b" {\n  instance = aws_instance.a.id\n}\n', file="main.tf"),
        Example("a private GPU machine", "absent", _AWS.replace("SHAPE", "g5.2xlarge").replace("PUBLIC", "false"), file="main.tf"),
        Example("a machine without accelerators", "absent", _AWS.replace("SHAPE", "t3.medium").replace("PUBLIC", "true"), file="main.tf"),
        Example("a GPU machine of Google Cloud without an address", "absent", _GOOGLE.replace("EXTRA", ""), file="main.tf"),
    ),
)  # fmt: skip

# Families with accelerators: https://aws.amazon.com/ec2/instance-types/, https://cloud.google.com/compute/docs/gpus,
# https://learn.microsoft.com/azure/virtual-machines/sizes/overview
_ACCELERATED = re.compile(
    r"(?i)^(?:p[2-6]\w*|g[3-7]\w*|inf[12]|trn[12]\w*|dl[12]\w*|vt1)\.|^(?:a[234]-|g[24]-|ct\w+-)|^Standard_N[CDV]"
)


def is_accelerated(shape: Field) -> bool:
    """Whether the name of a shape is one of a family with accelerators."""
    return _ACCELERATED.match(shape.text.rpartition("/")[2]) is not None


def accelerated(resource: Resource) -> bool:
    """Whether the machine's shape has accelerators, or some are attached."""
    shape = (
        resource.get("instance_type") or resource.get("machine_type") or resource.get("size") or resource.get("vm_size")
    )
    return (shape is not None and _ACCELERATED.match(shape.text.rpartition("/")[2]) is not None) or resource.get(
        "guest_accelerator"
    ) is not None


def _public(estate: Estate, resource: Resource) -> Field | None:
    for holder in (resource.body, *resource.all("network_interfaces")):
        address = holder.get("associate_public_ip_address")
        if address is not None and address.boolean is True:
            return address
    for interface in resource.all("network_interface"):
        members = interface.members or {}
        if "access_config" in members:
            return members["access_config"]
    for elastic in estate.naming(resource, "aws_eip", "aws_eip_association"):
        return Field(elastic.place)
    for card in estate.named_by(resource.get("network_interface_ids")):
        for configuration in card.all("ip_configuration"):
            address = configuration.get("public_ip_address_id")
            if address is not None:
                return address
    return None


def examine(graph: Graph) -> Iterator[Hit]:
    """Accelerated machines with an address the internet can reach."""
    for estate in graph.cloud:
        machines = estate.of(
            "aws_instance", "aws_launch_template", "aws_launch_configuration", "google_compute_instance", "google_compute_instance_template",
            "azurerm_linux_virtual_machine", "azurerm_windows_virtual_machine", "azurerm_virtual_machine",
        )  # fmt: skip
        for resource in machines:
            place = _public(estate, resource) if accelerated(resource) else None
            if place is not None:
                title = f"{resource.asset.name} has accelerators and a public address"
                exposure = Exposure(Reach.INTERNET, (Hop("public address", place.place.evidence),))
                yield Hit(
                    resource.asset,
                    title,
                    place.evidence,
                    Fix("Keep it in a private subnet"),
                    exposure,
                    "public-address",
                )
