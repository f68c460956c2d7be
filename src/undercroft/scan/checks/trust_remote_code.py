"""A model may bring its own code.

What it does
    Finds model servers that are told to run Python code from the model's repository.

Why it matters
    With this switch, whoever can change the model's repository runs code in the server, next to the accelerator, with its credentials.
    Loading a model then is installing software from a stranger, at every start.

How to fix it
    Take the switch away where the model's architecture is built in. Otherwise pin ``revision`` and ``code-revision`` to commits that
    were read, or vendor the code.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.edits import removed_line
from undercroft.scan.graph import Graph, Workload

_SAMPLE = "services:\n  llm:\n    image: vllm/vllm-openai:v0.8.5\n    command:\n      - --model=m\n      - --api-key=${K:?}\nMORE"

CHECK = Check(
    title="Model repository may run code",
    severity=Severity.HIGH,
    risk=Risk.MIS_ARTIFACT,
    references=("CWE-829", "CWE-94", "OWASP A08:2025", "ATLAS AML.T0010", "ATLAS AML.T0011"),
    weighed=False,
    examples=(
        Example("switched on", "present", _SAMPLE.replace("MORE", "      - --trust-remote-code\n")),
        Example("not mentioned", "absent", _SAMPLE.replace("MORE", "")),
        Example("a flag that only looks like it", "absent", _SAMPLE.replace("MORE", "      - --trust-request-chat-template\n")),
        Example("a command line that does not resolve", "unknown", _SAMPLE.replace("MORE", "      - ${EXTRA_ARGS}\n")),
    ),
)  # fmt: skip


def _fix(workload: Workload) -> Fix:
    for word in workload.words:
        if word.value == "--trust-remote-code" and word.span is not None and word.evidence is not None and word.literal:
            text = getattr(word.evidence, "text", "")
            if text.partition(" #")[0].strip().removeprefix("- ").strip().strip("\"'") == "--trust-remote-code":
                return Fix(
                    "Take --trust-remote-code away",
                    (removed_line(word.span),),
                    "the model's architecture must be built into the server",
                )
    return Fix("Take --trust-remote-code away, or pin the code's revision")


def examine(graph: Graph) -> Iterator[Hit]:
    """Components with the setting, on or unknown."""
    for workload, running in graph.components():
        if "trust-remote-code" not in running.fact.settings:
            continue
        setting = running.setting("trust-remote-code")
        name = running.fact.name
        if setting.known and setting.value is True:
            yield Hit(
                workload.asset,
                f"{name} runs code from the model's repository",
                setting.evidence,
                _fix(workload),
                workload.exposure,
                "trust-remote-code",
            )
        elif not setting.known and setting.origin is Origin.UNKNOWN and workload.format != "live" and workload.words:
            yield Hit(
                workload.asset, f"Whether {name} runs code from the model's repository cannot be known", setting.evidence,
                Fix("Write the arguments out, or give the variable a default"), workload.exposure, "trust-remote-code", Verdict.UNKNOWN, setting.reason,
            )  # fmt: skip
