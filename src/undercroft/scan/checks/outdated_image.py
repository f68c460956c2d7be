"""An image whose makers no longer mend it.

What it does
    Finds images of releases whose support has ended: databases, language runtimes and distributions by the end of their maintenance,
    NVIDIA's monthly images by their age.

Why it matters
    Nobody publishes fixes for these any more, and nobody publishes advisories either, so a scanner that finds nothing in them says
    nothing. Known flaws of old inference servers give code execution to whoever may send a request.

How to fix it
    Move to a release that is maintained. For a database plan the upgrade; its data folder is tied to the major version.

Unknown
    A tag that says no version is not reported here; ``mutable-image`` speaks of it.
"""

import re
from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph
from undercroft.scan.recognise import reference

_SAMPLE = "services:\n  s:\n    image: IMAGE\n"

CHECK = Check(
    title="Image beyond its support",
    severity=Severity.MEDIUM,
    risk=Risk.TTP_VULN,
    references=("CWE-1104", "CWE-1395", "OWASP A03:2025", "ATT&CK T1190", "https://endoflife.date/", "https://docs.nvidia.com/deeplearning/frameworks/support-matrix/"),
    weighed=False,
    examples=(
        Example("a database of 2018", "present", _SAMPLE.replace("IMAGE", "postgres:11.5")),
        Example("the same for another system", "present", _SAMPLE.replace("IMAGE", "library/postgres:9.6-alpine")),
        Example("an inference server of 2022", "present", _SAMPLE.replace("IMAGE", "nvcr.io/nvidia/tritonserver:22.01-py3")),
        Example("a runtime that an image is built on", "present", 'FROM python:3.7-slim\nCMD ["python", "app.py"]\n', file="Dockerfile"),
        Example("a database that is maintained", "absent", _SAMPLE.replace("IMAGE", "postgres:16.2")),
        Example("an inference server of last year", "absent", _SAMPLE.replace("IMAGE", "nvcr.io/nvidia/tritonserver:25.01-py3")),
        Example("the same number of another product", "absent", _SAMPLE.replace("IMAGE", "acme/postgres-exporter:9.6")),
        Example("a tag that moves on within a major version", "absent", _SAMPLE.replace("IMAGE", "python:3-slim")),
        Example("no version at all", "absent", _SAMPLE.replace("IMAGE", "postgres:alpine")),
    ),
)  # fmt: skip

# Last releases whose support has ended, with the month it did; from the makers' own pages as endoflife.date (MIT) collects them.
_ENDED: dict[str, tuple[tuple[int, ...], str]] = {
    "library/postgres": ((12,), "November 2024"),
    "library/mysql": ((5, 7), "October 2023"),
    "library/mariadb": ((10, 5), "June 2025"),
    "library/mongo": ((5, 0), "October 2024"),
    "library/redis": ((6, 0), "May 2022"),
    "library/rabbitmq": ((3, 11), "December 2023"),
    "library/python": ((3, 8), "October 2024"),
    "library/node": ((16,), "September 2023"),
    "library/golang": ((1, 21), "August 2024"),
    "library/ubuntu": ((18, 4), "May 2023"),
    "library/debian": ((10,), "June 2024"),
    "library/centos": ((8,), "June 2024"),
    "library/alpine": ((3, 16), "May 2024"),
    "library/elasticsearch": ((6, 8), "February 2022"),
}
_CODENAMES: dict[str, dict[str, tuple[int, ...]]] = {
    "library/debian": {"jessie": (8,), "stretch": (9,), "buster": (10,)},
    "library/ubuntu": {"trusty": (14, 4), "xenial": (16, 4), "bionic": (18, 4)},
}
_NVIDIA = re.compile(r"^nvcr\.io/nvidia/[\w\-]+$")
_NVIDIA_LAST = (23, 12)
"""Monthly images up to this one, of December 2023, are built on CUDA and framework releases that get no fixes."""


def _version(tag: str) -> tuple[int, ...]:
    match = re.match(r"v?(\d+(?:\.\d+)*)(?:[-_].*)?$", tag)
    return tuple(int(part) for part in match[1].split(".")[:4]) if match and len(match[1]) < 40 else ()


def ended(image: str) -> str:
    """Since when a release gets no fixes, in words; empty when it does, or when nobody here knows."""
    ref = reference(image)
    if ref.tag is None:
        return ""
    version, path = _version(ref.tag), ref.repository.removeprefix("docker.io/")
    if _NVIDIA.match(ref.repository) and len(version) >= 2 and 17 <= version[0] <= 40 and 1 <= version[1] <= 12:
        return f"it was made in {version[1]:02d}/20{version[0]:02d}" if version[:2] <= _NVIDIA_LAST else ""
    if path not in _ENDED:
        return ""
    last, since = _ENDED[path]
    version = version or next(
        (n for word, n in _CODENAMES.get(path, {}).items() if ref.tag.lower().startswith(word)), ()
    )
    # A tag with fewer parts, such as python:3, moves on to releases that are maintained.
    return (
        f"its support ended in {since} or before" if len(version) >= len(last) and version[: len(last)] <= last else ""
    )


def examine(graph: Graph) -> Iterator[Hit]:
    """Images whose release is known to have ended."""
    for workload in graph.workloads:
        image = workload.image
        if image is None or image.value is None or image.evidence is None:
            continue
        since = ended(image.value)
        if since:
            ref = reference(image.value)
            yield Hit(
                workload.asset, f"{ref.repository.removeprefix('docker.io/library/')}:{ref.tag} gets no fixes: {since}", (image.evidence,),
                Fix("Move to a release that is maintained"), workload.exposure, "image-support",
            )  # fmt: skip
