"""A password that everybody tries first.

What it does
    Finds credentials in environment variables, arguments and Kubernetes Secrets whose value is a documented default or one of the
    words that sprayers try first.

Why it matters
    These are not guessed, they are looked up. A default credential is the same as none, with the comfort of a login page.

How to fix it
    A generated secret, kept outside the file: an ``.env`` that is not committed, a Secret made by a secret manager.
"""

import base64
import binascii
import contextlib
from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.redact import names_a_secret
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.credentials import Credential, written
from undercroft.scan.graph import Graph

CHECK = Check(
    title="Default credential",
    severity=Severity.HIGH,
    risk=Risk.MIS_CRED,
    references=("CWE-1392", "CWE-798", "OWASP A07:2025", "ATT&CK T1078.001"),
    weighed=False,
    examples=(
        Example("a database with its own name as password", "present", "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_USER: mlflow\n      POSTGRES_PASSWORD: mlflow\n"),
        Example("a Kubernetes Secret in base64", "present", "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata:\n  password: YWRtaW4=\n", file="secret.yaml"),
        Example("a password nobody tries first", "absent", "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: 7hJq2LmPz0\n"),
        Example("a password from outside", "absent", "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD:?}\n"),
        Example("a user name, which is no secret", "absent", "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_USER: admin\n"),
    ),
)  # fmt: skip

# Values that products of this field document as their default (MinIO, MLflow, Airflow, Grafana, RabbitMQ, Superset, LiteLLM, Neo4j,
# PostgreSQL images' examples), with the words that head every published password list.
WORDS = frozenset({
    "admin", "administrator", "password", "passw0rd", "password1", "password123", "password1234", "changeme", "changeit", "change-me",
    "change_me", "secret", "root", "toor", "test", "guest", "user", "default", "demo", "example", "123456", "12345678", "1234", "qwerty",
    "letmein", "minioadmin", "minio", "minio123", "minio_secret", "postgres", "mysql", "mongo", "redis", "airflow", "mlflow", "jupyter",
    "superset", "grafana", "neo4j", "rabbitmq", "sk-1234", "mysecretpassword", "admin123", "pass", "pwd", "token", "dev", "local",
})  # fmt: skip


def is_default(credential: Credential) -> bool:
    """Whether the value is one of ``WORDS``, or the user name written beside it."""
    value = credential.value.strip().strip("\"'")
    candidates = {value, value.lower()}
    if credential.encoded:
        with contextlib.suppress(binascii.Error, UnicodeDecodeError, ValueError):
            candidates.add(base64.b64decode(value, validate=True).decode().strip().lower())
    return bool(candidates & WORDS) or (value != "" and value in credential.users)


def examine(graph: Graph) -> Iterator[Hit]:
    """Every written credential with a default value."""
    for credential in written(graph):
        if names_a_secret(credential.name) and is_default(credential):
            fix = credential.fix() or Fix("Generate a secret and keep it outside the file")
            yield Hit(
                credential.asset,
                f"{credential.name} is a default or well-known value",
                credential.evidence,
                fix,
                credential.exposure,
                f"credential:{credential.name}",
            )
