"""Traffic reaches a cloud service unencrypted.

What it does
    Finds listeners of load balancers that speak plain HTTP and do not redirect to HTTPS, plain front ends of Google Cloud and Azure's
    application gateway, distributions that allow HTTP, stores that accept it, caches without encryption in transit, and inference
    routers told to allow insecure connections.

Why it matters
    Prompts, data and the tokens that protect them can be read and changed on the way.

How to fix it
    A listener with a certificate, and a redirect on port 80. Managed certificates cost nothing.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE, Exposure, Hop, Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.cloud_fixes import changed
from undercroft.scan.graph import Graph

_LISTENER = 'resource "aws_lb" "a" {\n  INTERNAL\n}\nresource "aws_lb_listener" "b" {\n  load_balancer_arn = aws_lb.a.arn\n  port = 80\n  protocol = "PROTOCOL"\n  default_action {\n    type = "ACTION"\n    redirect {\n      protocol = "HTTPS"\n      status_code = "HTTP_301"\n    }\n  }\n}\n'


def _listener(protocol: str, action: str, internal: str = "") -> str:
    return _LISTENER.replace("PROTOCOL", protocol).replace("ACTION", action).replace("INTERNAL", internal)


CHECK = Check(
    title="Unencrypted cloud front end",
    severity=Severity.HIGH,
    risk=Risk.DEP_TLS,
    references=("CWE-319", "OWASP A04:2025", "ATT&CK T1040", "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-https-listener.html"),
    examples=(
        Example("a listener that forwards plain HTTP", "present", _listener("HTTP", "forward"), file="main.tf"),
        Example("a store that accepts HTTP", "present", 'resource "azurerm_storage_account" "a" {\n  https_traffic_only_enabled = false\n}\n', file="main.tf"),
        Example("a cache without encryption in transit", "present", 'resource "aws_elasticache_replication_group" "a" {\n  transit_encryption_enabled = false\n}\n', file="main.tf"),
        Example("a listener of CloudFormation", "present", "Resources:\n  L:\n    Type: AWS::ElasticLoadBalancingV2::Listener\n    Properties:\n      Port: 80\n      Protocol: HTTP\n      DefaultActions:\n        - Type: forward\n", file="template.yaml"),
        Example("an inference router that allows insecure connections", "present", 'resource "azurerm_kubernetes_cluster_extension" "a" {\n  extension_type = "microsoft.azureml.kubernetes"\n  configuration_settings = {\n    "allowInsecureConnections" = "True"\n  }\n}\n', file="main.tf"),
        Example("a listener with a certificate", "absent", _listener("HTTPS", "forward"), file="main.tf"),
        Example("a listener that redirects", "absent", _listener("HTTP", "redirect"), file="main.tf"),
        Example("a proxy of Google Cloud whose map redirects", "absent", 'resource "google_compute_url_map" "m" {\n  default_url_redirect {\n    https_redirect = true\n  }\n}\nresource "google_compute_target_http_proxy" "a" {\n  url_map = google_compute_url_map.m.id\n}\n', file="main.tf"),
    ),
)  # fmt: skip


def _internal(estate: Estate, resource: Resource) -> bool:
    for balancer in estate.named_by(resource.get("load_balancer_arn")):
        internal, scheme = balancer.get("internal"), balancer.get("scheme")
        if (internal is not None and internal.boolean is True) or (scheme is not None and scheme.text == "internal"):
            return True
    return False


def _redirects(resource: Resource) -> bool:
    actions = [*resource.all("default_action"), *resource.all("default_actions")]
    return bool(actions) and all(
        (t := a.get("type")) is not None and t.text in {"redirect", "fixed-response"} for a in actions
    )


def _balancers(estate: Estate) -> Iterator[tuple[Resource, str, Field, bool | None]]:
    for resource in estate.of("aws_lb_listener", "aws_alb_listener"):
        protocol = resource.get("protocol")
        if protocol is not None and protocol.text == "HTTP" and not _redirects(resource):
            yield resource, "forwards plain HTTP", protocol, not _internal(estate, resource)
    for resource in estate.of("aws_elb"):
        internal = resource.get("internal")
        for listener in resource.all("listener"):
            protocol = listener.get("lb_protocol")
            if protocol is not None and protocol.text.lower() == "http":
                yield resource, "forwards plain HTTP", protocol, not (internal is not None and internal.boolean)
    for resource in estate.of("google_compute_target_http_proxy", "google_compute_region_target_http_proxy"):
        if not any(m.get("default_url_redirect", "https_redirect") for m in estate.named_by(resource.get("url_map"))):
            yield resource, "is a front end of plain HTTP", Field(resource.place), True
    for resource in estate.of("azurerm_application_gateway"):
        redirects = any(rule.get("redirect_configuration_name") for rule in resource.all("request_routing_rule"))
        for listener in resource.all("http_listener"):
            protocol = listener.get("protocol")
            if protocol is not None and protocol.text.lower() == "http" and not redirects:
                yield resource, "listens on plain HTTP", protocol, True


def _others(estate: Estate) -> Iterator[tuple[Resource, str, Field, bool | None]]:
    for resource in estate.of("aws_cloudfront_distribution"):
        for key in ("default_cache_behavior", "ordered_cache_behavior"):
            policy = resource.get(key, "viewer_protocol_policy")
            if policy is not None and policy.text == "allow-all":
                yield resource, "allows plain HTTP", policy, True
    for resource in estate.of("azurerm_storage_account"):
        only = resource.get("https_traffic_only_enabled") or resource.get("enable_https_traffic_only")
        if only is not None and only.boolean is False:
            yield resource, "accepts plain HTTP", only, True
    for resource in estate.of("aws_elasticache_replication_group", "aws_elasticache_cluster"):
        encrypted = resource.get("transit_encryption_enabled")
        if encrypted is not None and encrypted.boolean is False:
            yield resource, "does not encrypt in transit", encrypted, False
    for resource in estate.of("azurerm_redis_cache"):
        plain = resource.get("non_ssl_port_enabled") or resource.get("enable_non_ssl_port")
        if plain is not None and plain.boolean is True:
            yield resource, "opens a port without TLS", plain, None
    for resource in estate.of("azurerm_kubernetes_cluster_extension"):
        insecure = resource.get("configuration_settings", "allowInsecureConnections")
        if insecure is not None and insecure.boolean is True:
            yield resource, "lets scoring requests come unencrypted", insecure, None


def examine(graph: Graph) -> Iterator[Hit]:
    """Front ends and stores without encryption in transit."""
    for estate in graph.cloud:
        for resource, what, place, public in (*_balancers(estate), *_others(estate)):
            evidence = place.evidence
            reach = Reach.INTERNET if public else Reach.PRIVATE
            exposure = (
                UNKNOWN_EXPOSURE
                if public is None
                else Exposure(reach, (Hop(f"{resource.asset.name} {what}", evidence[0]),))
            )
            edits = (
                changed(place, str(not place.boolean).lower())
                if place.boolean is not None and place.value in {True, False}
                else ()
            )
            yield Hit(
                resource.asset,
                f"{resource.asset.name} {what}",
                evidence,
                Fix("Give it a certificate and redirect plain HTTP", edits),
                exposure,
                what,
            )
