"""A machine runs as the project's default service account.

What it does
    Finds instances and node pools of Google Cloud that use the default service account with the ``cloud-platform`` scope, or that name
    neither account nor scopes and so get the default.

Why it matters
    The Compute Engine default account is an editor of the project unless the organisation forbids it. Code that runs on the machine, such
    as a notebook or a model, then may change and read nearly everything in the project.

How to fix it
    A service account for this one job, with the roles it needs; on GKE, Workload Identity.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Field, Resource
from undercroft.scan.graph import Graph

_INSTANCE = 'resource "google_compute_instance" "a" {\n  machine_type = "e2-small"\n  EXTRA\n}\n'
_ACCOUNT = 'service_account {\n    EMAIL\n    scopes = ["SCOPE"]\n  }'

CHECK = Check(
    title="Default service account",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_STORE,
    references=("CWE-250", "OWASP A01:2025", "ATT&CK T1078.004", "CIS Google Cloud 4.2", "https://cloud.google.com/compute/docs/access/service-accounts"),
    weighed=False,
    examples=(
        Example("the whole platform for the default account", "present", _INSTANCE.replace("EXTRA", _ACCOUNT.replace("EMAIL", "").replace("SCOPE", "cloud-platform")), file="main.tf"),
        Example("a node pool that names no account", "present", 'resource "google_container_node_pool" "a" {\n  node_config {\n    machine_type = "e2-small"\n    oauth_scopes = ["https://www.googleapis.com/auth/cloud-platform"]\n  }\n}\n', file="main.tf"),
        Example("an account of its own", "absent", _INSTANCE.replace("EXTRA", _ACCOUNT.replace("EMAIL", 'email = "train@p.iam.gserviceaccount.com"').replace("SCOPE", "cloud-platform")), file="main.tf"),
        Example("a narrow scope", "absent", _INSTANCE.replace("EXTRA", _ACCOUNT.replace("EMAIL", "").replace("SCOPE", "logging-write")), file="main.tf"),
        Example("no account at all", "absent", _INSTANCE.replace("EXTRA", ""), file="main.tf"),
    ),
)  # fmt: skip

_WHOLE = ("cloud-platform", "https://www.googleapis.com/auth/cloud-platform")


def _wide(resource: Resource) -> Field | None:
    for holder in resource.all("service_account"):
        email = holder.get("email")
        if email is None or email.text.endswith("-compute@developer.gserviceaccount.com"):
            found = next((s for s in holder.all("scopes") if s.text in _WHOLE), None)
            if found is not None:
                return found
    for holder in (*resource.all("node_config"), *resource.all("gce_setup")):
        account = holder.get("service_account")
        if account is None or account.text == "default":
            return next((s for s in holder.all("oauth_scopes") if s.text in _WHOLE), None)
    return None


def examine(graph: Graph) -> Iterator[Hit]:
    """Machines that get the default account together with every scope."""
    for estate in graph.cloud:
        for resource in estate.of(
            "google_compute_instance",
            "google_compute_instance_template",
            "google_container_node_pool",
            "google_container_cluster",
        ):
            place = _wide(resource)
            if place is not None:
                title = f"{resource.asset.name} runs as the default service account with every scope"
                yield Hit(
                    resource.asset,
                    title,
                    place.evidence,
                    Fix("Give it a service account of its own"),
                    UNKNOWN_EXPOSURE,
                    "service-account",
                )
