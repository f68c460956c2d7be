"""The model served tomorrow is not the one that was tested.

What it does
    Finds resources that take a model from a hub without naming a revision (``hf://org/model``), or over plain HTTP.

Why it matters
    Whoever can push to the repository, or sits on the path, replaces the model at the next start; and many formats run code when they
    are loaded.

How to fix it
    A commit as revision (``hf://org/model:<commit>`` in KServe), or a copy in a bucket of your own that nobody overwrites.
"""

import re
from collections.abc import Iterator

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_SERVICE = "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: llm}\nspec:\n  predictor:\n    model:\n      modelFormat: {name: huggingface}\n      storageUri: URI\n"

CHECK = Check(
    title="Model without a revision",
    severity=Severity.LOW,
    risk=Risk.MIS_ARTIFACT,
    references=("CWE-494", "OWASP A08:2025", "ATLAS AML.T0010", "https://kserve.github.io/website/latest/modelserving/storage/storagecontainers/"),
    weighed=False,
    persona=Persona.PEDANTIC,
    examples=(
        Example("whatever the hub has", "present", _SERVICE.replace("URI", "hf://example/model"), file="llm.yaml"),
        Example("plain HTTP", "present", _SERVICE.replace("URI", "http://models.example/m.tar"), file="llm.yaml"),
        Example("a commit", "absent", _SERVICE.replace("URI", "hf://example/model:6b1a7f2c"), file="llm.yaml"),
        Example("a bucket", "absent", _SERVICE.replace("URI", "s3://models/m"), file="llm.yaml"),
    ),
)  # fmt: skip

_HUB = re.compile(r"^(?:hf|huggingface)://[\w.\-]+/[\w.\-]+$")


def examine(graph: Graph) -> Iterator[Hit]:
    """Sources that name no revision, or nobody's word for what arrives."""
    for source in graph.sources:
        if _HUB.match(source.uri):
            what = f"{source.uri} names no revision"
        elif source.uri.startswith("http://"):
            what = "The model comes over plain HTTP"
        else:
            continue
        yield Hit(
            source.asset,
            what,
            (source.evidence,),
            Fix("Name a commit, or keep a copy of your own"),
            source.exposure,
            f"model:{source.uri.partition('?')[0]}",
        )
