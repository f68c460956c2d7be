"""A secret is passed as an argument.

What it does
    Finds credentials written out on command lines.

Why it matters
    Arguments are visible to every process of the machine (``/proc/*/cmdline``), in container engines' listings, in crash reports and
    in the orchestrator's API, to people who may not read the secret itself.

How to fix it
    Use the product's environment variable or file for it, filled from a secret.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.credentials import written
from undercroft.scan.graph import Graph

_SAMPLE = "services:\n  model:\n    image: vllm/vllm-openai:v0.8.5\n    command: --model m KEY\n"

CHECK = Check(
    title="Secret passed as an argument",
    severity=Severity.MEDIUM,
    risk=Risk.MIS_CRED,
    references=("CWE-214", "CWE-798", "OWASP A07:2025", "ATT&CK T1552"),
    weighed=False,
    examples=(
        Example("a key written behind its flag", "present", _SAMPLE.replace("KEY", "--api-key Zk39xPq7LmT2")),
        Example("a key joined to its flag", "present", _SAMPLE.replace("KEY", "--api-key=Zk39xPq7LmT2")),
        Example("a key from a variable", "absent", _SAMPLE.replace("KEY", "--api-key ${KEY:?}")),
        Example("a flag that takes a number of tokens", "absent", _SAMPLE.replace("KEY", "--max-num-batched-tokens 4096")),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Every credential written on a command line."""
    for credential in written(graph):
        if credential.place == "argument":
            fix = Fix(
                f"Pass it through the environment, from a secret, instead of {credential.name}, and rotate the value"
            )
            yield Hit(
                credential.asset,
                f"{credential.name} is given on the command line",
                credential.evidence,
                fix,
                credential.exposure,
                f"argument:{credential.name}",
            )
