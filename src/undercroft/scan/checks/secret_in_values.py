"""A chart's values wait for a secret in plain text.

What it does
    Finds values of charts whose key names a token or key and whose value is a place to write one in (``<YOUR HF TOKEN>``). Values that
    hold a real one are the business of ``hardcoded-secret``.

Why it matters
    Whoever follows the file writes the secret into it, and from there it goes into the repository, into the pipeline's log and into the
    release that Helm keeps in the cluster, readable for everyone who may read the release.

How to fix it
    The name of an existing Secret, which most charts take beside it, or a secret manager's reference.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph
from undercroft.scan.passwords import Strength, strength

CHECK = Check(
    title="Secret wanted in plain values",
    severity=Severity.MEDIUM,
    risk=Risk.MIS_CRED,
    references=("CWE-312", "CWE-540", "OWASP A02:2025", "ATT&CK T1552.001"),
    weighed=False,
    examples=(
        Example("a place for a token", "present", "engine:\n  hf_token: <YOUR HF TOKEN>\n", file="values.yaml"),
        Example("an empty value", "absent", "engine:\n  hf_token: ''\n", file="values.yaml"),
        Example("the name of a Secret", "absent", "engine:\n  hf_token_secret_name: hf\n", file="values.yaml"),
        Example("a token, which is another finding", "absent", "engine:\n  hf_token: hf_3kW9sPqLr7TzXbVn2Mc8\n", file="values.yaml"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Values of charts that are places for a secret."""
    for secret in graph.secrets:
        value = secret.text.value or ""
        if secret.format != "helm" or not value or secret.text.evidence is None or "://" in value:
            continue
        if strength(secret.name, value, secret.users) is Strength.EMPTY:
            yield Hit(
                secret.asset, f"{secret.name} is meant to be written into the values", (secret.text.evidence,), Fix("Name an existing Secret instead"), UNKNOWN_EXPOSURE,
                f"values:{secret.name}",
            )  # fmt: skip
