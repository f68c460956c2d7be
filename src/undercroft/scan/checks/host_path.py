"""A container sees the node's files.

What it does
    Finds Kubernetes containers that mount a folder or file of the node (``hostPath``). How bad it is depends on what it is: the node's
    root, its kubelet, its configuration or somebody's home are worse than a device or the time zone.

Why it matters
    A pod is moved and scaled by the cluster; a hostPath ties it to what lies on a node, and whoever takes the container reads, and
    unless the mount is read-only rewrites, files that every other tenant of the node and the node itself rely on.

How to fix it
    A PersistentVolumeClaim for data, a ConfigMap for configuration, the device plugin for accelerators, ``emptyDir`` of medium
    ``Memory`` for shared memory. Where the node's files are the very purpose, mount the one folder, read-only.
"""

import re
from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cluster import Mount
from undercroft.scan.graph import Graph

_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  containers:\n    - name: llm\n      image: example/llm:1.0\n      volumeMounts: [{name: d, mountPath: /d}]\n  volumes:\n    - name: d\n      VOLUME\n"

CHECK = Check(
    title="Files of the node in a container",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_HOST,
    references=("CWE-552", "CWE-668", "OWASP A02:2025", "ATT&CK T1611", "https://kubernetes.io/docs/concepts/storage/volumes/#hostpath"),
    weighed=False,
    examples=(
        Example("a cache in a home folder", "present", _POD.replace("VOLUME", "hostPath: {path: /home/app/.cache}"), file="pod.yaml"),
        Example("a claim", "absent", _POD.replace("VOLUME", "persistentVolumeClaim: {claimName: models}"), file="pod.yaml"),
        Example("a volume that this container does not mount", "absent", _POD.replace("VOLUME", "emptyDir: {}\n    - name: other\n      hostPath: {path: /var/log}"), file="pod.yaml"),
        Example("the runtime's socket, which is a finding of its own", "absent", _POD.replace("VOLUME", "hostPath: {path: /var/run/docker.sock}"), file="pod.yaml"),
    ),
)  # fmt: skip

_GRAVE = re.compile(
    r"^/?$|^/(etc|root|home|boot|proc|usr|var/lib/kubelet|var/lib/docker|var/lib/containerd|var/lib/etcd|opt/cni)(/|$)"
)
_HARMLESS = re.compile(
    r"^/(etc/localtime|etc/timezone|usr/share/zoneinfo.*|etc/ssl/certs.*|etc/pki.*|dev/.*|sys(/.*)?|run/udev.*|lib/modules.*)$"
)


def _severity(mount: Mount) -> Severity:
    path = mount.source
    if _HARMLESS.match(path):
        return Severity.LOW
    if _GRAVE.match(path):
        return Severity.HIGH if mount.read_only is False or path in {"", "/"} else Severity.MEDIUM
    return Severity.MEDIUM


def examine(graph: Graph) -> Iterator[Hit]:
    """Each hostPath once for the object that mounts it."""
    seen = set()
    for workload in graph.workloads:
        socket = workload.granted("runtime-socket")
        for mount in workload.mounts:
            if mount.kind != "host-path" or not mount.source or (socket is not None and socket.value == mount.source):
                continue
            owner = workload.asset.key.rpartition("/")[0], mount.source
            if owner in seen:
                continue
            seen.add(owner)
            how = "read-only" if mount.read_only else "writable" if mount.read_only is False else ""
            yield Hit(
                workload.asset, f"The container mounts {mount.source} of the node{', ' + how if how else ''}", (mount.source_evidence, mount.evidence),
                Fix("Use a claim, a ConfigMap or an emptyDir instead of the node's files"), workload.exposure, f"host-path:{mount.source}",
                severity=_severity(mount),
            )  # fmt: skip
