"""Credentials written out in cloud resources, variables and providers."""

import re
from collections.abc import Iterable, Iterator

from undercroft.model.asset import Asset
from undercroft.model.evidence import FileEvidence
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.scan.cloud import Estate, Field
from undercroft.scan.graph import Secret, Text, Workload

# What stands under a secret's name without being one: addresses of a secret kept elsewhere, and paths of files.
_ELSEWHERE = re.compile(
    r"^(?:arn:|projects/|https?://|vault:|\{\{resolve:|/|\./|~/|gs://|s3://)|\.(?:json|pem|key|pub|txt|ya?ml)$"
)
_NO_SECRET = frozenset(
    {"google_secret_manager_secret", "google_secret_manager_secret_iam_member", "kubernetes_secret_v1_data"}
)


def _written(name: str, value: Field) -> bool:
    return (
        isinstance(value.value, str)
        and value.known
        and value.literal
        and names_a_secret(name)
        and is_literal_secret(value.value)
        and not _ELSEWHERE.search(value.value)
        and "${" not in value.value
        and not (name.lower().endswith("secret") and re.fullmatch(r"[a-z]+(?:[-_][a-z]+)+", value.value) is not None)
    )


def _secret(asset: Asset, name: str, value: Field) -> Secret:
    return Secret(
        asset, name, Text(str(value.value), value.place.evidence, value.place.span), encoded=False, format="terraform"
    )


def _named(value: Field, depth: int = 0) -> Iterator[tuple[str, Field]]:
    """(name, value) of every scalar below, and of every ``{name, value}`` pair as containers take them."""
    if depth > 20:
        return
    members = value.members or {}
    name, given = members.get("name") or members.get("Name"), members.get("value") or members.get("Value")
    if name is not None and given is not None and name.known:
        yield name.text, given
    for key, inner in members.items():
        if inner.members is None and inner.items is None:
            yield key, inner
        yield from _named(inner, depth + 1)
    for inner in (*(value.items or ()), *value.documents):
        yield from _named(inner, depth + 1)


_PAIR = re.compile(
    r"""(?ix) \b name \\?["']? \s* [:=] \s* \\?["'] (?P<name> [\w.\-/]+ ) \\?["'] [^{}]{0,200}? \b value \\?["']? \s* [:=] \s*
        \\?(?P<quote> ["'] ) (?P<value> (?: (?! \\?(?P=quote) ) [^\n] )+ )"""
)
"""A name and a value side by side, as containers and charts take them, in HCL, YAML and JSON, also inside a quoted text."""


def paired(text: str) -> Iterator[str]:
    """Values that stand beside a name which names a secret: for masking, before anything is shown."""
    for match in _PAIR.finditer(text):
        if names_a_secret(match["name"]) and is_literal_secret(match["value"]):
            yield match["value"]


def hidden(value: Field) -> Iterator[str]:
    """Every text below that stands under a secret's name: for masking, before anything is shown."""
    for name, found in _named(value):
        if names_a_secret(name) and isinstance(found.value, str) and is_literal_secret(found.value):
            yield found.value


def secrets(
    estate: Estate, values: Iterable[tuple[Asset, str, Field]] = (), started: Iterable[Workload] = ()
) -> Iterator[Secret]:
    """Every credential whose value is written out: in ``values`` (variables), and in resources and providers.

    Those of ``started`` are left out, because checks find them there.
    """
    seen: set[tuple[str, int, int]] = set()
    for workload in started:
        for text in workload.environment.values():
            if isinstance(text.evidence, FileEvidence):
                seen.add((text.evidence.file, text.evidence.line, text.evidence.column))
    for asset, name, value in values:
        for key, found in ((name, value), *_named(value)):
            if _written(key, found):
                seen.add((found.place.file, found.place.line, found.place.column))
                yield _secret(asset, key if key == name else f"{name}.{key}", found)
    for resource in estate.resources:
        if resource.type in _NO_SECRET or resource.kind == "data":
            continue
        for key, found in _named(resource.body):
            where = (found.place.file, found.place.line, found.place.column)
            if where not in seen and _written(key, found):
                seen.add(where)
                yield _secret(resource.asset, key, found)
