"""A container takes every accelerator of its node, whoever they were given to.

What it does
    Finds Kubernetes containers that ask the container runtime for all GPUs by ``NVIDIA_VISIBLE_DEVICES=all`` without asking the
    scheduler for any.

Why it matters
    The device plugin hands an accelerator to one container. The variable goes round it: the container sees the memory of its
    neighbours' jobs, models and prompts included, and may take their time.

How to fix it
    Take the variable away and ask for ``nvidia.com/gpu`` in the limits. For sharing use MIG, which separates memory; time slicing
    does not. On the nodes set ``accept-nvidia-visible-devices-envvar-when-unprivileged = false``.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: t}\nspec:\n  containers:\n    - name: t\n      image: example/t:1\n      env: [{name: NVIDIA_VISIBLE_DEVICES, value: VALUE}]\nMORE"

CHECK = Check(
    title="Accelerators taken past the scheduler",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_HOST,
    references=("CWE-653", "OWASP A01:2025", "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html"),
    weighed=False,
    examples=(
        Example("all of them", "present", _POD.replace("VALUE", "all").replace("MORE", ""), file="pod.yaml"),
        Example("none", "absent", _POD.replace("VALUE", "void").replace("MORE", ""), file="pod.yaml"),
        Example("those the scheduler gave", "absent", _POD.replace("VALUE", "all").replace("MORE", "      resources: {limits: {nvidia.com/gpu: 1}}\n"), file="pod.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Containers that name all devices and were given none. What runs privileged to manage them is another matter."""
    for workload in graph.workloads:
        text = workload.environment.get("NVIDIA_VISIBLE_DEVICES")
        privileged = workload.granted("privileged")
        if workload.format != "kubernetes" or text is None or text.value != "all" or text.evidence is None:
            continue
        if "accelerators" in workload.container or (privileged is not None and privileged.value is True):
            continue
        yield Hit(
            workload.asset, "The container takes every GPU of its node", (text.evidence,), Fix("Ask the scheduler for the accelerators it needs"), workload.exposure, "visible-devices",
        )  # fmt: skip
