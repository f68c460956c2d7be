"""Pipelines that run a stranger's code, and what lies in them: keys to a cloud, and the right to change the repository. Pure."""

import re
from collections.abc import Iterator, Mapping

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.addresses import Ground
from undercroft.scan.check import Hit
from undercroft.scan.checks import ci_script_injection, ci_untrusted_checkout
from undercroft.scan.graph import Text
from undercroft.scan.pipelines import Job, Pipeline, effective
from undercroft.scan.ways import Entry, Kind, Place, Way
from undercroft.scan.ways_out import account

_ANYBODY = Exposure(None, (), "where the repository is public, anybody can cause the event")
_SECRET = re.compile(r"\bsecrets\s*[.\[]")
_INPUTS = {
    "aws-secret-access-key": "AWS_SECRET_ACCESS_KEY", "credentials_json": "GOOGLE_CREDENTIALS", "service_account_key": "GCP_SA_KEY",
    "creds": "AZURE_CREDENTIALS", "client-secret": "AZURE_CLIENT_SECRET",
}  # fmt: skip
"""Inputs of the clouds' own login actions → the variable they stand for."""


def _given(pipeline: Pipeline, job: Job) -> Iterator[tuple[str, Text]]:
    scopes: list[Mapping[str, Text]] = [pipeline.environment, job.environment]
    for step in job.steps:
        scopes.append(step.environment)
        scopes.append({_INPUTS[name]: text for name, text in step.inputs.items() if name in _INPUTS})
    for each in scopes:
        yield from each.items()


def _keys(pipeline: Pipeline, job: Job) -> Iterator[Way]:
    """Stored keys that the job is handed."""
    for name, text in _given(pipeline, job):
        words = account(name)
        if (
            not words
            or text.evidence is None
            or name in {"GITHUB_TOKEN", "GH_TOKEN"}
            or not _SECRET.search(text.value or "")
        ):
            continue
        evidence = (text.evidence,)
        there = Place(Kind.ACCOUNT, f"{pipeline.path}:{job.id}:{name}:account", words)
        opened = (Way(there, f"that is what {name} is for", evidence, Risk.MIS_CRED),)
        key = Place(
            Kind.CREDENTIAL, f"{pipeline.path}:{job.id}:{name}", f"{name} in the job's environment", ways=opened
        )
        yield Way(key, "the job's code reads it", evidence, Risk.SYS_CICD)


def _token(pipeline: Pipeline, job: Job) -> Iterator[Way]:
    """The right to change the repository, where it is written that the job's token has it."""
    permissions = effective(pipeline, job)
    if permissions is None:
        return
    contents = permissions.scopes.get("contents")
    written = contents is not None and contents.value == "write"
    if permissions.everything == "write-all" or written:
        evidence = contents.evidence if written and contents is not None else None
        there = Place(Kind.CONTROL, f"{pipeline.path}:{job.id}:contents", "the repository and what is released from it")
        yield Way(there, "the job's token may write to it", (evidence or permissions.evidence,), Risk.SYS_CICD)


def _entry(pipeline: Pipeline, job: Job, hit: Hit, triggers: tuple[Evidence, ...]) -> Entry | None:
    ways = (*_keys(pipeline, job), *_token(pipeline, job))
    if not ways or not hit.evidence:
        return None
    there = Place(Kind.INSIDE, f"{pipeline.path}:{job.id}", f"commands in job {job.id} of {pipeline.path}", ways=ways)
    way = Way(there, "it runs what the pull request brings", hit.evidence, Risk.SYS_CICD)
    return Entry(
        "anybody who opens a pull request", _ANYBODY, triggers, way, base=hit.severity or Severity.HIGH, weighed=False
    )


def entries(ground: Ground) -> Iterator[Entry]:
    """Jobs in which a stranger's code runs beside secrets: by a checkout of it, or by text pasted into a script."""
    if not ground.graph.pipelines:
        return
    known = {pipeline.asset.key: pipeline for pipeline in ground.graph.pipelines}
    hits = [*ci_untrusted_checkout.examine(ground.graph)]
    hits += [
        h for h in ci_script_injection.examine(ground.graph) if h.severity is not None and h.severity >= Severity.HIGH
    ]
    for hit in hits:
        pipeline = known.get(hit.asset.key)
        id_ = hit.locator.partition(":")[0]
        for job in pipeline.jobs if pipeline is not None else ():
            if pipeline is not None and job.id == id_:
                entry = _entry(pipeline, job, hit, hit.evidence[1:] or tuple(pipeline.triggers.values()))
                if entry is not None:
                    yield entry
