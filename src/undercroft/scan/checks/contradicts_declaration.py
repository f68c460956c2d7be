"""What runs is not what the files say.

What it does
    Compares every setting that was both declared in a file and answered by the running component.

Why it matters
    A review of the files vouches for something that is not there: authentication that is declared and does not happen is worse than
    none, because nobody looks any more.

How to fix it
    Deploy what the files say, or write down what runs.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Hit
from undercroft.scan.graph import Graph

CHECK = Check(
    title="Running differs from declared",
    severity=Severity.HIGH,
    risk=Risk.TTP_DRIFT,
    references=("CWE-1188", "OWASP A02:2025"),
)

_COMPARED = ("authentication", "tls", "debug", "docs")
"""Settings whose observed value means the same as the declared one."""


def examine(graph: Graph) -> Iterator[Hit]:
    """Settings known from both sides whose values differ."""
    for workload, running in graph.components():
        for name in _COMPARED:
            declared, seen = running.settings.get(name), running.observed.get(name)
            if declared is None or seen is None or not declared.known or not seen.known or declared.value == seen.value:
                continue
            said = "by default" if declared.origin is Origin.DEFAULT else "as declared"
            title = f"{running.fact.name}: {name} is {declared.value} {said}, but the endpoint shows {seen.value}"
            evidence = (*seen.evidence, *declared.evidence)
            yield Hit(
                workload.asset,
                title,
                evidence,
                Fix("Deploy what the files say, or write down what runs"),
                workload.exposure,
                f"{running.fact.slug}:{name}",
            )
