"""A secret is passed as an argument.

What it does
    Finds credentials on command lines: written out, as the password of an address, or put there by Compose from a variable that names a
    secret.

Why it matters
    Arguments are visible to every process of the machine (``/proc/*/cmdline``), in container engines' listings, in crash reports and
    in the orchestrator's API, to people who may not read the secret itself. A variable that Compose fills in is as visible as a value
    that was typed; it is only not in the file.

How to fix it
    Use the product's environment variable or file for it, filled from a secret.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.redact import names_a_secret
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
        Example("a password in an address", "present", "services:\n  t:\n    image: acme/t:1.2\n    command: serve --store postgresql://t:Zk39xPq7LmT2@db/t\n"),
        Example("a token that Compose puts on the command line", "present", "services:\n  t:\n    image: acme/t:1.2\n    command: ./fetch.sh ${HF_TOKEN}\n"),
        Example("a variable that the shell in the container fills in", "absent", "services:\n  t:\n    image: acme/t:1.2\n    command: sh -c 'echo $${HF_TOKEN} | login'\n"),
        Example("the program's own flag, filled from outside", "absent", _SAMPLE.replace("KEY", "--api-key ${KEY:?}")),
        Example("a variable that is no secret", "absent", _SAMPLE.replace("KEY", "--port ${PORT:-8000}")),
        Example("a flag that takes a number of tokens", "absent", _SAMPLE.replace("KEY", "--max-num-batched-tokens 4096")),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Every credential written on a command line, and every variable of a secret that Compose fills in there."""
    for credential in written(graph):
        if credential.place == "argument":
            what = credential.name if not credential.url else "an address with a password"
            fix = Fix(f"Pass it through the environment, from a secret, instead of {what}, and rotate the value")
            yield Hit(
                credential.asset,
                f"{what[0].upper()}{what[1:]} is given on the command line",
                credential.evidence,
                fix,
                credential.exposure,
                f"argument:{credential.name}",
            )
    for workload in graph.workloads:
        if any(
            names_a_secret((word.value or "").partition("=")[0].lstrip("-"))
            for word in workload.words
            if (word.value or "").startswith("-")
        ):
            continue  # the program's own flag for it, which the catalogue's settings judge
        for name, place in {
            used: word.evidence for word in workload.words for used in word.uses if names_a_secret(used)
        }.items():
            fix = Fix(
                f"Let the program read {name} from its environment or from a file",
                note="write $$ where a shell in the container is to fill it in",
            )
            yield Hit(
                workload.asset, f"Compose puts {name} on the command line", (place,) if place else (), fix, workload.exposure,
                f"argument:{name}", severity=Severity.LOW,
            )  # fmt: skip
