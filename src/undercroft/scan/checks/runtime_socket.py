"""A container may start containers.

What it does
    Finds containers that mount the container runtime's socket, or the folder it lies in.

Why it matters
    Whoever talks to the runtime starts a privileged container and owns the machine. Read-only does not help: the mount is read-only,
    the socket is not.

How to fix it
    Take the mount away. For builds use a rootless builder; for monitoring a socket proxy that passes reads only.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

CHECK = Check(
    title="Container runtime socket mounted",
    severity=Severity.HIGH,
    risk=Risk.SYS_HOST,
    references=("CWE-269", "OWASP A02:2025", "ATT&CK T1611", "CIS Docker 5.32"),
    weighed=False,
    examples=(
        Example("Docker's socket, short form", "present", "services:\n  ci:\n    image: runner:1\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock:ro\n"),
        Example("Docker's socket, long form", "present", "services:\n  ci:\n    image: runner:1\n    volumes:\n      - {type: bind, source: /var/run/docker.sock, target: /sock}\n"),
        Example("another socket", "absent", "services:\n  ci:\n    image: runner:1\n    volumes:\n      - /var/run/postgresql.sock:/sock\n"),
        Example("mounted into a pod", "present", "apiVersion: v1\nkind: Pod\nmetadata: {name: t}\nspec:\n  volumes:\n    - name: s\n      hostPath: {path: /var/run/docker.sock}\n  containers:\n    - name: t\n      image: runner:1\n      volumeMounts: [{name: s, mountPath: /s}]\n", file="pod.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Containers that mount a known runtime socket."""
    for workload in graph.workloads:
        socket = workload.granted("runtime-socket")
        if socket is not None and socket.value is not None:
            fix = Fix("Take the mount away")
            yield Hit(
                workload.asset,
                f"The container mounts {socket.value}",
                socket.evidence,
                fix,
                workload.exposure,
                "runtime-socket",
            )
