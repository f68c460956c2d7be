"""Every web page may talk to it.

What it does
    Finds components that are told to accept browser requests from any origin, and running ones that do.

Why it matters
    Any page a colleague has open can then call the component from inside the network, with the colleague's cookies where credentials
    are allowed. "Only reachable internally" no longer means anything.

How to fix it
    Name the origins that need it.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_SAMPLE = "services:\n  notebook:\n    image: quay.io/jupyter/base-notebook:2025-03-14\n    command: start-notebook.py ORIGIN\n"

CHECK = Check(
    title="Any origin allowed",
    severity=Severity.MEDIUM,
    risk=Risk.MIS_HEADERS,
    references=("CWE-942", "OWASP A02:2025"),
    weighed=False,
    examples=(
        Example("a notebook for every origin", "present", _SAMPLE.replace("ORIGIN", "--ServerApp.allow_origin='*'")),
        Example("a notebook for one origin", "absent", _SAMPLE.replace("ORIGIN", "--ServerApp.allow_origin=https://hub.example")),
        Example("not mentioned", "absent", _SAMPLE.replace("ORIGIN", "")),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Components whose ``cors-origins`` was set to, or answered with, any origin. A product's own default is its vendor's business
    and shows in the live scan, where it can be measured."""
    for workload, running in graph.components():
        if "cors-origins" not in running.fact.settings and "cors-origins" not in running.observed:
            continue
        setting = running.setting("cors-origins")
        values = setting.value if isinstance(setting.value, tuple) else (str(setting.value).strip("[]\"' "),)
        if setting.origin is Origin.EXPLICIT and any(v.strip("[]\"' ") == "*" for v in values):
            fix = Fix("Name the origins that need access")
            yield Hit(
                workload.asset,
                f"{running.fact.name} accepts requests from any origin",
                setting.evidence,
                fix,
                workload.exposure,
                "cors-origins",
            )
