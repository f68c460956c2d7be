"""A secret stands in the file.

What it does
    Finds credentials written out in environment variables of Compose files, manifests and Dockerfiles, in variable files that go into
    the repository, and in Kubernetes Secrets that are kept as files. Values that everybody tries first are the business of
    ``default-credential``, short and repeated ones of ``predictable-credential``.

Why it matters
    Whoever reads the repository, the image's history or ``docker inspect`` has the credential, and it is rarely rotated because that
    means changing code.

How to fix it
    Refer to it (``${NAME:?}``, ``secretKeyRef``, a secret manager) and rotate the value that was written down.

Not reported
    Variable files that a ``.gitignore`` keeps out of the repository: that is where such values belong.
"""

from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.credentials import written
from undercroft.scan.graph import Graph
from undercroft.scan.passwords import Strength

CHECK = Check(
    title="Hard-coded secret",
    severity=Severity.HIGH,
    risk=Risk.MIS_CRED,
    references=("CWE-798", "CWE-312", "OWASP A07:2025", "ATT&CK T1552.001"),
    weighed=False,
    examples=(
        Example("a token in a Compose list", "present", "services:\n  model:\n    image: vllm/vllm-openai:v0.8.5\n    environment:\n      - HF_TOKEN=hf_3kW9sPqLr7TzXbVn2Mc8\n"),
        Example("a key in a Dockerfile", "present", 'FROM python:3.11\nENV API_KEY=Zk39xPq7LmT2\nCMD ["python", "app.py"]\n', file="Dockerfile"),
        Example("a key in a variable file", "present", "export WEBUI_SECRET_KEY='Zk39xPq7LmT2Zk39xPq7LmT2'\n", file="deploy/open-webui.env"),
        Example("the same in a file kept out of the repository", "absent", "WEBUI_SECRET_KEY=Zk39xPq7LmT2Zk39xPq7LmT2\n", file=".env", more=((".gitignore", ".env\n"),)),
        Example("a reference", "absent", "services:\n  model:\n    image: vllm/vllm-openai:v0.8.5\n    environment:\n      - HF_TOKEN=${HF_TOKEN}\n"),
        Example("an empty value", "absent", 'services:\n  model:\n    image: vllm/vllm-openai:v0.8.5\n    environment:\n      HF_TOKEN: ""\n'),
        Example("a place to fill in", "absent", "services:\n  model:\n    image: vllm/vllm-openai:v0.8.5\n    environment:\n      HF_TOKEN: <your token>\n"),
        Example("a number of tokens", "absent", "services:\n  model:\n    image: vllm/vllm-openai:v0.8.5\n    environment:\n      MAX_TOKENS: 4096\n"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Every written credential that is neither a default nor predictable, and no argument or address."""
    for credential in written(graph):
        if (
            credential.place == "argument"
            or credential.url
            or credential.ignored
            or credential.strength is not Strength.UNKNOWN
        ):
            continue
        fix = credential.fix() or Fix("Refer to a secret kept outside the file, and rotate the value")
        yield Hit(
            credential.asset,
            f"{credential.name} is written out",
            credential.evidence,
            fix,
            credential.exposure,
            f"credential:{credential.name}",
            severity=Severity.MEDIUM if credential.place == "template" else None,
        )
