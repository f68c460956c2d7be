"""One container of a pod: its environment, what the platform grants it, what it mounts.

Field names and defaults are the Kubernetes API reference's (v1.30, https://kubernetes.io/docs/reference/kubernetes-api/, CC-BY-4.0).
"""

from collections.abc import Iterable, Mapping, Sequence

from undercroft.model.evidence import Evidence
from undercroft.model.setting import Origin, Setting, Value
from undercroft.scan.cluster import Mount
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Span, Text

SOCKETS = (
    "/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/var/run/crio/crio.sock", "/run/crio/crio.sock",
    "/var/run/containerd/containerd.sock", "/var/run", "/run",
)  # fmt: skip
UNRESOLVED = "part of the template was not resolved"
ACCELERATORS = ("nvidia.com/", "amd.com/gpu", "habana.ai/", "google.com/tpu", "aws.amazon.com/neuron", "gpu.intel.com/")
"""Extended resources that are accelerators, by the vendors' device plugins."""


def environment(container: Node) -> dict[str, Text]:
    """Variables of a container. A reference to a Secret stands for a value that is there."""
    found: dict[str, Text] = {}
    node = container.get("env")
    if node is None:
        return found
    # Charts and a few resources write the variables as a mapping.
    for key, value in node.entries():
        if value.items is None and value.pairs is None:
            found[key] = value.text(key)
    for item in node.each():
        name = item.get("name")
        if name is None or name.scalar is None:
            continue
        given, source = item.get("value"), item.get("valueFrom")
        if given is not None:
            found[name.scalar] = given.text(name.scalar)
        elif source is not None:
            evidence = item.source.evidence(item.line, item.column)
            secret = source.get("secretKeyRef", "name")
            if secret is not None and secret.scalar:
                key_node = source.get("secretKeyRef", "key")
                # A referenced Secret is there and non-empty, or the pod does not start: the reference stands for the value.
                reference = f"$(secret:{secret.scalar}/{key_node.scalar if key_node else ''})"
                found[name.scalar] = Text(reference, evidence, None, "", literal=False)
            else:
                reason = f"{name.scalar} comes from another object (valueFrom)"
                found[name.scalar] = Text(None, evidence, None, reason, literal=False)
    return found


def _setting(name: str, nodes: Sequence[tuple[Node | None, str]], default: Value, head: Evidence, *, boolean: bool) -> Setting | None:  # fmt: skip
    """The setting as the first holder says. ``None`` where a template's hole may say it."""
    for holder, key in nodes:
        node = holder.get(key) if holder is not None else None
        if node is None:
            if holder is not None and holder.doubt(key):
                return None
            continue
        value: Value = node.boolean if boolean else node.scalar
        if value is None or node.is_template:
            return Setting(name, None, Origin.UNKNOWN, (node.evidence(),), "its value cannot be resolved")
        return Setting(name, value, Origin.EXPLICIT, (node.evidence(),))
    return Setting(name, default, Origin.DEFAULT, (head,))


def _words(node: Node | None) -> tuple[str, ...]:
    return tuple(item.scalar for item in node.each() if item.scalar) if node is not None else ()


