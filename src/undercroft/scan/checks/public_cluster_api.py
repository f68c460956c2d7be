"""The control plane of a cluster answers the internet.

What it does
    Finds EKS, GKE and AKS clusters whose API server has a public endpoint that no list of networks narrows.

Why it matters
    Every stolen token and every flaw of the API server then works from anywhere. Clusters with accelerators are the ones miners look for.

How to fix it
    A private endpoint, or a list of the networks that administer the cluster.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.cloud_access import ANYONE
from undercroft.scan.graph import Graph

_EKS = 'resource "aws_eks_cluster" "a" {\n  name = "ml"\n  vpc_config {\n    subnet_ids = ["subnet-1"]\n    EXTRA\n  }\n}\n'
_GKE = 'resource "google_container_cluster" "a" {\n  name = "ml"\n  EXTRA\n}\n'
_AKS = 'resource "azurerm_kubernetes_cluster" "a" {\n  name = "ml"\n  EXTRA\n}\n'

CHECK = Check(
    title="Public control plane",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_ORCH,
    references=("CWE-668", "OWASP A02:2025", "ATT&CK T1133", "CIS EKS 5.4.1", "https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html"),
    weighed=False,
    examples=(
        Example("EKS as it is by default", "present", _EKS.replace("EXTRA", ""), file="main.tf"),
        Example("EKS for every network", "present", _EKS.replace("EXTRA", 'public_access_cidrs = ["0.0.0.0/0"]'), file="main.tf"),
        Example("a module that makes EKS public", "present", 'module "eks" {\n  source = "terraform-aws-modules/eks/aws"\n  cluster_endpoint_public_access = true\n}\n', file="main.tf"),
        Example("GKE as it is by default", "present", _GKE.replace("EXTRA", ""), file="main.tf"),
        Example("AKS as it is by default", "present", _AKS.replace("EXTRA", ""), file="main.tf"),
        Example("EKS for one network", "absent", _EKS.replace("EXTRA", 'public_access_cidrs = ["203.0.113.0/24"]'), file="main.tf"),
        Example("EKS with a private endpoint", "absent", _EKS.replace("EXTRA", "endpoint_public_access = false"), file="main.tf"),
        Example("EKS with networks that come from elsewhere", "absent", 'variable "networks" {}\n' + _EKS.replace("EXTRA", "public_access_cidrs = var.networks"), file="main.tf"),
        Example("GKE with a list of networks", "absent", _GKE.replace("EXTRA", 'master_authorized_networks_config {\n    cidr_blocks {\n      cidr_block = "203.0.113.0/24"\n    }\n  }'), file="main.tf"),
        Example("a private AKS", "absent", _AKS.replace("EXTRA", "private_cluster_enabled = true"), file="main.tf"),
    ),
)  # fmt: skip


def _everybody(value: Field | None) -> Field | None:
    return next((each for each in value.each() if each.text in ANYONE), None) if value is not None else None


def _on(value: Field | None) -> bool | None:
    """A switch that is on, off, or unknown; ``None`` also when nobody writes it."""
    return value.boolean if value is not None else None


def _eks(resource: Resource, holder: Field, prefix: str, *, default: bool) -> tuple[Resource, Field] | None:
    public, networks = (
        holder.get(f"{prefix}endpoint_public_access"),
        holder.get(f"{prefix}endpoint_public_access_cidrs" if prefix else "public_access_cidrs"),
    )
    if public is not None and public.boolean is not True:
        return None
    if public is None and not default:
        return None
    if networks is not None:
        place = _everybody(networks)
        return (resource, place) if place is not None else None
    return resource, public or Field(resource.place)


def _found(estate: Estate) -> Iterator[tuple[Resource, Field]]:
    for resource in estate.of("aws_eks_cluster"):
        holder = resource.get("vpc_config") or resource.get("resources_vpc_config") or resource.body
        if (found := _eks(resource, holder, "", default=True)) is not None:
            yield found
    for resource in estate.modules():
        if "eks" in resource.type and (found := _eks(resource, resource.body, "cluster_", default=False)) is not None:
            yield found
    for resource in estate.of("google_container_cluster"):
        private = resource.get("private_cluster_config", "enable_private_endpoint") or resource.get(
            "control_plane_endpoints_config"
        )
        networks = resource.get("master_authorized_networks_config")
        if private is not None and private.boolean is not False:
            continue
        if networks is None:
            yield resource, Field(resource.place)
            continue
        for block in networks.each():
            for network in block.all("cidr_blocks"):
                if (place := _everybody(network.get("cidr_block"))) is not None:
                    yield resource, place
    for resource in estate.of("azurerm_kubernetes_cluster"):
        private, profile = resource.get("private_cluster_enabled"), resource.get("api_server_access_profile")
        ranges = resource.get("api_server_authorized_ip_ranges") or (
            profile.get("authorized_ip_ranges") if profile is not None else None
        )
        if (private is not None and private.boolean is not False) or (
            ranges is not None and _everybody(ranges) is None
        ):
            continue
        yield resource, _everybody(ranges) or Field(resource.place)


def examine(graph: Graph) -> Iterator[Hit]:
    """Clusters with an API server for everybody, said or by default."""
    for estate in graph.cloud:
        for resource, place in _found(estate):
            title = f"The API server of {resource.asset.name} answers every network"
            exposure = Exposure(Reach.INTERNET, (Hop("public endpoint of the API server", place.place.evidence),))
            fix = Fix("Make the endpoint private, or list the networks that administer the cluster")
            yield Hit(resource.asset, title, place.evidence, fix, exposure, "api-server")
