"""What runs tomorrow is not what was tested today.

What it does
    Finds images without a tag, or with a tag that is made to move: ``latest``, ``main``, ``nightly`` and their like.

Why it matters
    A moving tag is an update nobody reviewed, taken whenever a node pulls. Whoever can push to it runs code on your accelerators; and
    whether a known vulnerability is in there cannot be said.

How to fix it
    A version tag, better a digest (``image@sha256:…``), moved by a pull request.

Unknown
    An image name that comes from an unresolved variable.
"""

import re
from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Persona, Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph, Workload
from undercroft.scan.recognise import Reference, reference

_SAMPLE = "services:\n  llm:\n    image: IMAGE\n"

CHECK = Check(
    title="Image that can change under the same name",
    severity=Severity.LOW,
    risk=Risk.MIS_ARTIFACT,
    references=("CWE-494", "CWE-829", "OWASP A03:2025", "OWASP A08:2025", "ATT&CK T1195.002"),
    weighed=False,
    confidence=Confidence.HIGH,
    persona=Persona.REGULAR,
    examples=(
        Example("latest", "present", _SAMPLE.replace("IMAGE", "vllm/vllm-openai:latest")),
        Example("no tag at all", "present", _SAMPLE.replace("IMAGE", "ghcr.io/open-webui/open-webui")),
        Example("a registry with a port and no tag", "present", _SAMPLE.replace("IMAGE", "registry.example:5000/team/model")),
        Example("a branch and a moving word", "present", _SAMPLE.replace("IMAGE", "ghcr.io/berriai/litellm:main-latest")),
        Example("a built image under a registry's name", "present", "services:\n  ui:\n    build: .\n    image: ghcr.io/acme/ui:${TAG-main}\n"),
        Example("a version that is called stable", "absent", _SAMPLE.replace("IMAGE", "ghcr.io/berriai/litellm:v1.80.11-stable.1")),
        Example("a reference that a build tool fills in", "absent", _SAMPLE.replace("IMAGE", "ko://github.com/acme/server/cmd/manager")),
        Example("a version", "absent", _SAMPLE.replace("IMAGE", "vllm/vllm-openai:v0.8.5")),
        Example("latest, pinned by its digest", "absent", _SAMPLE.replace("IMAGE", "redis:latest@sha256:" + "a" * 64)),
        Example("a variable without a default", "unknown", _SAMPLE.replace("IMAGE", "vllm/vllm-openai:${VLLM_TAG}")),
        Example("an image that is built here", "absent", "services:\n  llm:\n    build: .\n    image: llm\n    command: run\n"),
        Example("a build without a name", "absent", "services:\n  llm:\n    build: .\n"),
        Example("a stage of the same Dockerfile", "absent", "FROM python:3.11.9 AS base\nFROM base\nCMD python\n", file="Dockerfile"),
        Example("nothing at all to start from", "absent", "FROM scratch\nCOPY app /\n", file="Dockerfile"),
    ),
)  # fmt: skip

_REFERENCE = re.compile(
    r"^(?!(?:ko|docker|oci|https?)://)[a-z0-9][\w.\-]*(?::\d+)?(?:/[\w.\-]+)*(?::[\w.\-]+)?(?:@[\w:]+)?$"
)
"""An image name as OCI distribution writes it; anything else is filled in or built by a tool that was not run here."""
MOVING = frozenset(
    {
        "latest",
        "main",
        "master",
        "nightly",
        "dev",
        "edge",
        "stable",
        "rolling",
        "canary",
        "head",
        "develop",
        "trunk",
        "unstable",
    }
)
"""Words of tags that their publishers move by intention."""


def moves(tag: str | None) -> bool:
    """Whether a tag is made to move: none at all, or one of the words without a version beside it (``main-latest``, ``latest-gpu``)."""
    if tag is None:
        return True
    low = tag.lower()
    return low in MOVING or (
        bool(MOVING & set(re.split(r"[-_.]", low))) and re.search(r"\d+\.\d+|\d{8}|[0-9a-f]{7,}", low) is None
    )


def _built(workload: Workload, ref: Reference) -> bool:
    """Whether the image is only ever built here. A name with a registry's path is pulled wherever nobody has built it yet."""
    path = ref.repository.removeprefix("docker.io/").removeprefix("library/")
    return "built-here" in workload.spans and ("/" not in path or path.startswith(("local/", "localhost/")))


def examine(graph: Graph) -> Iterator[Hit]:
    """Images of workloads that are pulled, not built."""
    for workload in graph.workloads:
        image = workload.image
        if image is None or image.evidence is None or image.reason.startswith("built on stage"):
            continue
        if image.value is None and "built-here" in workload.spans:
            continue
        if image.value is None:
            yield Hit(
                workload.asset, "Which image runs cannot be known", (image.evidence,), Fix("Give the variable a default that is pinned"), workload.exposure, "image",
                Verdict.UNKNOWN, image.reason,
            )  # fmt: skip
            continue
        if (
            not _REFERENCE.match(re.sub(r"<[^<>/\s]+>", "placeholder", image.value)) or image.value == "auto"
        ):  # "auto": the mesh's own injection fills it in
            continue
        ref = reference(image.value)
        if ref.digest or ref.repository == "docker.io/library/scratch" or _built(workload, ref):
            continue
        if moves(ref.tag):
            what = f"tag {ref.tag}" if ref.tag else "no tag"
            fix = Fix("Pin the image to a version and its digest")
            yield Hit(
                workload.asset,
                f"The image {ref.repository} has {what}",
                (image.evidence,),
                fix,
                workload.exposure,
                "image",
            )
