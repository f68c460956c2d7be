"""Anybody may make an account.

What it does
    Finds components whose sign-up page is open to strangers: left so by default, or opened.

Why it matters
    A login page with open registration keeps nobody out. In some products the first account to be made becomes the administrator.

How to fix it
    Close registration, or put an identity provider in front.

Unknown
    A sign-up setting that cannot be resolved.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_SAMPLE = "services:\n  chat:\n    image: ghcr.io/open-webui/open-webui:v0.6.5\n    environment:\n      ENABLE_SIGNUP: VALUE\n    ports: ['8080:8080']\n"

CHECK = Check(
    title="Open sign-up",
    severity=Severity.HIGH,
    risk=Risk.MIS_ADMIN,
    references=("CWE-287", "OWASP A07:2025", "ATT&CK T1136"),
    examples=(
        Example("left open", "present", _SAMPLE.replace("VALUE", '"true"')),
        Example("closed", "absent", _SAMPLE.replace("VALUE", '"false"')),
        Example("from a variable nobody sets", "unknown", _SAMPLE.replace("VALUE", "${SIGNUP}")),
    ),
)


def examine(graph: Graph) -> Iterator[Hit]:
    """Components with a setting ``sign-up`` that is open or unknown."""
    for workload, running in graph.components():
        if "sign-up" not in running.fact.settings and "sign-up" not in running.fact.derived:
            continue
        setting, name = running.setting("sign-up"), running.fact.name
        evidence = setting.evidence or running.component.evidence
        if setting.known and setting.value in {"open", True}:
            fix = Fix("Close registration, or put an identity provider in front")
            yield Hit(
                workload.asset,
                f"{name} lets anybody make an account",
                evidence,
                fix,
                workload.exposure,
                f"{running.fact.slug}:sign-up",
            )
        elif not setting.known and workload.format != "live":
            yield Hit(
                workload.asset, f"Whether {name} lets anybody make an account cannot be known", evidence, Fix("Write the setting out"),
                workload.exposure, f"{running.fact.slug}:sign-up", Verdict.UNKNOWN, setting.reason,
            )  # fmt: skip
