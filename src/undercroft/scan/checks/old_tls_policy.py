"""A cloud front end still accepts TLS 1.0 or 1.1.

What it does
    Finds listeners, gateways, stores and databases whose policy or minimum version allows TLS below 1.2.

Why it matters
    Those versions rest on broken primitives and were withdrawn (RFC 8996). One downgraded client is enough to read a session.

How to fix it
    ``ELBSecurityPolicy-TLS13-1-2-2021-06`` or later, ``min_tls_version = "TLS1_2"``, a minimum of ``TLS_1_2`` in Google Cloud.
"""

import re
from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Field, Resource
from undercroft.scan.graph import Graph

_SAMPLE = 'resource "aws_lb_listener" "a" {\n  protocol = "HTTPS"\n  ssl_policy = "POLICY"\n}\n'

CHECK = Check(
    title="Old TLS allowed",
    severity=Severity.MEDIUM,
    risk=Risk.DEP_TLS,
    references=("CWE-326", "CWE-327", "OWASP A04:2025", "ATT&CK T1557", "https://www.rfc-editor.org/rfc/rfc8996", "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"),
    weighed=False,
    examples=(
        Example("a policy of 2016", "present", _SAMPLE.replace("POLICY", "ELBSecurityPolicy-2016-08"), file="main.tf"),
        Example("a store that accepts TLS 1.0", "present", 'resource "azurerm_storage_account" "a" {\n  min_tls_version = "TLS1_0"\n}\n', file="main.tf"),
        Example("a policy with TLS 1.2 and 1.3", "absent", _SAMPLE.replace("POLICY", "ELBSecurityPolicy-TLS13-1-2-2021-06"), file="main.tf"),
        Example("a store that wants TLS 1.2", "absent", 'resource "azurerm_storage_account" "a" {\n  min_tls_version = "TLS1_2"\n}\n', file="main.tf"),
    ),
)  # fmt: skip

_KEYS = frozenset({"ssl_policy", "min_tls_version", "minimum_tls_version", "minimal_tls_version", "minimum_protocol_version", "tls_security_policy", "security_policy", "ssl_minimal_tls_version_enforced"})  # fmt: skip
# AWS lists the versions of each policy; those below, by name or by year, still hold TLS 1.0 or 1.1.
_OLD = re.compile(
    r"(?i)^(?:ELBSecurityPolicy-(?:2015-\d\d|2016-08|TLS-1-[01]-\S*|TLS13-1-[01]-\S*|FS-2018-06|FS-1-1-\S*)|TLS[-_]?v?1([._][01])?(?:_20\d\d)?|SSLv3|"
    r"1\.[01]|Policy-Min-TLS-1-0-2019-07|TLS_1_[01]|TLS10|TLS11|TLS1_[01]|TLSv1\.[01]_20\d\d)$"
)


def _found(resource: Resource) -> Iterator[Field]:
    for key, value in resource.body.walk():
        if key in _KEYS and value.known and _OLD.match(value.text):
            yield value


def examine(graph: Graph) -> Iterator[Hit]:
    """Every setting that names a version or policy below TLS 1.2."""
    for estate in graph.cloud:
        for resource in estate.resources:
            for value in _found(resource) if resource.kind in {"resource", "module"} else ():
                title = f"{resource.asset.name} accepts TLS below 1.2 ({value.text})"
                yield Hit(
                    resource.asset,
                    title,
                    value.evidence,
                    Fix("Require TLS 1.2 or later"),
                    UNKNOWN_EXPOSURE,
                    f"tls:{value.text}",
                )
