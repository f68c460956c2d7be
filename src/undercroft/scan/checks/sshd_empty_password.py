"""SSH takes accounts without a password.

What it does
    Finds ``PermitEmptyPasswords yes``.

Why it matters
    An account somebody forgot to give a password is open to everybody.

How to fix it
    ``PermitEmptyPasswords no``, which is sshd's default.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

CHECK = Check(
    title="SSH accepts empty passwords",
    severity=Severity.CRITICAL,
    risk=Risk.TTP_BRUTE,
    references=("CWE-258", "OWASP A07:2025", "ATT&CK T1078"),
    weighed=False,
    examples=(
        Example("said yes", "present", "PermitEmptyPasswords yes\n", "sshd_config"),
        Example("said no", "absent", "PermitEmptyPasswords no\n", "sshd_config"),
    ),
)


def examine(graph: Graph) -> Iterator[Hit]:
    """Sshd setting ``permitemptypasswords yes``."""
    for setting in graph.host_settings:
        if setting.service == "sshd" and setting.name == "permitemptypasswords" and setting.value.lower() == "yes":
            fix = Fix("Set PermitEmptyPasswords no")
            yield Hit(
                setting.asset, "SSH accepts empty passwords", (setting.evidence,), fix, Exposure(None), "sshd:empty"
            )
