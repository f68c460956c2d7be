"""Root may log in over SSH.

What it does
    Finds sshd configurations that let root in by password.

Why it matters
    The one account every attacker knows the name of, with everything the host has. Nobody can say afterwards which person it was.

How to fix it
    ``PermitRootLogin no``, or ``prohibit-password`` where automation needs it.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

CHECK = Check(
    title="SSH root login",
    severity=Severity.HIGH,
    risk=Risk.SYS_HOST,
    references=("CWE-250", "OWASP A07:2025", "ATT&CK T1078.003", "CIS Distribution Independent Linux 5.2"),
    weighed=False,
    examples=(
        Example("said yes", "present", "PermitRootLogin yes\n", "sshd_config"),
        Example("by key only", "absent", "PermitRootLogin prohibit-password\n", "sshd_config"),
        Example("said no", "absent", "PermitRootLogin no\n", "sshd_config"),
        Example(
            "inside a Match block, for some connections",
            "absent",
            "Match Address 127.0.0.1\n  PermitRootLogin yes\n",
            "sshd_config",
        ),
    ),
)


def examine(graph: Graph) -> Iterator[Hit]:
    """Sshd setting ``permitrootlogin yes``."""
    for setting in graph.host_settings:
        if setting.service == "sshd" and setting.name == "permitrootlogin" and setting.value.lower() == "yes":
            fix = Fix("Set PermitRootLogin no")
            yield Hit(
                setting.asset,
                "Root may log in over SSH by password",
                (setting.evidence,),
                fix,
                Exposure(None),
                "sshd:root",
            )
