"""A protection of the kernel is switched off.

What it does
    Finds sysctl settings that take away address randomisation, pointer hiding, ptrace limits or source validation.

Why it matters
    Each of these makes one step of an attack harder: finding code to jump to, reading another process's keys, forging addresses.

How to fix it
    Take the line away; the distributions' defaults are sound.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

# The kernel's documentation, Documentation/admin-guide/sysctl: what the value switches off.
OFF = {
    ("kernel.randomize_va_space", "0"): "address space randomisation",
    ("kernel.kptr_restrict", "0"): "hiding of kernel addresses",
    ("kernel.dmesg_restrict", "0"): "hiding of kernel messages",
    ("kernel.yama.ptrace_scope", "0"): "the limit on tracing other processes",
    ("kernel.unprivileged_bpf_disabled", "0"): "the limit on BPF programs",
    ("net.ipv4.conf.all.rp_filter", "0"): "source validation of packets",
    ("net.ipv4.conf.all.accept_redirects", "1"): "refusal of ICMP redirects",
    ("net.ipv4.conf.all.accept_source_route", "1"): "refusal of source-routed packets",
    ("net.ipv4.tcp_syncookies", "0"): "SYN cookies",
    ("fs.protected_symlinks", "0"): "protection of links in shared folders",
    ("fs.suid_dumpable", "1"): "refusal to dump privileged processes",
}

CHECK = Check(
    title="Kernel protection off",
    severity=Severity.LOW,
    risk=Risk.SYS_HOST,
    references=(
        "CWE-693",
        "OWASP A02:2025",
        "CIS Distribution Independent Linux 1.5",
        "CIS Distribution Independent Linux 3.3",
    ),
    weighed=False,
    examples=(
        Example("no address randomisation", "present", "kernel.randomize_va_space = 0\n", "sysctl.conf"),
        Example("full address randomisation", "absent", "kernel.randomize_va_space = 2\n", "sysctl.conf"),
        Example("a setting of performance", "absent", "net.core.somaxconn = 65535\n", "sysctl.conf"),
    ),
)


def examine(graph: Graph) -> Iterator[Hit]:
    """Kernel settings whose value is in ``OFF``."""
    for setting in graph.host_settings:
        what = OFF.get((setting.name, setting.value)) if setting.service == "kernel" else None
        if what:
            yield Hit(
                setting.asset,
                f"The kernel is told to go without {what}",
                (setting.evidence,),
                Fix("Take the line away"),
                Exposure(None),
                setting.name,
            )
