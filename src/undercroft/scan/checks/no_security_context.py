"""A container gives away no right at all.

What it does
    Finds Kubernetes containers of recognised ML components, containers with an accelerator, and containers reachable from outside, for
    which neither the pod nor the container says anything about users and privileges; and an empty ``securityContext: {}`` anywhere.

Why it matters
    Without a security context the image decides the user, which for most serving images is root; every default capability is kept and
    a set-uid program may raise privileges. Model servers parse what strangers send: they should hold as little as possible.

How to fix it
    ``runAsNonRoot: true``, ``allowPrivilegeEscalation: false``, ``capabilities: {drop: [ALL]}`` and
    ``seccompProfile: {type: RuntimeDefault}``: the restricted Pod Security Standard.

Not reported
    A context that says something, however little: single rights have checks of their own.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.edits import inserted, replaced
from undercroft.scan.graph import Graph, Workload

_POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  containers:\n    - name: llm\n      image: IMAGE\nMORE"
)

CHECK = Check(
    title="No security context",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_ORCH,
    references=("CWE-250", "CWE-1188", "OWASP A02:2025", "CIS Kubernetes 5.2.1", "https://kubernetes.io/docs/concepts/security/pod-security-standards/"),
    weighed=False,
    examples=(
        Example("a model server about which nothing is said", "present", _POD.replace("IMAGE", "vllm/vllm-openai:v0.8.5").replace("MORE", ""), file="pod.yaml"),
        Example("an empty context", "present", _POD.replace("IMAGE", "example/store:1").replace("MORE", "      securityContext: {}\n"), file="pod.yaml"),
        Example("a user is named", "absent", _POD.replace("IMAGE", "vllm/vllm-openai:v0.8.5").replace("MORE", "      securityContext: {runAsNonRoot: true}\n"), file="pod.yaml"),
        Example("the pod's context holds for its containers", "absent", _POD.replace("IMAGE", "vllm/vllm-openai:v0.8.5").replace("MORE", "  securityContext: {runAsUser: 1000}\n"), file="pod.yaml"),
        Example("nobody knows the image, nobody reaches it", "absent", _POD.replace("IMAGE", "example/tool:1").replace("MORE", ""), file="pod.yaml"),
    ),
)  # fmt: skip

_KEYS = (
    "allowPrivilegeEscalation: false", "runAsNonRoot: true", "capabilities:", "  drop: [ALL]", "seccompProfile:", "  type: RuntimeDefault",
)  # fmt: skip


def _fix(workload: Workload) -> Fix:
    empty, first = workload.spans.get("empty:securityContext"), workload.spans.get("insert:container")
    note = "the image's folders must belong to a user of its own, named by runAsUser where the image does not name one"
    if empty is not None:
        flow = "{allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}"
        return Fix("Say what the container may do", (replaced(empty, flow),), note)
    if first is None:
        return Fix("Say what the container may do", (), note)
    pad = " " * (first.start - 1)
    text = "securityContext:\n" + "".join(f"{pad}  {line}\n" for line in _KEYS) + pad
    return Fix("Say what the container may do", (inserted(first, text),), note)


def examine(graph: Graph) -> Iterator[Hit]:
    """Main containers whose ``security-context`` is known to be nothing."""
    for workload in graph.workloads:
        context = workload.granted("security-context")
        if context is None or context.value is not None or not context.known or "init" in workload.container:
            continue
        reach = workload.exposure.reach
        matters = (
            workload.running or "accelerators" in workload.container or (reach is not None and reach >= Reach.PRIVATE)
        )
        if not matters and context.origin is not Origin.EXPLICIT:
            continue
        yield Hit(
            workload.asset, "Nothing says which rights the container gives up", context.evidence, _fix(workload), workload.exposure, "security-context",
            severity=Severity.MEDIUM if matters else Severity.LOW,
        )  # fmt: skip
