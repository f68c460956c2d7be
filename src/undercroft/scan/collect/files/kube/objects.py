"""A Kubernetes object into the part of the graph it tells."""

from collections.abc import Iterator, Mapping

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.scan.cluster import Autoscaler, ModelSource, Switch
from undercroft.scan.collect.files import routes
from undercroft.scan.collect.files.kube import pods, rights, scaling
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Graph, Policy, Secret, Text


def is_manifest(document: Node) -> bool:
    """Whether a YAML document is a Kubernetes object."""
    return document.get("apiVersion") is not None and document.get("kind") is not None


def read(document: Node, components: Mapping[str, ComponentFact], depth: int = 0) -> Graph:
    """One Kubernetes object, or the objects of a ``List``."""
    source, kind = document.source, document.get("kind")
    name = kind.scalar if kind else None
    if name is None:
        return Graph()
    if name.endswith("List") and document.get("items") is not None and depth < 3:
        return Graph.joined(
            read(item, components, depth + 1)
            for item in (document.get("items") or document).each()
            if is_manifest(item)
        )
    if name in routes.KINDS and not _foreign(document, name):
        return Graph(routes=(routes.read(source, document, name),))
    if name in {"Role", "ClusterRole"}:
        return Graph(roles=rights.roles(document, name))
    if name in {"RoleBinding", "ClusterRoleBinding"}:
        return Graph(bindings=rights.bindings(document, name))
    if name == "NetworkPolicy":
        return Graph(policies=(_policy(source, document),))
    if name in {"Secret", "ConfigMap"}:
        return Graph(secrets=_secrets(source, document, components), switches=tuple(_annotated(document, name)))
    return Graph(
        workloads=tuple(pods.workloads(document, name, components)),
        autoscalers=_autoscalers(document, name),
        sources=tuple(_sources(document, name)),
    )


_SWITCHES = ("serving.kserve.io/s3-usehttps", "serving.kserve.io/s3-verifyssl", "seldon.io/usehttps")
"""Annotations by which model servers are told to fetch models without encryption (KServe's S3 credentials)."""


def _annotated(document: Node, kind: str) -> Iterator[Switch]:
    annotations = document.get("metadata", "annotations")
    for key in _SWITCHES if annotations is not None else ():
        node = annotations.get(key) if annotations is not None else None
        if node is not None and node.scalar in {"0", "1", "true", "false"}:
            name = document.get("metadata", "name")
            title = f"{kind}/{name.scalar if name is not None and name.scalar else '?'}"
            asset = Asset(f"kubernetes:{document.source.path}#{title}", "manifest", title)
            yield Switch(asset, key, "tls", node.scalar in {"1", "true"}, node.evidence(), node.text().span)


def _foreign(document: Node, kind: str) -> bool:
    """A kind of the same name in another group: Knative's Service, Kong's and Camel's Route."""
    version = document.get("apiVersion")
    group = version.scalar or "" if version is not None else ""
    return (kind == "Service" and group != "v1") or (kind == "Route" and not group.startswith("route.openshift.io"))


def _policy(source: Source, document: Node) -> Policy:
    title, space = document.get("metadata", "name"), document.get("metadata", "namespace")
    selector = document.get("spec", "podSelector")
    known = not document.doubt("spec", "podSelector") and not (
        selector is not None and (selector.get("matchExpressions") is not None or selector.doubt("matchLabels"))
    )
    return Policy(
        title.scalar or "?" if title else "?",
        space.scalar or "default" if space else "default",
        routes.labels(document.get("spec", "podSelector", "matchLabels")),
        source.evidence(document.line, document.column),
        known,
    )


def _autoscalers(document: Node, kind: str) -> tuple[Autoscaler, ...]:
    return tuple(scaling.autoscalers(document, kind))


_URIS = ("storageUri", "uri", "modelUri", "url", "model_uri")


def _sources(document: Node, kind: str) -> Iterator[ModelSource]:
    """Where the field's resources take a model from (KServe, Seldon, KubeAI, LLMInferenceService)."""
    if kind not in {"InferenceService", "TrainedModel", "SeldonDeployment", "Model", "LLMInferenceService", "LocalModelCache", "ClusterStorageContainer"}:  # fmt: skip
        return
    name = document.get("metadata", "name")
    title = f"{kind}/{name.scalar if name is not None and name.scalar else '?'}"
    asset = Asset(f"kubernetes:{document.source.path}#{title}", "model", title)
    queue = [document.get("spec")]
    for looked, node in enumerate(queue):
        if node is None or looked > pods.MAX_SEARCH:
            continue
        for key, value in node.entries():
            if key in _URIS and value.scalar and not value.is_template:
                yield ModelSource(asset, value.scalar, value.evidence())
            elif value.pairs is not None:
                queue.append(value)
            else:
                queue += [item for item in value.each() if item.pairs is not None]


TELLING = 12
"""Characters from which on a documented default is nobody's own choice of password."""


def _secrets(source: Source, document: Node, components: Mapping[str, ComponentFact]) -> tuple[Secret, ...]:
    kind, name = document.get("kind"), document.get("metadata", "name")
    title = f"{kind.scalar if kind else '?'}/{name.scalar if name and name.scalar else '?'}"
    asset = Asset(f"kubernetes:{source.path}#{title}", "manifest", title)
    # A manifest does not say whose Secret it is, so only defaults that speak for themselves are compared.
    documented = frozenset(
        c.secret for fact in components.values() for c in fact.credentials if len(c.secret) >= TELLING
    )
    return tuple(Secret(asset, key, text, documented=documented) for key, text in literal_secrets(source, document))


_PUBLIC_KEYS = frozenset({"ca.crt", "tls.crt", "cert.pem", "ca.pem", "known_hosts", "config.json", "type", "name", "namespace", "username", "user", "host", "port", "database", "db", "url", "endpoint", "region", "bucket"})  # fmt: skip
"""Keys of Secrets that identify or certify without being secret."""


def literal_secrets(source: Source, document: Node) -> list[tuple[str, Text]]:
    """Keys of ``Secret`` and ``ConfigMap`` data that hold a secret in the clear."""
    kind = document.get("kind")
    if kind is None or kind.scalar not in {"Secret", "ConfigMap"}:
        return []
    found = []
    for group in ("stringData", "data"):
        held = document.get(group)
        for key, value in held.entries() if held is not None else ():
            if not value.scalar or value.is_template or not is_literal_secret(value.scalar):
                continue
            # A whole file under one key is another format's business.
            if "\n" in value.scalar.strip() and "PRIVATE KEY" not in value.scalar:
                continue
            if names_a_secret(key) or (kind.scalar == "Secret" and key.lower() not in _PUBLIC_KEYS):
                found.append((key, _masked(source, value)))
    return found


def _masked(source: Source, node: Node) -> Text:  # noqa: ARG001 - the node knows its own source, and a rendered one its origin
    known = (node.scalar,) if node.scalar else ()
    return Text(node.scalar, node.evidence(known), node.text().span)
