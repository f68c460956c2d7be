"""A secret goes into an image.

What it does
    Finds build arguments that name a credential, and key files, variable files and login files that a Dockerfile copies into the image.

Why it matters
    An image's layers and history are read by everybody who may pull it. ``RUN rm`` in a later layer takes nothing away, and a build
    argument stands in the history of every layer that follows it.

How to fix it
    ``RUN --mount=type=secret,id=…`` for what the build needs; variables and mounted files for what the program needs; a
    ``.dockerignore`` for what lies beside the code. Rotate what went into an image that was pushed.
"""

import posixpath
import re
from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.redact import names_a_secret
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph
from undercroft.scan.passwords import written_out

_SAMPLE = 'FROM python:3.11\nLINE\nCMD ["python", "app.py"]\n'

CHECK = Check(
    title="Secret in an image",
    severity=Severity.HIGH,
    risk=Risk.MIS_CRED,
    references=("CWE-538", "CWE-522", "OWASP A02:2025", "ATT&CK T1552.001", "CIS Docker 4.10", "https://docs.docker.com/build/building/secrets/"),
    weighed=False,
    examples=(
        Example("a build argument that holds a token", "present", _SAMPLE.replace("LINE", "ARG GITHUB_TOKEN"), file="Dockerfile"),
        Example("a private key", "present", _SAMPLE.replace("LINE", "COPY keys/id_rsa /home/app/.ssh/id_rsa"), file="Dockerfile"),
        Example("a variable file", "present", _SAMPLE.replace("LINE", "COPY app.py .env /app/"), file="Dockerfile"),
        Example("a secret mounted for one step", "absent", _SAMPLE.replace("LINE", "RUN --mount=type=secret,id=hf ./fetch.sh"), file="Dockerfile"),
        Example("a file of an earlier stage", "absent", "FROM python:3.11 AS build\nFROM python:3.11\nCOPY --from=build /app/.env /app/.env\n", file="Dockerfile"),
        Example("a public key and a template", "absent", _SAMPLE.replace("LINE", "COPY id_rsa.pub .env.example /app/"), file="Dockerfile"),
        Example("an argument with a limit of tokens", "absent", _SAMPLE.replace("LINE", "ARG MAX_TOKENS=4096"), file="Dockerfile"),
    ),
)  # fmt: skip

_FILE = re.compile(
    r"""(?ix)^(?: id_(?:rsa|dsa|ecdsa|ed25519) | \.env(?:\.(?:local|prod(?:uction)?|dev(?:elopment)?|staging))? | \.netrc | \.pypirc | \.npmrc
        | \.git-credentials | \.dockercfg | kubeconfig | \.htpasswd | credentials(?:\.json)? | service[-_]?account[\w\-]*\.json
        | kaggle\.json | .*\.(?:key|p12|pfx|jks|kdbx|keytab) | .*private.*\.pem | .*-key\.pem )$"""
)
_FOLDERS = frozenset({".ssh", ".aws", ".gnupg", ".kube"})


def _secret_file(path: str) -> bool:
    name = posixpath.basename(path.rstrip("/"))
    return name in _FOLDERS or (_FILE.match(name) is not None and not re.search(r"(?i)\.pub$|public", name))


def examine(graph: Graph) -> Iterator[Hit]:
    """Build arguments of secrets, and files of secrets that are copied."""
    for build in graph.builds:
        for name, text in build.arguments.items():
            if not names_a_secret(name) or text.evidence is None or (text.value and not written_out(text.value)):
                continue
            given = bool(text.value)
            yield Hit(
                build.asset, f"{name} is {'written as' if given else 'handed over as'} a build argument, which the image's history keeps", (text.evidence,),
                Fix("Mount it for the step that needs it: RUN --mount=type=secret"), UNKNOWN_EXPOSURE, f"argument:{name}",
                severity=None if given else Severity.MEDIUM,
            )  # fmt: skip
        for copied in build.copied:
            path = copied.source.value or ""
            if _secret_file(path) and copied.source.evidence is not None:
                yield Hit(
                    build.asset, f"{posixpath.basename(path.rstrip('/'))} is copied into the image", (copied.source.evidence,),
                    Fix("Leave it out (.dockerignore) and mount it where the container runs"), UNKNOWN_EXPOSURE, f"file:{path}",
                )  # fmt: skip
