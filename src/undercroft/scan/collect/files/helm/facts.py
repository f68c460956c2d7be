"""Single facts of values files: protections switched off, secrets, ceilings, ways in."""

import re
from collections.abc import Iterator

from undercroft.model.asset import Asset
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.model.setting import Origin, Setting
from undercroft.scan.cluster import Autoscaler, Switch
from undercroft.scan.collect.files import routes
from undercroft.scan.collect.files.helm.sections import MAX_NODES, Section
from undercroft.scan.collect.files.kube.containers import ACCELERATORS
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Route, Secret, Text

_AUTH = re.compile(r"(?i)^(auth|authentication|authorization|basic_?auth|security|acl|rbac_?auth)$")
_AUTH_KEY = re.compile(
    r"(?i)^(enable_?auth(entication|orization)?|auth(entication|orization)?_?enabled|use_?password|require_?auth\w*|enforce_?auth\w*)$"
)
_NO_AUTH_KEY = re.compile(
    r"(?i)^(disable_?auth\w*|auth\w*_?disabled|allow_?empty_?password|allow_?anonymous(_?access)?|anonymous_?access_?enabled|no_?auth)$"
)
_CLIENT = re.compile(r"(?i)external|remote|client|apiconfig|upstream")
_TLS = re.compile(r"(?i)^(tls|ssl|https)$")
_TLS_KEY = re.compile(r"(?i)^(enable_?(tls|ssl|https)|(tls|ssl|https)_?enabled|use_?(tls|ssl|https))$")


def switches(section: Section, asset: Asset) -> Iterator[Switch]:
    """Authentication or encryption that the file switches, by the key's name or by ``enabled`` in a section of that name."""
    last = section.path[-1] if section.path else ""
    for key, value in section.node.entries():
        state = value.boolean
        if state is None:
            continue
        meaning = ""
        if (key == "enabled" and _AUTH.match(last)) or _AUTH_KEY.match(key):
            meaning = "authentication"
        elif _NO_AUTH_KEY.match(key):
            meaning, state = "authentication", not state
        elif (key == "enabled" and _TLS.match(last)) or _TLS_KEY.match(key):
            meaning = "tls"
        if meaning == "authentication" and any(_CLIENT.search(part) for part in section.path):
            continue  # how to call somebody else's server
        if meaning:
            # The section's own ``enabled`` is the switch itself; whether the part is on stands above it.
            path = ".".join((*section.path, key))
            yield Switch(
                asset,
                path,
                meaning,
                state,
                value.evidence(),
                value.text().span,
                section.around if key == "enabled" else section.active,
            )


def autoscaler(section: Section, asset: Asset) -> Autoscaler | None:
    """``autoscaling.maxReplicas`` and its spellings."""
    node = section.node.get("autoscaling") or section.node.get("hpa") or section.node.get("keda")
    if node is None or node.pairs is None:
        return None
    ceiling = node.get("maxReplicas") or node.get("maxReplicaCount") or node.get("maxReplica")
    if ceiling is None or not (ceiling.scalar or "").isdigit() or len(ceiling.scalar or "") > 9:
        return None
    resources = section.node.get("resources")
    gpu = any(
        key.startswith(ACCELERATORS)
        for group in ("limits", "requests")
        if resources is not None
        for key, _ in (resources.get(group) or section.node).entries()
    )
    switch = node.get("enabled")
    if switch is not None and switch.boolean is False and not gpu:
        return None  # the ceiling of ``helm create``, switched off: nothing anyone decided
    return Autoscaler(
        asset, "values", "", int(ceiling.scalar or "0"), known=True, accelerators=gpu, evidence=ceiling.evidence(),
        span=ceiling.text().span,
    )  # fmt: skip


_USERS = re.compile(r"(?i)(^|_)(user|username|login|database|db)$|[a-z](User|Username|Database)$")


def secrets(path: str, document: Node, skip: set[int]) -> Iterator[Secret]:
    """Every value under a key that names a secret, and every address with a password in it."""
    queue: list[tuple[Node, tuple[str, ...]]] = [(document, ())]
    for looked, (node, at) in enumerate(queue):
        if looked > MAX_NODES or id(node) in skip:
            continue
        users = frozenset(v.scalar for k, v in node.entries() if v.scalar and _USERS.search(k))
        name, value = node.get("name"), node.get("value")
        if name is not None and name.scalar and value is not None:
            yield from _secret(path, at, name.scalar, value, users)
        for key, each in node.entries():
            if each.pairs is not None:
                queue.append((each, (*at, key)))
            elif each.items is not None:
                queue += [(item, (*at, key)) for item in each.items if item.pairs is not None]
            elif key != "value":
                yield from _secret(path, at, key, each, users)


def _secret(path: str, at: tuple[str, ...], key: str, node: Node, users: frozenset[str]) -> Iterator[Secret]:
    value = node.scalar
    if not value or node.is_template or "\n" in value or node.boolean is not None:
        return
    own = _OWN.search(key) is not None
    named = names_a_secret(key) and is_literal_secret(value) and (own or not _REFERENCE.search(key))
    if named or ("://" in value and "@" in value):
        asset = Asset(
            f"helm:{path}#{'.'.join(at)}", "values", f"{'.'.join(at) or 'values'} of {path.rpartition('/')[2]}"
        )
        text = Text(value, node.evidence((value,) if named else ()), node.text().span)
        yield Secret(asset, key, text, encoded=False, format="helm", users=users)


_OWN = re.compile(r"(?i)(^|[a-z]_?|aws|s3|root|minio)(access|secret|api|private|master)_?key$")
_REFERENCE = re.compile(
    r"(?i)(existing|secret_?(name|ref|keys?_?ref)|(key|password|token|secret|credentials?|user)_?(name|ref|path|file|key|keys|url|uri|field)$)"
    r"|^secrets?$|keys?_?in_?|_?claim$|(?<!^)secret_?key$"
)
"""Keys that name where a secret is kept, not what it is."""


def service(section: Section, spec: Node, asset: Asset) -> Route:
    """A Service by its ``service.type``."""
    node = spec.get("type")
    annotations = routes.labels(spec.get("annotations"))
    ranges = spec.get("loadBalancerSourceRanges")
    written = list(ranges.each()) if ranges is not None else []
    world = next((item.evidence() for item in written if item.scalar in routes.WORLD), None)
    span = node.text().span if node is not None else None
    title = section.name or "values"
    return Route(
        "Service", title, asset.key, node.scalar or "" if node is not None else "", routes.internal(annotations), {"helm": asset.key}, {}, (),
        (node or spec).evidence(), {"type": span} if span is not None else {}, asset, limited=bool(written) and world is None, open_ranges=world,
    )  # fmt: skip


def ingress(section: Section, spec: Node, asset: Asset) -> Route:
    """An Ingress by its ``ingress.enabled``."""
    annotations = routes.labels(spec.get("annotations"))
    tls = spec.get("tls")
    certified = routes.certified(annotations)
    on = certified or (tls is not None and bool(tls.items or tls.pairs or tls.boolean))
    place = (spec.key("tls") or spec.key("enabled") or spec).evidence()
    known = tls is not None or certified
    setting = Setting(
        "tls", on, Origin.EXPLICIT if known else Origin.UNKNOWN, (place,), "" if known else "the chart decides"
    )
    title = section.name or "values"
    return Route(
        "Ingress", title, asset.key, "", routes.internal(annotations), {}, {}, (title,), (spec.key("enabled") or spec).evidence(), {}, asset,
        tls=setting, stated=routes.public(annotations), identity=routes.asks(annotations),
    )  # fmt: skip
