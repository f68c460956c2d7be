"""An address carries a password.

What it does
    Finds addresses with a user and a written password (``postgresql://mlflow:mlflow@db/mlflow``) in variables of services, images and
    variable files.

Why it matters
    Addresses are logged, shown in error pages and copied into tickets by people who would never copy a password. And the password is
    written where whoever reads the file has it.

How to fix it
    Put the password together from a variable (``postgresql://mlflow:${DB_PASSWORD:?}@db/mlflow``) or use the client's own variable or
    password file, and rotate the written one.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.credentials import written
from undercroft.scan.graph import Graph
from undercroft.scan.passwords import Strength

_SAMPLE = "services:\n  api:\n    image: acme/api:1.2\n    environment:\n      - DATABASE_URL=VALUE\n"

CHECK = Check(
    title="Password in an address",
    severity=Severity.MEDIUM,
    risk=Risk.MIS_CRED,
    references=("CWE-798", "CWE-522", "OWASP A07:2025", "ATT&CK T1552.001"),
    weighed=False,
    examples=(
        Example("a database address", "present", _SAMPLE.replace("VALUE", "postgresql://app:Zk39xPq7LmT2@db:5432/app")),
        Example("the user's name as password", "present", _SAMPLE.replace("VALUE", "mysql+pymysql://mlflow:mlflow@db/mlflow")),
        Example("a fallback", "present", _SAMPLE.replace("VALUE", "${DATABASE_URL:-redis://:hunter22x@redis:6379/0}")),
        Example("in a variable file", "present", "MLFLOW_BACKEND_STORE_URI=postgresql://app:Zk39xPq7LmT2@db/app\n", file="mlflow.env"),
        Example("the password from a variable", "absent", _SAMPLE.replace("VALUE", "postgresql://app:${DB_PASSWORD:?}@db:5432/app")),
        Example("a user without a password", "absent", _SAMPLE.replace("VALUE", "postgresql://app@db:5432/app")),
        Example("a port and an at sign in a path", "absent", _SAMPLE.replace("VALUE", "http://registry:8080/image@sha256")),
        Example("a pattern to fill in", "absent", "DATABASE_URL=postgresql://<user>:<password>@host/db\n", file=".env.example"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Every address with a written password that is not an argument."""
    for credential in written(graph):
        if not credential.url or credential.place == "argument" or credential.strength is Strength.EMPTY:
            continue
        weak = credential.strength is Strength.DEFAULT
        if credential.place == "template" and weak:
            continue
        if credential.ignored and not weak:
            continue
        yield Hit(
            credential.asset,
            f"{credential.name} holds an address with {'a well-known' if weak else 'a written'} password",
            credential.evidence,
            Fix("Take the password from a variable that is set outside the file, and rotate it"),
            credential.exposure,
            f"address:{credential.name}",
        )
