"""Every pod of a namespace inherits rights that one was meant to have.

What it does
    Finds role bindings whose subject is a namespace's ``default`` service account, or a group of all service accounts.

Why it matters
    A pod that names no account runs as ``default`` and carries its token. Rights given to it are given to every notebook, job and
    side-car somebody starts there.

How to fix it
    A service account of its own for the workload that needs the rights.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_BINDING = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b, namespace: ml}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: runner}\nsubjects: [{kind: ServiceAccount, name: NAME, namespace: ml}]\n"

CHECK = Check(
    title="Rights for the default service account",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_ORCH,
    references=("CWE-266", "CWE-269", "OWASP A01:2025", "CIS Kubernetes 5.1.5"),
    weighed=False,
    examples=(
        Example("the default account", "present", _BINDING.replace("NAME", "default"), file="binding.yaml"),
        Example("an account of its own", "absent", _BINDING.replace("NAME", "runner"), file="binding.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Bindings that reach pods nobody thought of."""
    for binding in graph.bindings:
        for kind, namespace, name in binding.subjects:
            if (kind == "ServiceAccount" and name == "default") or (
                kind == "Group" and name in {"system:serviceaccounts", "system:authenticated"}
            ):
                whom = (
                    f"the default service account of {namespace or 'its namespace'}"
                    if kind == "ServiceAccount"
                    else name
                )
                yield Hit(
                    binding.asset, f"{binding.role} is given to {whom}", (binding.evidence,), Fix("Give the workload a service account of its own"), UNKNOWN_EXPOSURE,
                    f"default:{namespace}:{name}",
                )  # fmt: skip
