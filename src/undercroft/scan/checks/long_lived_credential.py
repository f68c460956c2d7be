"""A pipeline keeps a key to the cloud.

What it does
    Finds pipelines that log in to AWS, Google Cloud or Azure with a stored key instead of the platform's own identity (OIDC), and
    sessions that are asked to live far longer than a job.

Why it matters
    A stored key works from anywhere until somebody rotates it. Once it leaks through a log, a dependency or a fork, it opens the bucket
    with the training data and the registry with the models, for months.

How to fix it
    Federate: ``permissions: {id-token: write}`` and ``role-to-assume`` (AWS), ``workload_identity_provider`` (Google),
    ``client-id``/``tenant-id`` with a federated credential (Azure), ``id_tokens`` (GitLab). Sessions of an hour.
"""

import re
from collections.abc import Iterator, Mapping

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph, Text
from undercroft.scan.pipelines import Step

_FILE = ".github/workflows/a.yml"
_SAMPLE = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: USES@0123456789abcdef0123456789abcdef01234567\n        with:\n          INPUT\n"


def _sample(uses: str, given: str) -> str:
    return _SAMPLE.replace("USES", uses).replace("INPUT", given)


CHECK = Check(
    title="Stored cloud key in a pipeline",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_CICD,
    references=("CWE-798", "CWE-324", "OWASP A07:2025", "ATT&CK T1078.004", "ATT&CK T1552", "CICD-SEC-6"),
    weighed=False,
    examples=(
        Example("an AWS key", "present", _sample("aws-actions/configure-aws-credentials", "aws-secret-access-key: ${{ secrets.AWS_SECRET }}"), file=_FILE),
        Example("a Google key file", "present", _sample("google-github-actions/auth", "credentials_json: ${{ secrets.GCP }}"), file=_FILE),
        Example("an Azure secret", "present", _sample("azure/login", "creds: ${{ secrets.AZURE }}"), file=_FILE),
        Example("an AWS key in the environment", "present", "on: push\npermissions: {}\nenv:\n  AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS }}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: aws s3 ls\n", file=_FILE),
        Example("a session of half a day", "present", _sample("aws-actions/configure-aws-credentials", "role-to-assume: r\n          role-duration-seconds: 43200"), file=_FILE),
        Example("a role", "absent", _sample("aws-actions/configure-aws-credentials", "role-to-assume: r\n          role-duration-seconds: 3600"), file=_FILE),
        Example("a Google federation", "absent", _sample("google-github-actions/auth", "workload_identity_provider: p"), file=_FILE),
        Example("a key that an earlier step was given by federation", "absent", "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: aws s3 ls\n        env:\n          AWS_SECRET_ACCESS_KEY: ${{ steps.oidc.outputs.secret }}\n", file=_FILE),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")
_KEYS = {
    "aws-secret-access-key": "AWS", "credentials_json": "Google Cloud", "service_account_key": "Google Cloud", "creds": "Azure",
    "client-secret": "Azure", "AWS_SECRET_ACCESS_KEY": "AWS", "AZURE_CLIENT_SECRET": "Azure", "ARM_CLIENT_SECRET": "Azure",
    "GOOGLE_CREDENTIALS": "Google Cloud", "GCP_SA_KEY": "Google Cloud", "GCLOUD_SERVICE_KEY": "Google Cloud", "AZURE_CREDENTIALS": "Azure",
    "GOOGLE_APPLICATION_CREDENTIALS_JSON": "Google Cloud",
}  # fmt: skip
_INPUTS_OF = re.compile(r"^(?:aws-actions/|google-github-actions/|azure/|Azure/|hashicorp/)", re.IGNORECASE)
LONGEST = 4 * 3600
"""Seconds of a session that a job may want; AWS' default is one hour, its limit twelve."""


def _stored(given: Mapping[str, Text]) -> Iterator[tuple[str, str, Evidence]]:
    for name, text in given.items():
        cloud = _KEYS.get(name)
        if cloud is not None and text.evidence is not None and re.search(r"\bsecrets[.\[]", text.value or ""):
            yield name, cloud, text.evidence


def _session(step: Step) -> Text | None:
    text = step.inputs.get("role-duration-seconds")
    return text if text is not None and (text.value or "").isdigit() and int(text.value or 0) > LONGEST else None


def examine(graph: Graph) -> Iterator[Hit]:
    """Stored keys by cloud, one finding a pipeline and cloud; long sessions, one a step."""
    for pipeline in graph.pipelines:
        found: dict[str, list[Evidence]] = {}
        given = [pipeline.environment, *(job.environment for job in pipeline.jobs)]
        for _, step in pipeline.steps():
            given.append(step.environment)
            if step.uses is not None and _INPUTS_OF.match(step.uses.value or ""):
                given.append(step.inputs)
        for each in given:
            for _, cloud, place in _stored(each):
                found.setdefault(cloud, []).append(place)
        for cloud, places in found.items():
            fix = Fix(f"Let the pipeline federate with {cloud} (OIDC), then delete the key")
            yield Hit(
                pipeline.asset,
                f"The pipeline keeps a key to {cloud}",
                tuple(dict.fromkeys(places)),
                fix,
                _ANYWHERE,
                f"cloud:{cloud}",
            )
        for job, step in pipeline.steps():
            session = _session(step)
            if session is not None and session.evidence is not None:
                hours = int(session.value or 0) / 3600
                yield Hit(
                    pipeline.asset, f"A cloud session lives {hours:g} hours", (session.evidence,), Fix("Ask for an hour, or as long as the job takes"),
                    _ANYWHERE, f"{job.id}:{step.name}:session", severity=Severity.LOW,
                )  # fmt: skip
