"""A component runs in debug mode.

What it does
    Finds components whose debug mode was switched on.

Why it matters
    Debug modes show stack traces, paths and environment, and some of them (Flask's, vLLM's developer mode) let a client run code or reset
    the server.

How to fix it
    Take the switch away outside a developer's machine.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_SAMPLE = "services:\n  llm:\n    image: vllm/vllm-openai:v0.8.5\n    command: --model m --api-key=${K:?}\n    environment:\n      VLLM_SERVER_DEV_MODE: VALUE\n"

CHECK = Check(
    title="Debug mode on",
    severity=Severity.MEDIUM,
    risk=Risk.TTP_PROBE,
    references=("CWE-489", "CWE-215", "OWASP A02:2025"),
    weighed=False,
    examples=(
        Example("switched on", "present", _SAMPLE.replace("VALUE", '"1"')),
        Example("switched off", "absent", _SAMPLE.replace("VALUE", '"0"')),
    ),
)


def examine(graph: Graph) -> Iterator[Hit]:
    """Components whose ``debug`` is on because somebody said so."""
    for workload, running in graph.components():
        if "debug" not in running.fact.settings and "debug" not in running.fact.derived:
            continue
        setting = running.setting("debug")
        if setting.known and setting.origin is Origin.EXPLICIT and setting.value in {"on", True}:
            fix = Fix("Switch the debug mode off")
            yield Hit(
                workload.asset,
                f"{running.fact.name} runs in debug mode",
                setting.evidence,
                fix,
                workload.exposure,
                f"{running.fact.slug}:debug",
            )
