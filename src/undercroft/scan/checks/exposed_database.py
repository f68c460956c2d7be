"""A store's port is open beyond the machine it runs on.

What it does
    Finds databases, object stores, queues, caches and vector stores whose data port is published on every interface of a machine, or
    on an address of its own. Whether a password is asked for is another question: ``open-database`` and ``empty-password`` answer it.

Why it matters
    A store serves programs of the same project, which need no publication. Once it is published, its password is all that stands between
    everybody in reach and the training data, the registry's records or the model files, and container engines publish ahead of the host's
    firewall.

How to fix it
    Take the publication away; containers of one project reach each other by name. For a look from the same machine publish on
    ``127.0.0.1``.
"""

from collections.abc import Iterator

from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph
from undercroft.scan.publication import to_loopback
from undercroft.scan.reachable import is_store, named, opened, places

_SAMPLE = "services:\n  db:\n    image: IMAGE\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD:?}\n    PORTS\n"

CHECK = Check(
    title="Database published",
    severity=Severity.HIGH,
    risk=Risk.SYS_STORE,
    references=("CWE-668", "CWE-284", "OWASP A02:2025", "ATT&CK T1190", "ATT&CK T1213", "https://docs.docker.com/engine/network/port-publishing/"),
    weighed=False,
    examples=(
        Example("a relational database", "present", _SAMPLE.replace("IMAGE", "postgres:16").replace("PORTS", 'ports: ["5436:5432"]')),
        Example("a variable on both sides", "present", _SAMPLE.replace("IMAGE", "postgres:16").replace("PORTS", "ports: ['${PGPORT}:${PGPORT}']")),
        Example("a vector store", "present", _SAMPLE.replace("IMAGE", "qdrant/qdrant:v1.9.0").replace("PORTS", 'ports: ["6333:6333"]')),
        Example("published on loopback", "absent", _SAMPLE.replace("IMAGE", "postgres:16").replace("PORTS", 'ports: ["127.0.0.1:5432:5432"]')),
        Example("reachable for the project alone", "absent", _SAMPLE.replace("IMAGE", "postgres:16").replace("PORTS", 'expose: ["5432"]')),
        Example("a model server, which has a check of its own", "absent", _SAMPLE.replace("IMAGE", "vllm/vllm-openai:v0.8.5").replace("PORTS", 'ports: ["8000:8000"]')),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Every data port of a store that is open beyond the host."""
    for workload, running, listener in opened(graph):
        if is_store(running, listener):
            title = f"{named(listener).capitalize()} of {running.fact.name} is open to the {listener.exposure.label}"
            yield Hit(
                workload.asset,
                title,
                places(listener),
                to_loopback(workload, listener),
                listener.exposure,
                f"port:{listener.port}",
            )
