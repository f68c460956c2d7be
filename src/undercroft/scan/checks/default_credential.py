"""A password that everybody tries first.

What it does
    Finds credentials in environment variables, variable files and Kubernetes Secrets whose value is a documented default, the user's
    own name, or made of the words that manuals and templates put there: ``change-me``, ``mlflow_password``, ``super-secret-key``. A
    fallback written behind a variable (``${DB_PASSWORD:-postgres}``) counts, because it is what runs when nobody sets it; so does a
    template that is meant to be copied, as long as the value would work.

Why it matters
    These are not guessed, they are looked up. A default credential is the same as none, with the comfort of a login page.

How to fix it
    A generated secret, kept outside the file: an ``.env`` that is not committed, a Secret made by a secret manager. In a template,
    leave the value empty and demand it where it is used (``${DB_PASSWORD:?}``).

Not reported
    Example values of keys that only a provider can issue: they open nothing.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.credentials import Credential, written
from undercroft.scan.graph import Graph
from undercroft.scan.passwords import Strength

_COMPOSE = "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_USER: mlflow\n      POSTGRES_PASSWORD: VALUE\n"

CHECK = Check(
    title="Default credential",
    severity=Severity.HIGH,
    risk=Risk.MIS_CRED,
    references=("CWE-1392", "CWE-798", "OWASP A07:2025", "ATT&CK T1078.001"),
    weighed=False,
    examples=(
        Example("a database with its own name as password", "present", _COMPOSE.replace("VALUE", "mlflow")),
        Example("a Kubernetes Secret in base64", "present", "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata:\n  password: YWRtaW4=\n", file="secret.yaml"),
        Example("a fallback that runs when nobody sets the variable", "present", _COMPOSE.replace("VALUE", "${DB_PASSWORD:-postgres}")),
        Example("a variable file", "present", "MINIO_ROOT_USER=ops\nMINIO_ROOT_PASSWORD=minio123\n", file=".env"),
        Example("a template with a value that works", "present", "# copy to .env\nJWT_SECRET=super-secret-key\n", file=".env.example"),
        Example("a key that an image carries", "present", "FROM python:3.11\nENV FLASK_SECRET_KEY=changeme\n", file="Dockerfile"),
        Example("a password nobody tries first", "absent", _COMPOSE.replace("VALUE", "7hJq2LmPz0")),
        Example("a password from outside", "absent", _COMPOSE.replace("VALUE", "${DB_PASSWORD:?}")),
        Example("a fallback that is empty", "absent", _COMPOSE.replace("VALUE", "${DB_PASSWORD:-}")),
        Example("a user name, which is no secret", "absent", "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_USER: admin\n"),
        Example("a place for a provider's key", "absent", "OPENAI_API_KEY=your-openai-api-key\nHF_TOKEN=hf_xxx\n", file=".env.example"),
        Example("a key for an emulator of a cloud", "absent", "services:\n  t:\n    image: acme/t:1.2\n    environment:\n      AWS_SECRET_ACCESS_KEY: test123\n      S3_ENDPOINT_URL: http://localstack:4566\n"),
        Example("a value to be filled in", "absent", "POSTGRES_PASSWORD=\n", file=".env.example"),
    ),
)  # fmt: skip

# Values that products of this field document as their default (MinIO, MLflow, Airflow, Grafana, RabbitMQ, Superset, LiteLLM, Neo4j,
# PostgreSQL images' examples), with the words that head every published password list. Nothing else of a file is put back for them.
WORDS = frozenset({
    "admin", "administrator", "password", "passw0rd", "password1", "password123", "password1234", "changeme", "changeit", "change-me",
    "change_me", "secret", "root", "toor", "test", "guest", "user", "default", "demo", "example", "123456", "12345678", "1234", "qwerty",
    "letmein", "minioadmin", "minio", "minio123", "minio_secret", "postgres", "mysql", "mongo", "redis", "airflow", "mlflow", "jupyter",
    "superset", "grafana", "neo4j", "rabbitmq", "sk-1234", "mysecretpassword", "admin123", "pass", "pwd", "token", "dev", "local",
})  # fmt: skip


def is_default(credential: Credential) -> bool:
    """Whether the value is documented, an example, or the user name written beside it."""
    return credential.strength is Strength.DEFAULT


def examine(graph: Graph) -> Iterator[Hit]:
    """Every written credential with a default value, addresses left to ``credential-in-url``."""
    for credential in written(graph):
        if not is_default(credential) or (credential.url and credential.place != "argument"):
            continue
        if credential.place == "argument" and credential.url:
            continue  # secret-in-args says it
        fix = credential.fix() or Fix("Generate a secret and keep it outside the file")
        what = (
            f"falls back to a well-known value where {credential.fallback} is not set"
            if credential.fallback
            else "is a default or well-known value"
        )
        yield Hit(
            credential.asset,
            f"{credential.name} {what}",
            credential.evidence,
            fix,
            credential.exposure,
            f"credential:{credential.name}",
            severity=Severity.MEDIUM if credential.place == "template" else None,
        )
