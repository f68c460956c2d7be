"""SSH takes passwords.

What it does
    Finds sshd configurations that say yes to password logins.

Why it matters
    Passwords can be sprayed: a few common ones over many accounts, slowly enough for no lockout. GPU hosts are favourite targets. Keys
    cannot be guessed.

How to fix it
    ``PasswordAuthentication no`` and ``KbdInteractiveAuthentication no``, or keys together with a second factor.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

CHECK = Check(
    title="SSH password login",
    severity=Severity.MEDIUM,
    risk=Risk.TTP_SPRAY,
    references=("CWE-308", "CWE-307", "OWASP A07:2025", "ATT&CK T1110.003", "CIS Distribution Independent Linux 5.2"),
    weighed=False,
    examples=(
        Example("said yes", "present", "Port 22\nPasswordAuthentication yes\n", "sshd_config"),
        Example("said no", "absent", "PasswordAuthentication no\n", "sshd_config"),
        Example("the first word counts, not the last", "absent", "PasswordAuthentication no\nPasswordAuthentication yes\n", "sshd_config"),
        Example("a password together with a key", "absent", "PasswordAuthentication yes\nAuthenticationMethods publickey,password\n", "sshd_config"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Sshd settings ``passwordauthentication yes`` without a second factor."""
    methods = {
        s.asset.key: s.value for s in graph.host_settings if s.service == "sshd" and s.name == "authenticationmethods"
    }
    for setting in graph.host_settings:
        if setting.service == "sshd" and setting.name == "passwordauthentication" and setting.value.lower() == "yes":
            wanted = methods.get(setting.asset.key, "")
            if wanted and all("publickey" in choice for choice in wanted.split()):
                continue
            fix = Fix("Set PasswordAuthentication no and log in with keys")
            yield Hit(
                setting.asset,
                "SSH logins by password are allowed",
                (setting.evidence,),
                fix,
                Exposure(None),
                "sshd:password",
            )
