"""A registry lets tags be moved, or does not look at what it stores.

What it does
    Finds repositories of ECR and Artifact Registry whose tags can be overwritten, and repositories of ECR that do not scan on push.

Why it matters
    A tag that can be moved lets whoever may push replace the model server that runs tomorrow, under the name that was reviewed.

How to fix it
    ``image_tag_mutability = "IMMUTABLE"`` and ``scan_on_push = true``; ``immutable_tags`` in Artifact Registry.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud_fixes import added, changed
from undercroft.scan.graph import Graph

_SAMPLE = 'resource "aws_ecr_repository" "a" {\n  name = "model"\n  EXTRA\n}\n'

CHECK = Check(
    title="Registry with mutable tags",
    severity=Severity.LOW,
    risk=Risk.MIS_ARTIFACT,
    references=("CWE-494", "OWASP A08:2025", "ATT&CK T1525", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"),
    weighed=False,
    persona=Persona.PEDANTIC,
    examples=(
        Example("tags can be overwritten by default", "present", _SAMPLE.replace("EXTRA", ""), file="main.tf"),
        Example("tags can be overwritten", "present", _SAMPLE.replace("EXTRA", 'image_tag_mutability = "MUTABLE"\n  image_scanning_configuration {\n    scan_on_push = true\n  }'), file="main.tf"),
        Example("tags stay, pushes are scanned", "absent", _SAMPLE.replace("EXTRA", 'image_tag_mutability = "IMMUTABLE"\n  image_scanning_configuration {\n    scan_on_push = true\n  }'), file="main.tf"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Repositories, one hit for tags and one for scans."""
    for estate in graph.cloud:
        for resource in estate.of("aws_ecr_repository"):
            name, mutable = resource.asset.name, resource.get("image_tag_mutability")
            if mutable is None or mutable.text.startswith("MUTABLE"):
                evidence = mutable.evidence if mutable is not None else (resource.place.evidence,)
                edits = (
                    changed(mutable, '"IMMUTABLE"')
                    if mutable is not None
                    else added(resource, 'image_tag_mutability = "IMMUTABLE"')
                )
                yield Hit(
                    resource.asset,
                    f"Tags of {name} can be overwritten",
                    evidence,
                    Fix("Make tags immutable", edits),
                    UNKNOWN_EXPOSURE,
                    "tags",
                )
            scan = resource.get("image_scanning_configuration", "scan_on_push")
            if scan is None or scan.boolean is False:
                evidence = scan.evidence if scan is not None else (resource.place.evidence,)
                fix = Fix("Scan images when they are pushed", changed(scan, "true"))
                yield Hit(
                    resource.asset, f"{name} does not scan what is pushed", evidence, fix, UNKNOWN_EXPOSURE, "scan"
                )
        for resource in estate.of("google_artifact_registry_repository"):
            form, fixed = resource.get("format"), resource.get("docker_config", "immutable_tags")
            if form is not None and form.text.upper() == "DOCKER" and (fixed is None or fixed.boolean is False):
                evidence = fixed.evidence if fixed is not None else (resource.place.evidence,)
                fix = Fix("Make tags immutable", changed(fixed, "true"))
                yield Hit(
                    resource.asset,
                    f"Tags of {resource.asset.name} can be overwritten",
                    evidence,
                    fix,
                    UNKNOWN_EXPOSURE,
                    "tags",
                )
