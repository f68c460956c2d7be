"""A web page can act in the notebook user's name.

What it does
    Finds Jupyter servers whose cross-site request forgery check is switched off.

Why it matters
    Together with a logged-in browser, any page can start a kernel, which is running code.

How to fix it
    Take the switch away. Clients that use a token in the header do not need it.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_SAMPLE = (
    "services:\n  notebook:\n    image: quay.io/jupyter/base-notebook:2025-03-14\n    command: start-notebook.py MORE\n"
)

CHECK = Check(
    title="XSRF check off",
    severity=Severity.MEDIUM,
    risk=Risk.MIS_ADMIN,
    references=("CWE-352", "OWASP A01:2025"),
    weighed=False,
    examples=(
        Example("switched off", "present", _SAMPLE.replace("MORE", "--ServerApp.disable_check_xsrf=True")),
        Example("said to be on", "absent", _SAMPLE.replace("MORE", "--ServerApp.disable_check_xsrf=False")),
        Example("not mentioned", "absent", _SAMPLE.replace("MORE", "")),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Components whose ``xsrf-check`` is known to be off."""
    for workload, running in graph.components():
        if "xsrf-check" not in running.fact.settings and "xsrf-check" not in running.fact.derived:
            continue
        setting = running.setting("xsrf-check")
        if setting.known and setting.value in {"off", False}:
            fix = Fix("Take the switch away")
            yield Hit(
                workload.asset,
                f"{running.fact.name} does not check for cross-site requests",
                setting.evidence,
                fix,
                workload.exposure,
                "xsrf-check",
            )
