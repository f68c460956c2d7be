"""A managed ML platform answers the public internet.

What it does
    Finds workspaces of Azure ML and Databricks, Azure AI services, online endpoints and Vertex AI endpoints that have public network
    access, and IP access lists that are switched off. Azure's default is public, Vertex AI's endpoints are public unless they name a
    network or a Private Service Connect.

Why it matters
    Keys and tokens of these platforms end up in notebooks and repositories. With public access a leaked one works from anywhere; behind a
    private endpoint it does not.

How to fix it
    Switch public network access off and reach the platform through a private endpoint; where people must come from outside, keep a list
    of the addresses they come from.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.cloud_fixes import added, changed
from undercroft.scan.graph import Graph

_WORKSPACE = 'resource "azurerm_machine_learning_workspace" "a" {\n  name = "w"\n  EXTRA\n}\n'
_ENDPOINT = 'resource "google_vertex_ai_endpoint" "a" {\n  name = "e"\n  EXTRA\n}\n'

CHECK = Check(
    title="ML platform open to the internet",
    severity=Severity.MEDIUM,
    risk=Risk.DEP_PRIVATE,
    references=("CWE-668", "OWASP A02:2025", "ATT&CK T1078.004", "ATLAS AML.T0040", "https://learn.microsoft.com/azure/machine-learning/how-to-configure-private-link", "https://cloud.google.com/vertex-ai/docs/predictions/choose-endpoint-type"),
    weighed=False,
    examples=(
        Example("a workspace that says so", "present", _WORKSPACE.replace("EXTRA", "public_network_access_enabled = true"), file="main.tf"),
        Example("a workspace as it is by default", "present", _WORKSPACE.replace("EXTRA", ""), file="main.tf"),
        Example("a module's workspace", "present", 'module "azureml" {\n  source = "../../"\n  public_network_access_enabled = true\n  workspace_managed_network = { isolation_mode = "AllowOnlyApprovedOutbound" }\n}\n', file="main.tf"),
        Example("an endpoint of Vertex AI without a network", "present", _ENDPOINT.replace("EXTRA", ""), file="main.tf"),
        Example("IP access lists of Databricks switched off", "present", 'resource "databricks_workspace_conf" "a" {\n  custom_config = {\n    "enableIpAccessLists" = false\n  }\n}\n', file="main.tf"),
        Example("a private workspace", "absent", _WORKSPACE.replace("EXTRA", "public_network_access_enabled = false"), file="main.tf"),
        Example("an endpoint with Private Service Connect", "absent", _ENDPOINT.replace("EXTRA", "private_service_connect_config {\n    enable_private_service_connect = true\n  }"), file="main.tf"),
        Example("a value nobody gives", "absent", 'variable "public" {}\n' + _WORKSPACE.replace("EXTRA", "public_network_access_enabled = var.public"), file="main.tf"),
    ),
)  # fmt: skip

_BY_DEFAULT = (
    "azurerm_machine_learning_workspace",
    "azurerm_databricks_workspace",
    "azurerm_ai_foundry",
    "azurerm_ai_services",
)
_SAID = (
    "azurerm_cognitive_account", "azurerm_search_service", "azurerm_machine_learning_online_endpoint", "azurerm_synapse_workspace",
    "azurerm_data_factory",
)  # fmt: skip
_ML_WORDS = (
    "machinelearning",
    "machine-learning",
    "azureml",
    "databricks",
    "cognitive",
    "openai",
    "ai-foundry",
    "ai_foundry",
    "aml",
)


def _is_ml(module: Resource) -> bool:
    """Whether a module whose files are not here makes an ML platform: by its source, its name or the inputs only those have."""
    words = f"{module.type} {module.name}".lower()
    return any(word in words for word in _ML_WORDS) or module.get("workspace_managed_network") is not None


def _rented(resource: Resource) -> bool:
    """Whether it serves the provider's own models behind the provider's own keys: nothing of yours is exposed but the key."""
    words = f"{resource.type} {resource.name}".lower()
    return any(word in words for word in ("cognitive", "openai", "ai_services", "search"))


def _found(estate: Estate) -> Iterator[tuple[Resource, str, Field, str]]:
    key = "public_network_access_enabled"
    for resource in estate.of(*_BY_DEFAULT):
        public = resource.get(key)
        if public is None or public.boolean is True:
            yield (
                resource,
                "has public network access" + ("" if public else " by default"),
                public or Field(resource.place),
                f"{key} = false",
            )
    for resource in (*estate.of(*_SAID), *(m for m in estate.modules() if _is_ml(m))):
        public = resource.get(key)
        if public is not None and public.boolean is True:
            yield resource, "has public network access", public, f"{key} = false"
    for resource in estate.of("google_vertex_ai_endpoint"):
        if resource.get("network") is None and resource.get("private_service_connect_config") is None:
            yield resource, "is a public endpoint", Field(resource.place), ""
    for resource in estate.of("google_vertex_ai_index_endpoint"):
        public = resource.get("public_endpoint_enabled")
        if public is not None and public.boolean is True:
            yield resource, "is a public endpoint", public, "public_endpoint_enabled = false"
    for resource in estate.of("databricks_workspace_conf"):
        lists = resource.get("custom_config", "enableIpAccessLists")
        if lists is not None and lists.boolean is False:
            yield resource, "switches the IP access lists off", lists, ""
    for resource in estate.of("azurerm_databricks_workspace"):
        hidden = resource.get("custom_parameters", "no_public_ip")
        if hidden is not None and hidden.boolean is False:
            yield resource, "gives its clusters public addresses", hidden, "no_public_ip = true"


def examine(graph: Graph) -> Iterator[Hit]:
    """Platforms with a public face, said or by default."""
    for estate in graph.cloud:
        for resource, what, place, setting in _found(estate):
            written = place.value is not None
            edits = (
                changed(place, setting.rpartition(" ")[2])
                if written and setting
                else (added(resource, setting) if setting else ())
            )
            exposure = Exposure(Reach.INTERNET, (Hop(f"{resource.asset.name} {what}", place.place.evidence),))
            fix = Fix("Switch public access off and reach it through a private endpoint", edits)
            yield Hit(
                resource.asset,
                f"{resource.asset.name} {what}",
                place.evidence,
                fix,
                exposure,
                what.removesuffix(" by default"),
                severity=Severity.INFO if _rented(resource) else None,
            )
