"""SSH gives guessers many tries.

What it does
    Finds ``MaxAuthTries`` above sshd's own default of 6, or 0 where that means no limit to a reader.

Why it matters
    Each connection then tries more passwords before it is cut, and a ban that counts connections comes too late.

How to fix it
    ``MaxAuthTries 4``, and a watch on failed logins.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

DEFAULT = 6
"""sshd_config(5): the default of MaxAuthTries."""

CHECK = Check(
    title="SSH allows many tries",
    severity=Severity.LOW,
    risk=Risk.TTP_BRUTE,
    references=("CWE-307", "OWASP A07:2025", "ATT&CK T1110.001"),
    weighed=False,
    examples=(
        Example("twenty", "present", "MaxAuthTries 20\n", "sshd_config"),
        Example("the default, written out", "absent", "MaxAuthTries 6\n", "sshd_config"),
        Example("no number at all", "absent", "MaxAuthTries many\n", "sshd_config"),
    ),
)


def examine(graph: Graph) -> Iterator[Hit]:
    """Sshd setting ``maxauthtries`` above the default."""
    for setting in graph.host_settings:
        if (
            setting.service == "sshd"
            and setting.name == "maxauthtries"
            and setting.value.isdigit()
            and int(setting.value) > DEFAULT
        ):
            fix = Fix("Set MaxAuthTries 4")
            yield Hit(
                setting.asset,
                f"SSH allows {setting.value} tries a connection",
                (setting.evidence,),
                fix,
                Exposure(None),
                "sshd:tries",
            )
