"""A database has a public address.

What it does
    Finds managed databases, caches and warehouses that are publicly accessible, accept connections from every address, or whose
    firewall starts at ``0.0.0.0``: RDS, Aurora, Redshift, DMS, Neptune, OpenSearch, Cloud SQL, Azure SQL, PostgreSQL and MySQL.

Why it matters
    Experiment metadata, features and credentials of the whole pipeline sit in these stores. A public one is protected by its password
    alone, and passwords are what sprayers try.

How to fix it
    Keep it in private subnets, or behind a private endpoint, and let the applications' networks in by name.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.cloud_access import ANYONE, statements
from undercroft.scan.cloud_fixes import changed
from undercroft.scan.graph import Graph

_RDS = 'resource "aws_db_instance" "a" {\n  engine = "postgres"\n  publicly_accessible = VALUE\n}\n'
_SQL = 'resource "google_sql_database_instance" "a" {\n  settings {\n    ip_configuration {\n      ipv4_enabled = true\n      authorized_networks {\n        value = "SOURCE"\n      }\n    }\n  }\n}\n'

CHECK = Check(
    title="Database open to the internet",
    severity=Severity.HIGH,
    risk=Risk.SYS_STORE,
    references=("CWE-668", "CWE-284", "OWASP A01:2025", "ATT&CK T1190", "CIS AWS Foundations 2.3.3", "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html"),
    examples=(
        Example("a public instance of RDS", "present", _RDS.replace("VALUE", "true"), file="main.tf"),
        Example("a public instance by way of a default", "present", 'variable "public" {\n  default = true\n}\n' + _RDS.replace("VALUE", "var.public"), file="main.tf"),
        Example("a module that makes a public one", "present", 'module "db" {\n  source = "terraform-aws-modules/rds/aws"\n  publicly_accessible = true\n}\n', file="main.tf"),
        Example("Cloud SQL for every network", "present", _SQL.replace("SOURCE", "0.0.0.0/0"), file="main.tf"),
        Example("a firewall of Azure from the first address to the last", "present", 'resource "azurerm_postgresql_flexible_server_firewall_rule" "a" {\n  start_ip_address = "0.0.0.0"\n  end_ip_address = "255.255.255.255"\n}\n', file="main.tf"),
        Example("RDS in CloudFormation", "present", "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      PubliclyAccessible: true\n", file="template.yaml"),
        Example("a private instance", "absent", _RDS.replace("VALUE", "false"), file="main.tf"),
        Example("a value nobody gives", "absent", 'variable "public" {}\n' + _RDS.replace("VALUE", "var.public"), file="main.tf"),
        Example("Cloud SQL for one network", "absent", _SQL.replace("SOURCE", "203.0.113.0/24"), file="main.tf"),
        Example("Azure's own services alone", "absent", 'resource "azurerm_postgresql_flexible_server_firewall_rule" "a" {\n  start_ip_address = "0.0.0.0"\n  end_ip_address = "0.0.0.0"\n}\n', file="main.tf"),
    ),
)  # fmt: skip

_PUBLIC = (
    "aws_db_instance", "aws_rds_cluster_instance", "aws_rds_cluster", "aws_redshift_cluster", "aws_redshiftserverless_workgroup",
    "aws_dms_replication_instance", "aws_neptune_cluster_instance", "aws_mq_broker",
)  # fmt: skip
_FIRST = frozenset({"0.0.0.0", "0.0.0.1"})  # noqa: S104 - read, not bound
_FIREWALLS = (
    "azurerm_mssql_firewall_rule", "azurerm_sql_firewall_rule", "azurerm_postgresql_firewall_rule", "azurerm_mysql_firewall_rule",
    "azurerm_postgresql_flexible_server_firewall_rule", "azurerm_mysql_flexible_server_firewall_rule", "azurerm_redis_firewall_rule",
    "azurerm_synapse_firewall_rule",
)  # fmt: skip


def _found(estate: Estate) -> Iterator[tuple[Resource, str, Field, tuple[str, ...]]]:
    for resource in (*estate.of(*_PUBLIC), *estate.modules()):
        public = resource.get("publicly_accessible")
        if public is not None and public.boolean is True:
            yield resource, "is publicly accessible", public, ("false",)
    for resource in estate.of("google_sql_database_instance"):
        for settings in resource.all("settings"):
            for address in settings.all("ip_configuration"):
                for network in address.all("authorized_networks"):
                    value = network.get("value")
                    if value is not None and value.text in ANYONE:
                        yield resource, "accepts connections from everybody", value, ()
    for resource in estate.of(*_FIREWALLS):
        start, end = resource.get("start_ip_address"), resource.get("end_ip_address")
        if start is not None and end is not None and start.text in _FIRST and end.text.startswith("255."):
            yield resource, "lets every address in", start, ()
    for resource in estate.of("aws_opensearch_domain", "aws_elasticsearch_domain"):
        if resource.get("vpc_options") is None:
            for statement in statements(estate, resource.get("access_policies")):
                everybody = next((p for p in statement.principals if p.text == "*"), None)
                if everybody is not None and not statement.conditional:
                    yield resource, "stands outside a network and answers everybody", everybody, ()


def examine(graph: Graph) -> Iterator[Hit]:
    """Stores that say so themselves, or whose firewall does."""
    for estate in graph.cloud:
        for resource, what, place, new in _found(estate):
            exposure = Exposure(Reach.INTERNET, (Hop(f"{resource.asset.name} {what}", place.place.evidence),))
            fix = Fix(
                "Keep it in private subnets and let the applications in by name", changed(place, new[0]) if new else ()
            )
            yield Hit(resource.asset, f"{resource.asset.name} {what}", place.evidence, fix, exposure, what)
