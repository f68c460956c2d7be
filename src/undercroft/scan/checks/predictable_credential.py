"""A key that can be guessed.

What it does
    Finds written passwords and keys that are short, repeat one pattern or run along the keyboard, and keys that sign tokens or sessions
    with fewer than 16 characters. RFC 7518 section 3.2 asks for 256 bits where HS256 signs.

Why it matters
    A signing key is tried offline, billions of times a second, against one token its owner was given; whoever finds it signs tokens
    for everybody. A short password falls to the same attempts online, only later.

How to fix it
    32 random bytes (``openssl rand -base64 32``), kept outside the file. Values that manuals print are the business of
    ``default-credential``.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.credentials import written
from undercroft.scan.graph import Graph
from undercroft.scan.passwords import Strength, predictable

_SAMPLE = "services:\n  ui:\n    image: acme/ui:1.2\n    environment:\n      - NAME=VALUE\n"

CHECK = Check(
    title="Predictable or short credential",
    severity=Severity.HIGH,
    risk=Risk.TTP_BRUTE,
    references=("CWE-521", "CWE-326", "CWE-331", "OWASP A04:2025", "OWASP A07:2025", "ATT&CK T1110", "https://www.rfc-editor.org/rfc/rfc7518#section-3.2"),
    weighed=False,
    confidence=Confidence.MEDIUM,
    examples=(
        Example("a signing key of eight characters", "present", _SAMPLE.replace("NAME", "JWT_SECRET").replace("VALUE", "q7Zp2mXv")),
        Example("one pattern repeated", "present", _SAMPLE.replace("NAME", "API_TOKEN").replace("VALUE", "ab12ab12ab12ab12")),
        Example("a sequence, in a variable file", "present", "SESSION_SECRET=abcdefghijklmnop\n", file=".env"),
        Example("a short password in a manifest", "present", "apiVersion: v1\nkind: Pod\nmetadata: {name: t}\nspec:\n  containers:\n    - name: t\n      image: acme/db:1.2\n      env: [{name: DB_PASSWORD, value: tr7q}]\n", file="pod.yaml"),
        Example("a long random key", "absent", _SAMPLE.replace("NAME", "JWT_SECRET").replace("VALUE", "q7Zp2mXvK9sT4nRw8bYc3dFg6hJk1lMz")),
        Example("a key from outside", "absent", _SAMPLE.replace("NAME", "JWT_SECRET").replace("VALUE", "${JWT_SECRET:?}")),
        Example("a provider's key, whose length is the provider's business", "absent", _SAMPLE.replace("NAME", "AZURE_API_KEY").replace("VALUE", "q7Zp2mXv")),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Every written credential that can be guessed and is no default."""
    for credential in written(graph):
        if credential.place == "argument" or credential.url or credential.strength is not Strength.PREDICTABLE:
            continue
        why = predictable(credential.name, credential.value) or "predictable"
        fix = credential.fix() or Fix("Generate 32 random bytes and keep them outside the file")
        yield Hit(
            credential.asset, f"{credential.name} can be guessed: {why}", credential.evidence, fix, credential.exposure,
            f"credential:{credential.name}",
            severity=Severity.MEDIUM if credential.place == "template" else None,
        )  # fmt: skip
