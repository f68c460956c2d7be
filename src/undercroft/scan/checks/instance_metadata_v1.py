"""An instance hands out its credentials to any request it can be made to send.

What it does
    Finds EC2 instances, launch templates and SageMaker notebooks that still answer the first version of the metadata service.

Why it matters
    A model server that fetches addresses for its users (images, datasets, tools) can be asked to fetch the metadata service. Version 1
    answers a plain GET with the role's credentials; version 2 wants a session token such a request cannot get.

How to fix it
    ``metadata_options { http_tokens = "required" }``, and a hop limit of 1 unless containers need it.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud_fixes import added, changed
from undercroft.scan.graph import Graph

_SAMPLE = 'resource "aws_instance" "a" {\n  ami = "ami-1"\n  EXTRA\n}\n'

CHECK = Check(
    title="Metadata service version 1",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_HOST,
    references=("CWE-918", "OWASP A01:2025", "ATT&CK T1552.005", "CIS AWS Foundations 5.6", "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html"),
    weighed=False,
    examples=(
        Example("tokens are optional", "present", _SAMPLE.replace("EXTRA", 'metadata_options {\n    http_tokens = "optional"\n  }'), file="main.tf"),
        Example("nothing is said", "present", _SAMPLE.replace("EXTRA", ""), file="main.tf"),
        Example("tokens are required", "absent", _SAMPLE.replace("EXTRA", 'metadata_options {\n    http_tokens = "required"\n  }'), file="main.tf"),
        Example("the service is off", "absent", _SAMPLE.replace("EXTRA", 'metadata_options {\n    http_endpoint = "disabled"\n  }'), file="main.tf"),
        Example("a launch template of its own", "absent", _SAMPLE.replace("EXTRA", 'launch_template {\n    id = "lt-1"\n  }'), file="main.tf"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Instances and templates that do not require tokens."""
    for estate in graph.cloud:
        for resource in estate.of("aws_instance", "aws_launch_template", "aws_launch_configuration"):
            holder = resource.get("launch_template_data") or resource.body
            tokens, endpoint = (
                holder.get("metadata_options", "http_tokens"),
                holder.get("metadata_options", "http_endpoint"),
            )
            if (tokens is not None and tokens.text != "optional") or (
                endpoint is not None and endpoint.text == "disabled"
            ):
                continue
            if tokens is None and resource.get("launch_template") is not None:
                continue
            evidence = tokens.evidence if tokens is not None else (resource.place.evidence,)
            edits = changed(tokens, '"required"') if tokens is not None else ()
            if tokens is None and holder.get("metadata_options") is None:
                edits = added(resource, 'metadata_options {\n    http_tokens = "required"\n  }\n')
            title = f"{resource.asset.name} answers version 1 of the metadata service" + (
                "" if tokens else " unless its image forbids it"
            )
            severity = None if tokens is not None else Severity.LOW
            yield Hit(
                resource.asset,
                title,
                evidence,
                Fix("Require session tokens", edits),
                UNKNOWN_EXPOSURE,
                "metadata",
                severity=severity,
            )
