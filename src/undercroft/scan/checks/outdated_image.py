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
    references=("CWE-1104", "CWE-1395", "OWASP A03:2025", "ATT&CK T1190", "https://endoflife.date/", "https://docs.nvidia.com/ai-enterprise/release-notes/latest/feature-branch.html"),
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
        Example("a long-term branch", "absent", _SAMPLE.replace("IMAGE", "nvcr.io/nvidia/pytorch-lts2:23.12-py3")),
        Example("no version at all", "absent", _SAMPLE.replace("IMAGE", "postgres:alpine")),
    ),
)  # fmt: skip

# Last releases whose support has ended, with the month it did: the maintenance dates that https://endoflife.date (MIT) takes over
# from the makers' own pages, under the product named beside each row. Paid extensions (Ubuntu Pro, Debian ELTS) do not count.
_ENDED: dict[str, tuple[tuple[int, ...], str]] = {
    "library/postgres": ((12,), "November 2024"),  # /postgresql: 12 until 2024-11-14
    "library/mysql": ((5, 7), "October 2023"),  # /mysql: 5.7 until 2023-10-31
    "library/mariadb": ((10, 5), "June 2025"),  # /mariadb: 10.5 until 2025-06-24
    "library/mongo": ((5, 0), "October 2024"),  # /mongodb: 5.0 until 2024-10-31
    "library/redis": ((6, 0), "May 2022"),  # /redis: 6.0 until 2022-05-31; 6.2 outlives 7.0
    "library/rabbitmq": ((3, 11), "December 2023"),  # /rabbitmq: community support of 3.11 until 2023-12-31
    "library/python": ((3, 8), "October 2024"),  # /python: 3.8 until 2024-10
    "library/node": ((16,), "September 2023"),  # /nodejs: 16 until 2023-09-11
    # https://go.dev/doc/devel/release: supported until two newer releases are out; 1.23 came on 2024-08-13.
    "library/golang": ((1, 21), "August 2024"),
    "library/ubuntu": ((18, 4), "May 2023"),  # /ubuntu: 18.04 until 2023-05-31
    "library/debian": ((10,), "June 2024"),  # /debian: long-term support of 10 until 2024-06-30
    "library/centos": ((8,), "June 2024"),  # /centos: 8 until 2021-12-31, 7 until 2024-06-30
    "library/alpine": ((3, 16), "May 2024"),  # /alpine: 3.16 until 2024-05-23
    "library/elasticsearch": ((6, 8), "February 2022"),  # /elasticsearch: 6 until 2022-02-10
}
_CODENAMES: dict[str, dict[str, tuple[int, ...]]] = {
    "library/debian": {"jessie": (8,), "stretch": (9,), "buster": (10,)},
    "library/ubuntu": {"trusty": (14, 4), "xenial": (16, 4), "bionic": (18, 4)},
}
_NVIDIA = re.compile(r"^nvcr\.io/nvidia/[\w\-]+$")
_NVIDIA_LAST = (23, 12)
"""Monthly images up to this one, of December 2023. NVIDIA supports a monthly image until the next one and fixes flaws in later ones
(https://docs.nvidia.com/ai-enterprise/release-notes/latest/feature-branch.html); the branches supported for longer that had begun by
then, PB 23h2 and LTSB 1, have ended as well. An image named for another long-term branch is left alone."""


def _version(tag: str) -> tuple[int, ...]:
    match = re.match(r"v?(\d+(?:\.\d+)*)(?:[-_].*)?$", tag)
    return tuple(int(part) for part in match[1].split(".")[:4]) if match and len(match[1]) < 40 else ()


def ended(image: str) -> str:
    """Since when a release gets no fixes, in words; empty when it does, or when nobody here knows."""
    ref = reference(image)
    if ref.tag is None:
        return ""
    version, path = _version(ref.tag), ref.repository.removeprefix("docker.io/")
    monthly = _NVIDIA.match(ref.repository) and "lts" not in f"{ref.repository}:{ref.tag}".lower()
    if monthly and len(version) >= 2 and 17 <= version[0] <= 40 and 1 <= version[1] <= 12:
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
