"""A container's process is root.

What it does
    Finds containers that say they run as user 0, and Dockerfiles whose last stage says so.

Why it matters
    Root inside is one kernel or runtime flaw away from root outside, and may write every mounted model and data folder meanwhile.

How to fix it
    ``user: "1000:1000"``, ``runAsNonRoot: true`` with a numeric ``runAsUser``, ``USER`` in the Dockerfile.

Not reported
    A container that says nothing: the image decides, and this check does not guess.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_COMPOSE = "services:\n  notebook:\n    image: quay.io/jupyter/base-notebook:2025-03-14\n    user: VALUE\n"

CHECK = Check(
    title="Container runs as root",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_ORCH,
    references=("CWE-250", "OWASP A02:2025", "CIS Kubernetes 5.2.7", "CIS Docker 4.1"),
    weighed=False,
    examples=(
        Example("user root in Compose", "present", _COMPOSE.replace("VALUE", "root")),
        Example("user 0 in a pod", "present", "apiVersion: v1\nkind: Pod\nmetadata: {name: t}\nspec:\n  securityContext: {runAsUser: 0}\n  containers:\n    - {name: t, image: 'pytorch/pytorch:2.5.1'}\n", file="pod.yaml"),
        Example("USER root last in a Dockerfile", "present", 'FROM python:3.11\nUSER app\nUSER root\nCMD ["python"]\n', file="Dockerfile"),
        Example("USER root, then another", "absent", 'FROM python:3.11\nUSER root\nUSER app\nCMD ["python"]\n', file="Dockerfile"),
        Example("a numeric user", "absent", _COMPOSE.replace("VALUE", '"1000:100"')),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Workloads whose user is written and is root."""
    for workload in graph.workloads:
        user = workload.granted("user")
        if user is not None and user.origin is Origin.EXPLICIT and str(user.value).partition(":")[0] in {"0", "root"}:
            fix = Fix("Run it as a user of its own", note="the image's folders must belong to that user")
            yield Hit(workload.asset, "The container runs as root", user.evidence, fix, workload.exposure, "user")
