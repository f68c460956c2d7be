"""The account of the example is still there.

What it does
    Finds settings that keep an account under the name a product's example or manifests give it, where that name is nobody's own choice
    (an address of ``example.com``, a product's name), and its password is documented beside it.

Why it matters
    Half of the login is then known to everybody, and in most deployments the other half was copied as well.

How to fix it
    Take the account away, or give it the name of a person and a password of its own. Better: connect an identity provider.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.model.verdict import Confidence, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_DEX = "issuer: https://id.example/dex\nweb:\n  https: 0.0.0.0:5554\nenablePasswordDB: true\nstaticPasswords:\n  - email: EMAIL\n    hashFromEnv: HASH\n"

CHECK = Check(
    title="Account of the example",
    severity=Severity.HIGH,
    risk=Risk.MIS_CRED,
    references=("CWE-1392", "OWASP A07:2025", "ATT&CK T1078.001"),
    weighed=False,
    confidence=Confidence.MEDIUM,
    examples=(
        Example("the account of Dex's example", "present", _DEX.replace("EMAIL", "user@example.com"), "config.yaml"),
        Example("an account of one's own", "absent", _DEX.replace("EMAIL", "ana@acme.test"), "config.yaml"),
        Example(
            "no account at all",
            "absent",
            "issuer: https://id.example/dex\nweb:\n  https: 0.0.0.0:5554\nenablePasswordDB: false\n",
            "config.yaml",
        ),
    ),
)

_ANYBODY = frozenset({"", "admin", "root", "user", "administrator", "test", "guest", "default", "postgres", "neo4j"})
"""Names people choose by themselves."""


def examine(graph: Graph) -> Iterator[Hit]:
    """Settings set to the user of a documented credential that names the setting."""
    for workload, running in graph.components():
        documented = {
            (c.setting, c.user) for c in running.fact.credentials if c.setting and c.user.lower() not in _ANYBODY
        }
        for name, user in sorted(documented):
            setting = running.settings.get(name)
            if setting is not None and setting.origin is Origin.EXPLICIT and setting.value == user:
                fix = Fix("Take the account away, or give it a name and a password of its own")
                title = f"{running.fact.name} still has the account of its example"
                yield Hit(
                    workload.asset, title, setting.evidence, fix, workload.exposure, f"{running.fact.slug}:{name}"
                )
