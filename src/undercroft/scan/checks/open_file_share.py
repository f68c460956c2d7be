"""A file share asks nobody.

What it does
    Finds NFS exports to everybody or with root's rights kept, and Samba shares open to guests.

Why it matters
    Training data and models lie on shares. Whoever may write there changes what the model learns or is; whoever may read copies it.

How to fix it
    Export to named hosts or networks, ``root_squash``, Kerberos; in Samba ``guest ok = no``.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

CHECK = Check(
    title="Open file share",
    severity=Severity.HIGH,
    risk=Risk.MIS_MLOPS,
    references=("CWE-732", "OWASP A01:2025", "ATT&CK T1039", "ATT&CK T1021.002"),
    weighed=False,
    examples=(
        Example("NFS to everybody", "present", "/srv/models *(rw,sync)\n", "etc/exports"),
        Example(
            "NFS that keeps root's rights", "present", "/srv/models 10.0.0.0/24(rw,no_root_squash)\n", "etc/exports"
        ),
        Example("NFS to one network", "absent", "/srv/models 10.0.0.0/24(rw,root_squash)\n", "etc/exports"),
        Example("Samba for guests", "present", "[models]\npath = /srv/models\nguest ok = yes\n", "smb.conf"),
        Example("Samba for people", "absent", "[models]\npath = /srv/models\nguest ok = no\n", "smb.conf"),
    ),
)


def examine(graph: Graph) -> Iterator[Hit]:
    """Exports and shares open to everybody."""
    for setting in graph.host_settings:
        if setting.service == "nfs":
            client, _, options = setting.value.partition("(")
            if client in {"*", "0.0.0.0/0", "::/0"} or "no_root_squash" in options:
                what = "keeps root's rights" if "no_root_squash" in options else "is open to everybody"
                fix = Fix("Export to named hosts, with root_squash")
                yield Hit(
                    setting.asset,
                    f"The export {setting.name} {what}",
                    (setting.evidence,),
                    fix,
                    Exposure(None),
                    f"nfs:{setting.name}:{client}",
                )
        elif (
            setting.service == "smb"
            and setting.name.endswith((".guest ok", ".public"))
            and setting.value.lower() in {"yes", "true", "1"}
        ):
            share = setting.name.partition(".")[0]
            yield Hit(
                setting.asset,
                f"The share {share} is open to guests",
                (setting.evidence,),
                Fix("Set guest ok = no"),
                Exposure(None),
                f"smb:{share}",
            )
