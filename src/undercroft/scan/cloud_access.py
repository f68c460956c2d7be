"""Who a cloud lets in, and what it lets its identities do: firewall rules and policies of three clouds in one shape.

Sources: the provider schemas at https://registry.terraform.io/providers (hashicorp/aws, google, azurerm) and the IAM policy grammar
at https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from undercroft.scan.cloud import Estate, Field, Resource

ANYONE = frozenset({"0.0.0.0/0", "::/0", "0:0:0:0:0:0:0:0/0", "*", "internet", "any", "0.0.0.0"})  # noqa: S104 - read, not bound
"""Sources that mean the whole internet, in lower case."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One rule that lets traffic in."""

    resource: Resource
    source: Field
    """The source as written; the place a finding points at."""
    anyone: bool | None
    """Whether the source is the whole internet; ``None`` where it cannot be resolved."""
    protocol: str
    """``tcp``, ``udp``, ``icmp`` … in lower case; ``all`` for every one."""
    low: int | None
    """First port; ``None`` where it cannot be resolved."""
    high: int | None
    """Last port."""

    @property
    def ports(self) -> str:
        """The ports in words."""
        if self.low is None or self.high is None:
            return "ports that cannot be resolved"
        if self.low <= 0 and self.high >= 65535:
            return "every port"
        return f"port {self.low}" if self.low == self.high else f"ports {self.low} to {self.high}"


def _protocol(value: Field | None) -> str:
    text = value.text.lower() if value is not None else "all"
    return {"-1": "all", "*": "all", "6": "tcp", "17": "udp", "1": "icmp", "icmpv6": "icmp", "58": "icmp"}.get(
        text, text
    )


def _range(text: str) -> tuple[int | None, int | None]:
    if text in {"*", "", "all"}:
        return 0, 65535
    low, _, high = text.partition("-")
    return (int(low), int(high or low)) if low.strip().isdigit() and (high or low).strip().isdigit() else (None, None)


def _sources(rule: Field, *keys: str) -> Iterator[tuple[Field, bool | None]]:
    for key in keys:
        for source in rule.all(key):
            if not source.known:
                yield source, False if source.written.endswith(("/32", "/128")) else None
            else:
                for part in source.text.split(","):
                    yield source, part.strip().lower() in ANYONE


def _aws(resource: Resource, rule: Field) -> Iterator[Opening]:
    protocol = _protocol(rule.get("protocol") or rule.get("ip_protocol"))
    low, high = rule.get("from_port"), rule.get("to_port")
    first = int(low.number) if low is not None and low.number is not None else None
    last = int(high.number) if high is not None and high.number is not None else None
    if protocol == "all" or (low is None and high is None) or first == -1:
        first, last = 0, 65535
    for source, anyone in _sources(
        rule, "cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6", "cidr_ip", "cidr_ipv6_ip"
    ):
        yield Opening(resource, source, anyone, protocol, first, last)


def _google(resource: Resource) -> Iterator[Opening]:
    direction, disabled = resource.get("direction"), resource.get("disabled")
    if (direction is not None and direction.text.upper() == "EGRESS") or (disabled is not None and disabled.boolean):
        return
    sources = list(_sources(resource.body, "source_ranges"))
    if not sources:
        if resource.get("source_tags") is not None or resource.get("source_service_accounts") is not None:
            return
        sources = [(resource.body, True)]  # without any source, the rule is for everybody
    for allow in resource.all("allow"):
        protocol = _protocol(allow.get("protocol"))
        given = list(allow.all("ports"))
        ranges = [_range(port.text) if port.known else (None, None) for port in given] or [(0, 65535)]
        for source, anyone in sources:
            for low, high in ranges:
                yield Opening(resource, source, anyone, protocol, low, high)


def _azure(resource: Resource, rule: Field) -> Iterator[Opening]:
    access, direction = rule.get("access"), rule.get("direction")
    if access is None or direction is None or access.text.lower() != "allow" or direction.text.lower() != "inbound":
        return
    given = [*rule.all("destination_port_range"), *rule.all("destination_port_ranges")]
    for source, anyone in _sources(rule, "source_address_prefix", "source_address_prefixes"):
        for port in given:
            low, high = _range(port.text) if port.known else (None, None)
            yield Opening(resource, source, anyone, _protocol(rule.get("protocol")), low, high)


