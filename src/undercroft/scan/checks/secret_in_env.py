"""A secret is filled into a manifest as plain text.

What it does
    Finds environment variables of pods whose name says that they hold a credential and whose value a template or a deployment script
    fills in, where the manifest could name a Secret instead.

Why it matters
    Once it is filled in, the value stands in the manifest as it is applied: everybody who may read the workload reads it
    (``kubectl get -o yaml``), the cluster's store keeps it with every revision, and rendered manifests lie about in pipelines.

How to fix it
    ``valueFrom: {secretKeyRef: …}``, and let the pipeline or a secret manager make the Secret.
"""

import re
from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.redact import names_a_secret
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph, Text
from undercroft.scan.passwords import placeholder

_SAMPLE = "apiVersion: v1\nkind: Pod\nmetadata: {name: t}\nspec:\n  containers:\n    - name: t\n      image: acme/t:1.2\n      env:\n        - name: HF_TOKEN\n          VALUE\n"

CHECK = Check(
    title="Secret filled into a manifest",
    severity=Severity.MEDIUM,
    risk=Risk.MIS_CRED,
    references=("CWE-526", "CWE-312", "OWASP A02:2025", "ATT&CK T1552.007", "https://kubernetes.io/docs/concepts/configuration/secret/"),
    weighed=False,
    examples=(
        Example("a place for a script to fill in", "present", _SAMPLE.replace("VALUE", "value: '{{HF_TOKEN}}'"), file="pod.yaml"),
        Example("a place for a person to fill in", "present", _SAMPLE.replace("VALUE", "value: <your token>"), file="pod.yaml"),
        Example("a variable of a templating tool", "present", _SAMPLE.replace("VALUE", "value: ${HF_TOKEN}"), file="pod.yaml"),
        Example("a reference to a Secret", "absent", _SAMPLE.replace("VALUE", "valueFrom: {secretKeyRef: {name: hf, key: token}}"), file="pod.yaml"),
        Example("another variable of the same pod", "absent", _SAMPLE.replace("VALUE", "value: $(OTHER)"), file="pod.yaml"),
        Example("an empty value", "absent", _SAMPLE.replace("VALUE", "value: ''"), file="pod.yaml"),
        Example("a Compose file, where a reference is the way", "absent", "services:\n  t:\n    image: acme/t:1.2\n    environment: ['HF_TOKEN=${HF_TOKEN}']\n"),
    ),
)  # fmt: skip

_FILLED = re.compile(r"^\s*(?:\$\{[A-Za-z_][^}]*\}|\$[A-Z_][A-Z0-9_]*|<%.*%>|@@?[\w.]+@@?|%\w+%|__\w+__)\s*$")


def _filled_in(text: Text) -> bool:
    if text.value is None:
        return text.literal and "template" in text.reason
    return bool(text.value) and (_FILLED.match(text.value) is not None or placeholder(text.value))


def examine(graph: Graph) -> Iterator[Hit]:
    """Variables of pods that name a secret and wait for its value."""
    for workload in graph.workloads:
        if workload.format != "kubernetes":
            continue
        for name, text in workload.environment.items():
            if names_a_secret(name) and _filled_in(text) and text.evidence is not None:
                yield Hit(
                    workload.asset, f"{name} is filled into the manifest as plain text", (text.evidence,), Fix("Refer to a Secret with secretKeyRef"),
                    workload.exposure, f"filled:{name}",
                )  # fmt: skip
