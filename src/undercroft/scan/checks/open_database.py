"""A store serves everybody.

What it does
    Finds databases, object stores, queues, caches and vector stores that ask for no password: by default, or switched off where more
    than their own project reaches them.

Why it matters
    Whoever opens a connection reads, changes and deletes training data, embeddings, sessions and job queues; several of these stores
    also run commands or write files for their clients. One compromised container on the same network is enough.

How to fix it
    Set the store's password from outside the file (``--requirepass ${REDIS_PASSWORD:?}``, ``QDRANT__SERVICE__API_KEY``) and give it to its
    clients the same way.

Unknown
    A password that comes from a variable nobody resolves here, of a store that more than its project reaches.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph
from undercroft.scan.reachable import STORES, places

_SAMPLE = "services:\n  cache:\n    image: redis:7.2.4\n    command: redis-server ARGUMENTS\n    PORTS\n"

CHECK = Check(
    title="Store without a password",
    severity=Severity.CRITICAL,
    risk=Risk.SYS_STORE,
    references=("CWE-306", "OWASP A07:2025", "ATT&CK T1190", "ATT&CK T1213", "ATLAS AML.T0035"),
    examples=(
        Example("a published cache without a password", "present", _SAMPLE.replace("ARGUMENTS", "--save 60 1").replace("PORTS", 'ports: ["6379:6379"]')),
        Example("the same inside the project", "present", _SAMPLE.replace("ARGUMENTS", "--save 60 1").replace("PORTS", "restart: always")),
        Example("a password from outside", "absent", _SAMPLE.replace("ARGUMENTS", "--requirepass ${REDIS_PASSWORD:?}").replace("PORTS", 'ports: ["6379:6379"]')),
        Example("a model server, which is another check's business", "absent", "services:\n  m:\n    image: vllm/vllm-openai:v0.8.5\n    command: --model m\n    ports: ['8000:8000']\n"),
        Example("a password from an unset variable, published", "unknown", _SAMPLE.replace("ARGUMENTS", "--requirepass ${REDIS_PASSWORD}").replace("PORTS", 'ports: ["6379:6379"]')),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Every store whose setting ``authentication`` is off, or unknown where it is published."""
    for workload, running in graph.components():
        fact = running.fact
        if fact.kind not in STORES or ("authentication" not in fact.derived and "authentication" not in fact.settings):
            continue
        setting, exposure = running.setting("authentication"), workload.exposure
        wide = exposure.reach is None or exposure.reach >= Reach.PRIVATE
        evidence = setting.evidence or running.component.evidence
        locator = f"{fact.slug}:authentication"
        if setting.known and setting.value == "off":
            seen = running.observed.get("authentication")
            answered = seen is not None and seen.known
            if setting.origin is Origin.EXPLICIT and not wide and not answered:
                continue  # empty-password says so at the switch
            how = "answers without a password" if answered else "asks for no password"
            opened = tuple(e for x in workload.listeners if (x.exposure.reach or 0) >= Reach.PRIVATE for e in places(x))
            fix = Fix(
                f"Give {fact.name} a password from outside the file, and keep it off every network that does not need it"
            )
            yield Hit(
                workload.asset, f"{fact.name} {how}", tuple(dict.fromkeys((*evidence, *opened))), fix, exposure, locator
            )
        elif not setting.known and wide and evidence:
            yield Hit(
                workload.asset, f"Whether {fact.name} asks for a password cannot be known", evidence,
                Fix("Say where the password comes from, or scan the running endpoint"), exposure, locator, Verdict.UNKNOWN, setting.reason,
            )  # fmt: skip