def granted(pod: Node, container: Node, head: Evidence, *, partial: bool) -> dict[str, Setting]:
    """What the platform grants. ``partial``: the file is a patch, so what it does not say is said elsewhere and left out."""
    own, shared = container.get("securityContext"), pod.get("securityContext")
    hidden = (own is None and container.doubt("securityContext")) or (shared is None and pod.doubt("securityContext"))
    limits, requests = container.get("resources", "limits"), container.get("resources", "requests")
    resources = container.get("resources")
    # ``resources: {}`` is the place a reader has to go to; else the container itself.
    place = limits or resources
    at = place.source.evidence(place.line, place.column) if place is not None else head
    sized = not (container.doubt("resources", "limits") or (resources is not None and resources.doubt("limits")))
    made: dict[str, Setting | None] = {
        "privileged": _setting("privileged", [(own, "privileged")], False, head, boolean=True),
        "user": _setting("user", [(own, "runAsUser"), (shared, "runAsUser")], None, head, boolean=False),
        "non-root": _setting("non-root", [(own, "runAsNonRoot"), (shared, "runAsNonRoot")], None, head, boolean=True),
        "privilege-escalation": _setting("privilege-escalation", [(own, "allowPrivilegeEscalation")], True, head, boolean=True),
        "read-only-root": _setting("read-only-root", [(own, "readOnlyRootFilesystem")], False, head, boolean=True),
        "seccomp": _seccomp(own, shared, head),
        "host-network": _setting("host-network", [(pod, "hostNetwork")], False, head, boolean=True),
        "host-pid": _setting("host-pid", [(pod, "hostPID")], False, head, boolean=True),
        "host-ipc": _setting("host-ipc", [(pod, "hostIPC")], False, head, boolean=True),
        "service-account": _setting("service-account", [(pod, "serviceAccountName"), (pod, "serviceAccount")], None, head, boolean=False),
        "service-account-token": _setting("service-account-token", [(pod, "automountServiceAccountToken")], True, head, boolean=True),
        "memory-limit": _setting("memory-limit", [(limits, "memory")], None, at, boolean=False) if sized else None,
        "cpu-limit": _setting("cpu-limit", [(limits, "cpu")], None, at, boolean=False) if sized else None,
        "memory-request": _setting("memory-request", [(requests, "memory"), (limits, "memory")], None, at, boolean=False) if sized else None,
        "runtime-socket": Setting("runtime-socket", None, Origin.DEFAULT, (head,)),
        "capabilities": _capabilities(own, head),
        "security-context": _context(own, shared, head),
    }  # fmt: skip
    accelerator = next(
        (v for group in (limits, requests) if group for k, v in group.entries() if k.startswith(ACCELERATORS)), None
    )
    if accelerator is not None:
        made["accelerators"] = Setting("accelerators", accelerator.scalar, Origin.EXPLICIT, (accelerator.evidence(),))
    if partial or hidden:
        return {
            k: s
            for k, s in made.items()
            if s is not None and (s.origin is not Origin.DEFAULT or (hidden and not partial and k not in _CONTEXT))
        }
    return {k: s for k, s in made.items() if s is not None}


_CONTEXT = frozenset(
    {"privileged", "user", "non-root", "privilege-escalation", "read-only-root", "seccomp", "capabilities", "security-context"}
)  # fmt: skip


def _seccomp(own: Node | None, shared: Node | None, head: Evidence) -> Setting | None:
    holders = [(c.get("seccompProfile"), "type") for c in (own, shared) if c is not None]
    return _setting("seccomp", holders, None, head, boolean=False)


def _capabilities(own: Node | None, head: Evidence) -> Setting:
    node = own.get("capabilities", "add") if own is not None else None
    if node is None:
        return Setting("capabilities", (), Origin.DEFAULT, (head,))
    return Setting("capabilities", _words(node), Origin.EXPLICIT, (node.source.evidence(node.line, node.column),))


def _context(own: Node | None, shared: Node | None, head: Evidence) -> Setting:
    """What either security context says at all: ``None`` when there is none, or an empty one."""
    said = tuple(sorted({key for context in (own, shared) if context is not None for key, _ in context.entries()}))
    if said:
        return Setting("security-context", said, Origin.EXPLICIT, (head,))
    empty = own or shared
    place = empty.source.evidence(empty.line, empty.column) if empty is not None else head
    return Setting("security-context", None, Origin.DEFAULT if empty is None else Origin.EXPLICIT, (place,))


_KINDS = {
    "hostPath": ("host-path", ("path",)), "persistentVolumeClaim": ("claim", ("claimName",)), "nfs": ("nfs", ("path",)),
    "secret": ("secret", ("secretName",)), "configMap": ("config-map", ("name",)), "emptyDir": ("scratch", ()),
    "azureFile": ("nfs", ("shareName",)), "cephfs": ("nfs", ("path",)), "ephemeral": ("claim", ()), "projected": ("other", ()),
}  # fmt: skip


