"""A firewall rule lets the whole internet in.

What it does
    Finds rules of security groups (AWS), firewalls (Google Cloud) and network security groups (Azure) that accept connections from
    ``0.0.0.0/0``, ``::/0``, ``*`` or ``Internet``. Ports 443 for HTTPS and ICMP are left out: being reachable is what they are for.

Why it matters
    The rule is what stands between the internet and whatever listens behind it: SSH, a notebook, a tracking server, a database.
    Such ports are found by mass scanners within hours.

How to fix it
    Name the networks that need the port (an office, a VPN, a load balancer's security group), or reach the machine through a bastion,
    Session Manager or an identity-aware proxy.

Unknown
    A source that comes from a variable without a value.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE, Exposure, Hop, Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud_access import Opening, openings
from undercroft.scan.graph import Graph

_AWS = """\
resource "aws_security_group" "ml" {
  ingress {
    from_port   = PORT
    to_port     = PORT
    protocol    = "tcp"
    cidr_blocks = [SOURCE]
  }
}
"""
_VARIABLE = 'variable "allowed" {\n  default = DEFAULT\n}\n'


def _aws(port: str, source: str) -> str:
    return _AWS.replace("PORT", port).replace("SOURCE", source)


CHECK = Check(
    title="Firewall open to the internet",
    severity=Severity.HIGH,
    risk=Risk.SYS_NET,
    references=("CWE-284", "CWE-668", "OWASP A01:2025", "ATT&CK T1133", "CIS AWS Foundations 5.2", "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"),
    examples=(
        Example("SSH from everywhere", "present", _aws("22", '"0.0.0.0/0"'), file="main.tf"),
        Example("a notebook's port over IPv6", "present", _AWS.replace("PORT", "8888").replace("cidr_blocks = [SOURCE]", 'ipv6_cidr_blocks = ["::/0"]'), file="main.tf"),
        Example("a source that comes from a default", "present", _VARIABLE.replace("DEFAULT", '"0.0.0.0/0"') + _aws("22", "var.allowed"), file="main.tf"),
        Example("a rule of its own", "present", 'resource "aws_vpc_security_group_ingress_rule" "a" {\n  security_group_id = "sg-1"\n  cidr_ipv4 = "0.0.0.0/0"\n  ip_protocol = "-1"\n}\n', file="main.tf"),
        Example("ports that a dynamic block lists", "present", 'resource "aws_security_group" "a" {\n  dynamic "ingress" {\n    for_each = [22, 5000]\n    content {\n      from_port = ingress.value\n      to_port = ingress.value\n      protocol = "tcp"\n      cidr_blocks = ["0.0.0.0/0"]\n    }\n  }\n}\n', file="main.tf"),
        Example("a firewall of Google Cloud", "present", 'resource "google_compute_firewall" "a" {\n  network = "default"\n  source_ranges = ["0.0.0.0/0"]\n  allow {\n    protocol = "tcp"\n    ports = ["8080"]\n  }\n}\n', file="main.tf"),
        Example("a network security group of Azure", "present", 'resource "azurerm_network_security_rule" "a" {\n  direction = "Inbound"\n  access = "Allow"\n  protocol = "Tcp"\n  source_address_prefix = "*"\n  destination_port_range = "3389"\n}\n', file="main.tf"),
        Example("a template of CloudFormation", "present", "Parameters:\n  Source: {Type: String, Default: 0.0.0.0/0}\nResources:\n  Group:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      SecurityGroupIngress:\n        - IpProtocol: tcp\n          FromPort: 22\n          ToPort: 22\n          CidrIp: !Ref Source\n", file="template.yaml"),
        Example("a plan", "present", '{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {"resources": [{"address": "aws_security_group.a", "mode": "managed", "type": "aws_security_group", "name": "a", "values": {"ingress": [{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}]}}]}}}', file="plan.json"),
        Example("SSH from an office", "absent", _aws("22", '"203.0.113.0/24"'), file="main.tf"),
        Example("HTTPS from everywhere", "absent", _aws("443", '"0.0.0.0/0"'), file="main.tf"),
        Example("traffic that goes out", "absent", _aws("22", '"0.0.0.0/0"').replace("ingress", "egress"), file="main.tf"),
        Example("a rule of Azure that denies", "absent", 'resource "azurerm_network_security_rule" "a" {\n  direction = "Inbound"\n  access = "Deny"\n  protocol = "*"\n  source_address_prefix = "*"\n  destination_port_range = "*"\n}\n', file="main.tf"),
        Example("a firewall for tagged machines", "absent", 'resource "google_compute_firewall" "a" {\n  network = "default"\n  source_tags = ["web"]\n  allow {\n    protocol = "tcp"\n  }\n}\n', file="main.tf"),
        Example("a group that is not built", "absent", _aws("22", '"0.0.0.0/0"').replace("ingress {", "count = 0\n  ingress {", 1), file="main.tf"),
        Example("a source nobody gives", "unknown", 'variable "allowed" {}\n' + _aws("22", "var.allowed"), file="main.tf"),
    ),
)  # fmt: skip

_HTTP, _HTTPS = 80, 443
_WEB = frozenset({_HTTP, _HTTPS})


def _harmless(opening: Opening) -> bool:
    if opening.protocol not in {"tcp", "udp", "all"}:
        return opening.protocol == "icmp" or "icmp" in opening.protocol
    return opening.low == opening.high == _HTTPS


def examine(graph: Graph) -> Iterator[Hit]:
    """Every opening to everybody, worst ports first judged."""
    for estate in graph.cloud:
        for opening in openings(estate):
            if opening.anyone is False or _harmless(opening):
                continue
            what = f"{opening.ports}/{opening.protocol}" if opening.protocol != "all" else opening.ports
            locator = f"{opening.protocol}:{opening.low}-{opening.high}"
            evidence = opening.source.evidence
            name = opening.resource.asset.name
            if opening.anyone is None:
                yield Hit(
                    opening.resource.asset, f"Who may reach {what} through {name} cannot be known", evidence,
                    Fix("Give the variable a value, or scan the plan"), UNKNOWN_EXPOSURE, locator, Verdict.UNKNOWN, opening.source.reason,
                    Severity.LOW,
                )  # fmt: skip
                continue
            hop = Hop(f"{name} opens {what} to {opening.source.text or 'everybody'}", evidence[0])
            severity = Severity.MEDIUM if opening.low == opening.high == _HTTP else Severity.HIGH
            yield Hit(
                opening.resource.asset, f"{name} lets the internet reach {what}", evidence,
                Fix("Name the networks that need the port instead of everybody"), Exposure(Reach.INTERNET, (hop,)), locator, severity=severity,
            )  # fmt: skip