_NAMED = {
    "ssh": (22, 22), "http-80": (80, 80), "http-8080": (8080, 8080), "https-443": (443, 443), "rdp": (3389, 3389), "all": (0, 65535),
    "postgresql": (5432, 5432), "mysql": (3306, 3306), "redis": (6379, 6379), "all-tcp": (0, 65535), "mongodb-27017": (27017, 27017),
}  # fmt: skip
"""Rules of the registry's security group module by name, protocol left out (terraform-aws-modules/security-group, ``rules.tf``)."""


def openings(estate: Estate) -> Iterator[Opening]:
    """Every rule of every security group and firewall that lets something in."""
    for resource in estate.of("aws_security_group", "aws_default_security_group"):
        for rule in resource.all("ingress"):
            yield from _aws(resource, rule)
    for resource in estate.of("aws_security_group_rule"):
        kind = resource.get("type")
        if kind is not None and kind.text == "ingress":
            yield from _aws(resource, resource.body)
    for resource in estate.of("aws_vpc_security_group_ingress_rule"):
        yield from _aws(resource, resource.body)
    for resource in estate.of("google_compute_firewall"):
        yield from _google(resource)
    for resource in estate.of("azurerm_network_security_group"):
        for rule in resource.all("security_rule"):
            yield from _azure(resource, rule)
    for resource in estate.of("azurerm_network_security_rule"):
        yield from _azure(resource, resource.body)
    for module in estate.modules():
        for rule in module.all("ingress_with_cidr_blocks"):
            yield from _aws(module, rule)
        for name in module.all("ingress_rules") if "security-group" in module.type else ():
            low, high = _NAMED.get(name.text.rpartition("-")[0], (None, None)) if name.known else (None, None)
            for source, anyone in _sources(module.body, "ingress_cidr_blocks", "ingress_ipv6_cidr_blocks"):
                yield Opening(module, source, anyone, name.text.rpartition("-")[2] or "tcp", low, high)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy that allows something."""

    body: Field
    actions: tuple[Field, ...]
    resources: tuple[Field, ...]
    principals: tuple[Field, ...]
    """Principals, flattened; empty for a policy of an identity."""
    conditional: bool
    """Whether a condition narrows it."""
    inverted: bool
    """Whether it says what it does *not* cover: ``NotAction`` or ``NotResource``."""


def _key(value: Field, *names: str) -> Field | None:
    return next((found for name in names if (found := value.get(name)) is not None), None)


def _below(value: Field | None) -> tuple[Field, ...]:
    if value is None:
        return ()
    if value.members is not None:
        return tuple(item for inner in value.members.values() for item in inner.each())
    return tuple(value.each())


def _statements(document: Field) -> Iterator[Statement]:
    for statement in found.each() if (found := _key(document, "Statement", "statement")) is not None else ():
        if statement.members is None:
            continue
        effect = _key(statement, "Effect", "effect")
        if effect is not None and effect.text.lower() != "allow":
            continue
        principals = _below(_key(statement, "Principal"))
        for block in statement.all("principals"):
            principals += tuple(block.all("identifiers"))
        actions = _key(statement, "Action", "actions")
        resources = _key(statement, "Resource", "resources")
        inverted = _key(statement, "NotAction", "not_actions", "NotResource", "not_resources") is not None
        yield Statement(
            statement,
            _below(actions),
            _below(resources),
            principals,
            _key(statement, "Condition", "condition") is not None,
            inverted,
        )


def statements(estate: Estate, policy: Field | None) -> Iterator[Statement]:
    """Allowing statements of a policy: an object, a text of JSON, or a reference to a policy document beside it."""
    if policy is None:
        return
    for document in (policy, *policy.documents):
        yield from _statements(document)
    for named in estate.named_by(policy):
        if named.type == "aws_iam_policy_document":
            yield from _statements(named.body)
