"""Addresses of stores in what a workload is started with, and which workload of the same deployment each of them names. Pure.

A name is resolved the way the platform does it: in Compose to a service of the same file, in a cluster to the pods behind the
Service of that name in the workload's own namespace or in the one that is written. Nothing is matched across deployments.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from undercroft.scan.cloud import Estate, Resource
from undercroft.scan.cluster import Binding, Role
from undercroft.scan.graph import Graph, Route, Text, Workload

# What follows the host may hold no further ``@``: then the host would be a part of a password.
_URL = re.compile(
    r"(?i)(?<![a-z0-9+.\-])(?P<scheme>[a-z][a-z0-9+.\-]{0,30})://(?P<user>[^\s@/'\"]{0,400}@)?(?P<host>[a-z0-9][a-z0-9._\-]{0,252})(?![^\s'\"]*@)"
)
_HOST = re.compile(r"(?i)^(?P<host>[a-z0-9][a-z0-9._\-]{0,252})(?::\d{1,5})?$")
BUCKETS = frozenset({"s3", "s3a", "s3n", "gs", "gcs", "abfs", "abfss", "wasb", "wasbs"})
"""Schemes whose host is a bucket."""
DATABASES = frozenset(
    {"postgresql", "postgres", "mysql", "mariadb", "mongodb", "redis", "rediss", "amqp", "amqps", "clickhouse", "mssql", "snowflake", "neo4j", "bolt"}
)  # fmt: skip
"""Schemes of databases, without the driver behind a plus sign."""
_HERE = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "::1"})  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True)
class Address:
    """One address as it is written."""

    scheme: str
    """Lower case, without the driver; empty where only a host is written."""
    host: str
    """Lower case; the bucket for a scheme of :data:`BUCKETS`."""
    secret: bool
    """Whether a password stands in it."""


def addresses(value: str | None, *, bare: bool = False) -> tuple[Address, ...]:
    """Every address in a text; with ``bare`` also a text that is nothing but a host, with or without a port."""
    text = (value or "").strip("\"' ")[:4096]
    found = [
        Address(
            m["scheme"].lower().partition("+")[0],
            m["host"].lower().rstrip("."),
            bool(re.search(r":[^@]", m["user"] or "")),
        )
        for m in _URL.finditer(text)
    ]
    if not found and bare and (plain := _HOST.match(text)) is not None:
        found.append(Address("", plain["host"].lower().rstrip("."), secret=False))
    return tuple(dict.fromkeys(each for each in found if each.host not in _HERE))


def texts(workload: Workload) -> Iterator[tuple[str, Text]]:
    """What a workload is started with: variables by their names, then words of its command as ``its arguments``."""
    yield from workload.environment.items()
    for word in workload.words:
        yield "its arguments", word


@dataclass(frozen=True)
class Ground:
    """The graph with what paths look up in it."""

    graph: Graph
    compose: Mapping[str, Sequence[Workload]] = field(default_factory=dict)
    """Compose file → its services."""
    pods: Mapping[str, Sequence[Workload]] = field(default_factory=dict)
    """Namespace → workloads of a cluster."""
    services: Mapping[tuple[str, str], Sequence[Route]] = field(default_factory=dict)
    """(namespace, name) → Services."""
    buckets: Mapping[str, Resource] = field(default_factory=dict)
    """Name → bucket that is built here."""
    bound: Mapping[tuple[str, str, str], Sequence[Binding]] = field(default_factory=dict)
    """(kind, namespace, name) of a subject → bindings; a group has no namespace."""
    roles: Mapping[tuple[str, str], Role] = field(default_factory=dict)
    """(namespace, name) → role; no namespace for one of the whole cluster."""
    subject_to: dict[str, tuple[Workload, ...]] = field(default_factory=dict)
    """Asset of a binding → workloads it reaches, filled as it is asked for."""

    @classmethod
    def of(cls, graph: Graph) -> "Ground":
        """The graph indexed once."""
        compose: dict[str, list[Workload]] = defaultdict(list)
        pods: dict[str, list[Workload]] = defaultdict(list)
        services: dict[tuple[str, str], list[Route]] = defaultdict(list)
        for workload in graph.workloads:
            if workload.format == "compose":
                compose[workload.namespace].append(workload)
            elif workload.format == "kubernetes":
                pods[workload.namespace].append(workload)
        for route in graph.routes:
            if route.kind == "Service":
                services[route.namespace, route.name].append(route)
        bound: dict[tuple[str, str, str], list[Binding]] = defaultdict(list)
        for binding in graph.bindings:
            for kind, namespace, name in dict.fromkeys(binding.subjects):
                bound[kind, (namespace or binding.namespace) if kind == "ServiceAccount" else "", name].append(binding)
        buckets = {name: bucket for estate in graph.cloud for name, bucket in _buckets(estate)}
        roles = {(role.namespace, role.name): role for role in reversed(graph.roles)}
        return cls(graph, compose, pods, services, buckets, bound, roles)

    def named(self, workload: Workload, host: str) -> tuple[Workload, ...]:
        """Workloads that a host name means inside the deployment of ``workload``."""
        if workload.format == "compose":
            return tuple(w for w in self.compose.get(workload.namespace, ()) if w.asset.name.lower() == host)
        if workload.format != "kubernetes":
            return ()
        name, _, rest = host.partition(".")
        namespace = rest.partition(".")[0] or workload.namespace
        if rest and rest.partition(".")[2].partition(".")[0] not in {"", "svc"}:
            return ()
        return tuple(
            pod
            for route in self.services.get((namespace, name), ())
            if route.selector
            for pod in self.pods.get(namespace, ())
            if all(pod.labels.get(key) == value for key, value in route.selector.items())
        )


def _buckets(estate: Estate) -> Iterator[tuple[str, Resource]]:
    for resource in estate.of("aws_s3_bucket", "google_storage_bucket", "azurerm_storage_container"):
        name = resource.get("bucket") or resource.get("name")
        if name is not None and name.known and name.text:
            yield name.text.lower(), resource
