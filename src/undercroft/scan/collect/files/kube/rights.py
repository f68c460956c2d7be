"""Roles and their bindings (https://kubernetes.io/docs/reference/access-authn-authz/rbac/, CC-BY-4.0)."""

from collections.abc import Iterator

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.scan.cluster import Binding, Role, Rule
from undercroft.scan.collect.files.tree import Node


def _title(document: Node, kind: str) -> tuple[str, str, Asset]:
    name, namespace = document.get("metadata", "name"), document.get("metadata", "namespace")
    title = name.shown if name is not None else "?"
    space = (
        ""
        if kind.startswith("Cluster")
        else (namespace.scalar if namespace is not None and namespace.scalar else "default")
    )
    where = f"{space}/" if space else ""
    return (
        title,
        space,
        Asset(f"kubernetes:{document.source.path}#{where}{kind}/{title}", "identity", f"{kind}/{title}"),
    )


def _words(node: Node | None) -> tuple[str, ...]:
    return tuple(item.scalar for item in node.each() if item.scalar is not None) if node is not None else ()


def _places(rule: Node) -> Iterator[tuple[str, Evidence]]:
    for key in ("verbs", "resources", "apiGroups"):
        node = rule.get(key)
        for item in node.each() if node is not None else ():
            if item.scalar is not None:
                yield f"{key}:{item.scalar}", item.evidence()


def roles(document: Node, kind: str) -> tuple[Role, ...]:
    """The role with its rules."""
    title, space, asset = _title(document, kind)
    rules = tuple(
        Rule(
            _words(rule.get("verbs")), _words(rule.get("resources")), _words(rule.get("apiGroups")), _words(rule.get("resourceNames")),
            rule.source.evidence(rule.line, rule.column), dict(_places(rule)),
        )
        for rule in (document.get("rules") or Node(document.source, 0, 0)).each()
    )  # fmt: skip
    return (Role(asset, title, space, rules, document.source.evidence(document.line, document.column)),)


def bindings(document: Node, kind: str) -> tuple[Binding, ...]:
    """The binding; one without a role is none."""
    _, space, asset = _title(document, kind)
    role, role_kind = document.get("roleRef", "name"), document.get("roleRef", "kind")
    if role is None or role.scalar is None or role.is_template:
        return ()
    subjects = []
    for subject in (document.get("subjects") or Node(document.source, 0, 0)).each():
        parts = [subject.get(key) for key in ("kind", "namespace", "name")]
        subjects.append(tuple(p.scalar or "" if p is not None else "" for p in parts))
    named = tuple((a, b, c) for a, b, c in subjects)
    return (Binding(asset, role.scalar, role_kind.scalar or "" if role_kind else "", space, named, role.evidence()),)
