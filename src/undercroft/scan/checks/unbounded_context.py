"""One request may ask for all the work the model can do.

What it does
    Finds model servers whose longest context was not set, so that the model's own maximum, often 128,000 tokens or more, applies.

Why it matters
    Cost grows with context. A handful of near-context prompts occupies the accelerator that was sized for ordinary ones.

How to fix it
    Set the longest context you serve (``--max-model-len``), and put a guard with a cost budget in front.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_SAMPLE = "services:\n  llm:\n    image: vllm/vllm-openai:v0.8.5\n    command: --model m --api-key=${K:?} MORE\n    ports: ['8000:8000']\n"

CHECK = Check(
    title="Context length not bounded",
    severity=Severity.MEDIUM,
    risk=Risk.DOS_COST,
    references=("CWE-770", "OWASP LLM10:2025", "ATLAS AML.T0029"),
    persona=Persona.PEDANTIC,
    examples=(
        Example("left to the model", "present", _SAMPLE.replace("MORE", "")),
        Example("bounded", "absent", _SAMPLE.replace("MORE", "--max-model-len 8192")),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Components with the setting ``max-context`` that nobody set."""
    for workload, running in graph.components():
        if "max-context" in running.fact.settings and workload.format != "live":
            setting = running.setting("max-context")
            if setting.known and setting.value is None:
                fix = Fix("Set the longest context you serve")
                yield Hit(
                    workload.asset,
                    f"{running.fact.name} serves the model's whole context",
                    setting.evidence,
                    fix,
                    workload.exposure,
                    "max-context",
                )