def _volume(volume: Node) -> tuple[str, str, Node | None, Node]:
    """(kind, source, the volume's own ``readOnly``, where it stands)."""
    for key, (kind, path) in _KINDS.items():
        node = volume.get(key)
        if node is not None or (key == "emptyDir" and volume.key(key) is not None):
            inside = node.get(*path) if node is not None and path else None
            source = inside.scalar or "" if inside is not None else ""
            server = node.get("server") if node is not None else None
            if server is not None and server.scalar:
                source = f"{server.scalar}:{source}"
            medium = node.get("medium") if node is not None else None
            memory = medium is not None and medium.scalar == "Memory"
            return (
                "memory" if memory else kind,
                source,
                node.get("readOnly") if node is not None else None,
                inside or volume.key(key) or volume,
            )
    csi = volume.get("csi")
    if csi is not None:
        driver = csi.get("driver")
        name = driver.scalar or "" if driver is not None else ""
        bucket = any(word in name for word in ("gcsfuse", "s3", "blob"))
        return "bucket" if bucket else "csi", name, csi.get("readOnly"), volume.key("csi") or volume
    return "other", "", None, volume


def mounts(pod: Node, container: Node) -> tuple[Mount, ...]:
    """Volumes of the pod that this container mounts."""
    volumes = {
        name.scalar: volume
        for volume in (pod.get("volumes") or pod).each()
        if (name := volume.get("name")) is not None and name.scalar
    }
    found = []
    for item in (container.get("volumeMounts") or container).each():
        name, target, own = item.get("name"), item.get("mountPath"), item.get("readOnly")
        volume = volumes.get(name.scalar or "") if name is not None else None
        if volume is None:
            continue
        kind, source, shared, place = _volume(volume)
        decides = own or shared
        verdicts = [n.boolean if n is not None else False for n in (own, shared)]
        read_only = True if True in verdicts else None if None in verdicts else False
        where = decides.evidence() if decides is not None else item.source.evidence(item.line, item.column)
        written = (
            Setting("read-only", read_only, Origin.EXPLICIT, (where,))
            if decides is not None and read_only is not None
            else None
        )
        span = own.text().span if own is not None else None
        found.append(
            Mount(
                kind, source, target.scalar or "" if target else "", read_only, where, place.evidence(), written, span
            )
        )
    return tuple(found)


def socket(found: Iterable[Mount]) -> Setting | None:
    """The runtime's socket, when one of the mounts is it or the folder it lies in."""
    for mount in found:
        if mount.kind == "host-path" and (mount.source.rstrip("/") or "/") in SOCKETS:
            return Setting("runtime-socket", mount.source, Origin.EXPLICIT, (mount.source_evidence,))
    return None


def spans(container: Node) -> dict[str, Span]:
    """Places of scalars fixes replace, and ``insert:…`` where a key of the container can be put in front of."""
    found: dict[str, Span] = {}
    for key, path in _SPANS.items():
        node = container.get(*path)
        span = node.text().span if node is not None and node.scalar is not None else None
        if span is not None:
            found[key] = span
    for key, after in (("container", container), ("securityContext", container.get("securityContext")), ("resources", container.get("resources"))):  # fmt: skip
        first = after.pairs[0][0] if after is not None and after.pairs else None
        span = first.text().span if first is not None else None
        # In flow style a new line cannot be inserted; in block style keys share their column.
        if span is not None and after is not None and not _flow(after):
            found[f"insert:{key}"] = span
    for key in ("resources", "securityContext"):
        node = container.get(key)
        if node is not None and node.pairs == [] and node.end_line == node.line:
            span = node.source.scalar_span(node.line, node.column, node.end_column)
            if span is not None:
                found[f"empty:{key}"] = span
    return found


def _flow(node: Node) -> bool:
    return node.source.line(node.line)[node.column - 1 : node.column] == "{"


_SPANS: Mapping[str, tuple[str, ...]] = {
    "privileged": ("securityContext", "privileged"),
    "allowPrivilegeEscalation": ("securityContext", "allowPrivilegeEscalation"),
    "runAsUser": ("securityContext", "runAsUser"),
    "readOnlyRootFilesystem": ("securityContext", "readOnlyRootFilesystem"),
}
