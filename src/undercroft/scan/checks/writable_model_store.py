"""The server may write the models it serves.

What it does
    Finds model servers whose model folder lies on a volume that is shared (a bucket, NFS, a claim said to be writable, the node) and
    mounted so that the server may write it.

Why it matters
    Whoever takes the server replaces the model for everyone who loads it next, in every replica and after every restart; and loading
    many model formats is running code.

How to fix it
    ``readOnly: true`` on the mount (and on the volume, for buckets). Give caches an ``emptyDir`` of their own.

Unknown
    A claim that says nothing about writing is left alone: many servers download into theirs.
"""

import posixpath
import re
from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cluster import Mount
from undercroft.scan.edits import replaced
from undercroft.scan.graph import Graph, Workload

_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: triton}\nspec:\n  containers:\n    - name: triton\n      image: nvcr.io/nvidia/tritonserver:24.08-py3\n      command: [tritonserver, --model-repository=/data/models]\n      volumeMounts:\n        - name: d\n          mountPath: /data\n          readOnly: VALUE\n  volumes:\n    - name: d\n      csi: {driver: gcsfuse.csi.storage.gke.io}\n"

CHECK = Check(
    title="Writable model store",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_STORE,
    references=("CWE-732", "OWASP A08:2025", "ATLAS AML.T0018", "ATT&CK T1565.001"),
    weighed=False,
    examples=(
        Example("a bucket mounted for writing", "present", _POD.replace("VALUE", "false"), file="pod.yaml"),
        Example("the bucket mounted for reading", "absent", _POD.replace("VALUE", "true"), file="pod.yaml"),
        Example("a scratch folder", "absent", _POD.replace("VALUE", "false").replace("csi: {driver: gcsfuse.csi.storage.gke.io}", "emptyDir: {}"), file="pod.yaml"),
        Example("a bucket for something else", "absent", _POD.replace("VALUE", "false").replace("/data/models", "/opt/models"), file="pod.yaml"),
    ),
)  # fmt: skip

_FLAG = re.compile(
    r"^--?(?:model|models|model[-_](?:repository|store|path|dir|base[-_]path|name|id)|model[-_]config[-_]file)(?:=(?P<value>.*))?$"
)
_SHARED = frozenset({"bucket", "nfs", "csi"})


def _folders(workload: Workload) -> Iterator[str]:
    """Folders the server is told to take models from."""
    words = workload.words
    for i, word in enumerate(words):
        match = _FLAG.match(word.value or "")
        if match is not None:
            value = match["value"] or (words[i + 1].value if i + 1 < len(words) else None)
            if value and value.startswith("/"):
                yield posixpath.normpath(value)
    for name, text in workload.environment.items():
        if (
            re.search(r"(?i)model.*(path|dir|store|repository|base)", name)
            and text.value
            and text.value.startswith("/")
        ):
            yield posixpath.normpath(text.value)


def _holds(mount: Mount, folder: str) -> bool:
    target = mount.target.rstrip("/")
    return bool(target) and (folder == target or folder.startswith(target + "/"))


def examine(graph: Graph) -> Iterator[Hit]:
    """Mounts of model folders that may be written."""
    for workload in graph.workloads:
        if "init" in workload.container or not workload.mounts:
            continue
        folders = set(_folders(workload))
        for mount in workload.mounts:
            if mount.read_only is not False or not any(_holds(mount, folder) for folder in folders):
                continue
            if mount.kind not in _SHARED and not (mount.kind in {"claim", "host-path"} and mount.writable is not None):
                continue
            edits = (replaced(mount.span, "true"),) if mount.span is not None else ()
            yield Hit(
                workload.asset, f"The server may write its models in {mount.target}", (mount.evidence,),
                Fix("Mount the models for reading", edits, "caches and downloads need a volume of their own"), workload.exposure, f"models:{mount.target}",
            )  # fmt: skip
