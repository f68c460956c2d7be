"""A service account may do far more than its work.

What it does
    Finds bindings to ``cluster-admin``, and rules of roles that allow everything, read every Secret, run commands in pods, or raise
    their own rights (``escalate``, ``bind``, ``impersonate``).

Why it matters
    A token of the account lies in every pod that uses it. With these rights, whoever takes one notebook or pipeline step takes the
    namespace or the cluster: reads the credentials of every store, or starts a pod that mounts the node.

How to fix it
    Name the verbs and resources that are used; a Role in the namespace instead of a ClusterRole; ``resourceNames`` for Secrets.
"""

from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cluster import Role, Rule
from undercroft.scan.graph import Graph

_ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: runner}\nrules:\n  - apiGroups: [GROUPS]\n    resources: [RESOURCES]\n    verbs: [VERBS]\n"
_BINDING = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: runner}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ROLE}\nsubjects: [{kind: ServiceAccount, name: runner, namespace: ml}]\n"


def _role(resources: str, verbs: str, groups: str = "''") -> str:
    return _ROLE.replace("RESOURCES", resources).replace("VERBS", verbs).replace("GROUPS", groups)


CHECK = Check(
    title="Overbroad rights in the cluster",
    severity=Severity.HIGH,
    risk=Risk.SYS_ORCH,
    references=("CWE-269", "CWE-732", "OWASP A01:2025", "ATT&CK T1078", "CIS Kubernetes 5.1.1-5.1.8", "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"),
    weighed=False,
    examples=(
        Example("everything on everything", "present", _role("'*'", "'*'", "'*'"), file="role.yaml"),
        Example("every Secret of the cluster", "present", _role("secrets", "get, list"), file="role.yaml"),
        Example("commands in pods", "present", _role("pods/exec", "create"), file="role.yaml"),
        Example("an account that is cluster-admin", "present", _BINDING.replace("ROLE", "cluster-admin"), file="binding.yaml"),
        Example("pods, read", "absent", _role("pods", "get, list, watch"), file="role.yaml"),
        Example("all verbs on a resource of one's own", "absent", _role("widgets", "'*'", "example.com"), file="role.yaml"),
        Example("one Secret by its name", "absent", _role("secrets", "get") + "    resourceNames: [token]\n", file="role.yaml"),
        Example("an account that may read", "absent", _BINDING.replace("ROLE", "view"), file="binding.yaml"),
    ),
)  # fmt: skip

_READ = frozenset({"get", "list", "watch", "*"})


def _worst(rule: Rule, *, wide: bool) -> tuple[Severity, str, str] | None:
    """(severity, what it allows, the word that says so) of one rule. ``wide``: in every namespace."""
    verbs, resources, groups = set(rule.verbs), set(rule.resources), set(rule.groups)
    core = bool(groups & {"", "*"})
    if "*" in resources and "*" in verbs and "*" in groups:
        return Severity.HIGH, "everything", "verbs:*"
    if "*" in resources and (groups & {"", "*"}) and verbs & {"*", "create", "update", "patch"}:
        return Severity.HIGH, "changes to every kind of object", "resources:*"
    raising = verbs & {"escalate", "bind", "impersonate"}
    if raising and not rule.names:
        return Severity.HIGH, f"to raise its own rights ({', '.join(sorted(raising))})", f"verbs:{min(raising)}"
    if rule.names or not core:
        return None
    if resources & {"pods/exec", "pods/attach"} and verbs & {"create", "*", "get"}:
        return (
            (Severity.HIGH if wide else Severity.MEDIUM),
            "commands in running pods",
            f"resources:{max(resources & {'pods/exec', 'pods/attach'})}",
        )
    if "secrets" in resources and verbs & _READ:
        return (Severity.HIGH, "to read every Secret of the cluster", "resources:secrets") if wide else None
    if "nodes/proxy" in resources:
        return Severity.HIGH, "the kubelet of every node", "resources:nodes/proxy"
    return None


def _hits(role: Role) -> Iterator[Hit]:
    for i, rule in enumerate(role.rules):
        found = _worst(rule, wide=not role.namespace)
        if found is None:
            continue
        severity, what, word = found
        evidence: Evidence = rule.places.get(word, rule.evidence)
        yield Hit(
            role.asset, f"{role.asset.name} allows {what}", (evidence,), Fix("Name the verbs and resources that are used"), UNKNOWN_EXPOSURE,
            f"rule:{i}:{what}", severity=severity,
        )  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Roles by their rules, bindings by the role's name."""
    for role in graph.roles:
        # A ClusterRole that the API server ships, or that gathers others by labels, is not somebody's choice of rights.
        if not role.name.startswith("system:"):
            yield from _hits(role)
    for binding in graph.bindings:
        people = [
            s for s in binding.subjects if s[0] in {"ServiceAccount", "Group", "User"} and s[2] != "system:masters"
        ]
        if binding.role == "cluster-admin" and people:
            where = f"namespace {binding.namespace}" if binding.namespace else "the cluster"
            yield Hit(
                binding.asset, f"{people[0][2] or 'a subject'} is administrator of {where}", (binding.evidence,), Fix("Bind a role that names the rights that are used"),
                UNKNOWN_EXPOSURE, "cluster-admin", severity=Severity.HIGH if not binding.namespace else Severity.MEDIUM,
            )  # fmt: skip
        anyone = next((s[2] for s in binding.subjects if s[2] in {"system:anonymous", "system:unauthenticated"}), None)
        if anyone is not None and binding.role not in {
            "system:public-info-viewer",
            "system:service-account-issuer-discovery",
        }:
            yield Hit(
                binding.asset, f"{anyone} is given {binding.role}", (binding.evidence,), Fix("Bind named accounts alone"), UNKNOWN_EXPOSURE, "anonymous",
                severity=Severity.HIGH,
            )  # fmt: skip
