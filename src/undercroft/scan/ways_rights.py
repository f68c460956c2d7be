"""From a container to the machine or the cluster it runs on, by what the platform grants it. Pure.

A workload and a binding are taken for one cluster's when a namespace or a folder says so; two projects in one tree stay two.
"""

import re
from collections.abc import Iterator
from posixpath import dirname

from undercroft.model.evidence import Evidence, FileEvidence
from undercroft.model.risk import Risk
from undercroft.scan.addresses import Ground
from undercroft.scan.cluster import Binding, Rule
from undercroft.scan.graph import Workload
from undercroft.scan.ways import Kind, Place, Way

# Who writes there commands the machine: its own configuration, its root's home, the state of its container runtime.
_COMMANDS = re.compile(
    r"^/?$|^/(?:etc|root|proc|usr|bin|sbin|boot|var/lib/(?:kubelet|docker|containerd|etcd)|opt/cni|var/run|run)/?$"
)


def _grants(workload: Workload) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    privileged, socket = workload.granted("privileged"), workload.granted("runtime-socket")
    if socket is not None and socket.known and socket.value is not None:
        yield f"it mounts {socket.value}, which starts containers with any right", socket.evidence
    if privileged is not None and privileged.known and privileged.value is True:
        yield "it runs privileged, so the machine's devices are its own", privileged.evidence
    for mount in workload.mounts:
        if mount.kind == "host-path" and mount.read_only is False and _COMMANDS.match(mount.source):
            yield f"it writes to {mount.source or '/'} of the machine", (mount.evidence, mount.source_evidence)


def _machine(ground: Ground, workload: Workload) -> Iterator[Way]:
    for how, evidence in _grants(workload):
        if workload.format == "compose":
            others = tuple(w for w in ground.compose.get(workload.namespace, ()) if w is not workload)
            place = Place(
                Kind.CONTROL,
                f"host:{workload.namespace}",
                f"the machine that runs {workload.namespace}",
                members=others,
            )
        else:
            place = Place(Kind.CONTROL, f"host:{workload.asset.key}", f"the machine that {workload.asset.name} runs on")
        yield Way(place, how, tuple(dict.fromkeys(evidence)), Risk.SYS_HOST)


def _powers(rule: Rule) -> tuple[bool, bool]:
    """Whether a rule gives everything, and whether it gives commands in pods."""
    verbs, resources, groups = set(rule.verbs), set(rule.resources), set(rule.groups)
    core = bool(groups & {"", "*"}) and not rule.names
    everything = core and "*" in resources and "*" in verbs
    commands = core and bool(resources & {"pods/exec", "pods/attach", "*"}) and bool(verbs & {"create", "*"})
    return everything, commands or (core and bool(resources & {"pods", "*"}) and bool(verbs & {"create", "*"}))


def _bindings(ground: Ground, workload: Workload, name: str) -> Iterator[Binding]:
    """Bindings that name the workload's service account, itself or by a group."""
    groups = ("system:serviceaccounts", "system:authenticated", f"system:serviceaccounts:{workload.namespace}")
    subjects = (("ServiceAccount", workload.namespace, name), *(("Group", "", group) for group in groups))
    found = {b.asset.key: b for subject in subjects for b in ground.bound.get(subject, ()) if _together(b, workload)}
    yield from found.values()


def _members(ground: Ground, binding: Binding) -> tuple[Workload, ...]:
    """Workloads that a binding's rights reach; the same for everybody it names, so they are looked up once."""
    if binding.asset.key not in ground.subject_to:
        pods = (w for n, found in ground.pods.items() if binding.namespace in {"", n} for w in found)
        ground.subject_to[binding.asset.key] = tuple(w for w in pods if _together(binding, w))
    return ground.subject_to[binding.asset.key]


def _folder(evidence: Evidence | None) -> str | None:
    return dirname(evidence.file) if isinstance(evidence, FileEvidence) else None


def _together(binding: Binding, workload: Workload) -> bool:
    """Whether something says that a binding and a workload are of one cluster: a written namespace they share, or a folder."""
    namespaces = {binding.namespace, *(namespace for _, namespace, _ in binding.subjects)} - {""}
    if workload.namespace in namespaces:
        return True
    here, there = _folder(binding.evidence), _folder(workload.head)
    if here is None or there is None:
        return False
    return (
        here == there or (here != "" and there.startswith(f"{here}/")) or (there != "" and here.startswith(f"{there}/"))
    )


def _account(ground: Ground, workload: Workload) -> Iterator[Way]:
    token, account = workload.granted("service-account-token"), workload.granted("service-account")
    if token is None or account is None or not account.known or not token.known or token.value is False:
        return
    name = str(account.value or "default")
    for binding in _bindings(ground, workload, name):
        role = ground.roles.get(("" if binding.role_kind == "ClusterRole" else binding.namespace, binding.role))
        powers = [_powers(rule) for rule in role.rules] if role is not None else []
        everything = binding.role == "cluster-admin" or any(all_ for all_, _ in powers)
        if not everything and not any(commands for _, commands in powers):
            continue
        scope = f"namespace {binding.namespace}" if binding.namespace else "the cluster"
        what = f"every right in {scope}" if everything else f"commands in every pod of {scope}"
        place = Place(Kind.CONTROL, f"cluster:{binding.asset.key}", what, members=_members(ground, binding))
        how = f"its service account {name} is given {binding.role}"
        yield Way(place, how, (binding.evidence, *account.evidence[:1]), Risk.SYS_ORCH)


def rights(ground: Ground, workload: Workload) -> Iterator[Way]:
    """Machines and clusters that a container commands."""
    yield from _machine(ground, workload)
    if workload.format == "kubernetes":
        yield from _account(ground, workload)
