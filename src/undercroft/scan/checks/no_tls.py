"""Prompts, answers and credentials travel in the clear.

What it does
    Finds components that serve plain HTTP beyond the machine they run on.

Why it matters
    Whoever sits on the path reads prompts and keys, and can change a model's answer or an artefact on its way.

How to fix it
    Terminate TLS in front (a guard, an Ingress with a certificate) or give the component its certificate and key.

Unknown
    TLS settings that cannot be resolved.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph, Running
from undercroft.scan.identify import binds_to_loopback

_SAMPLE = 'services:\n  model:\n    image: vllm/vllm-openai:v0.8.5\n    command: --model m --api-key=${KEY:?} TLS\n    ports:\n      - "IP8000:8000"\n'

CHECK = Check(
    title="No encryption in transit",
    severity=Severity.HIGH,
    risk=Risk.DEP_TLS,
    references=("CWE-319", "OWASP A04:2025", "ATT&CK T1040"),
    examples=(
        Example("plain HTTP on every interface", "present", _SAMPLE.replace("TLS", "").replace("IP", "")),
        Example("certificate and key given", "absent", _SAMPLE.replace("TLS", "--ssl-certfile=/c.pem --ssl-keyfile=/k.pem").replace("IP", "")),
        Example("plain HTTP on loopback", "absent", _SAMPLE.replace("TLS", "").replace("IP", "127.0.0.1:")),
        Example("told to speak plainly by its own configuration", "present", "enablePasswordDB: true\nweb:\n  http: 0.0.0.0:5556\n", "config.yaml"),
        Example("told to speak TLS by its own configuration", "absent", "enablePasswordDB: true\nweb:\n  https: 0.0.0.0:5554\n", "config.yaml"),
        Example("a certificate from an unset variable", "unknown", _SAMPLE.replace("TLS", "--ssl-certfile=${CERT} --ssl-keyfile=/k.pem").replace("IP", "")),
    ),
)  # fmt: skip


def _plainly(running: Running) -> str:
    """What it does without TLS, in the words of its protocol."""
    return "serves plain HTTP" if any(port.protocol == "http" for port in running.fact.ports) else "speaks without TLS"


def examine(graph: Graph) -> Iterator[Hit]:
    """Components with a setting ``tls`` that is off or unknown, reachable beyond the host."""
    for workload, running in graph.components():
        if "tls" not in running.fact.derived and "tls" not in running.fact.settings:
            continue
        setting, exposure = running.setting("tls"), workload.exposure
        # A configuration file does not say who reaches it; that it was told to speak plainly is said all the same.
        told = (
            workload.format == "configuration"
            and setting.origin is Origin.EXPLICIT
            and not binds_to_loopback((running,))
        )
        if not told and (exposure.reach is None or exposure.reach < Reach.PRIVATE):
            continue
        name, evidence = running.fact.name, setting.evidence or running.component.evidence
        locator = f"{running.fact.slug}:tls"
        if setting.known and setting.value == "off":
            fix = Fix("Terminate TLS in front of it, or give it a certificate and key")
            yield Hit(workload.asset, f"{name} {_plainly(running)}", evidence, fix, exposure, locator)
        elif not setting.known:
            yield Hit(
                workload.asset, f"Whether {name} serves TLS cannot be known", evidence, Fix("Give the variable a value, or scan the running endpoint"),
                exposure, locator, Verdict.UNKNOWN, setting.reason,
            )  # fmt: skip
