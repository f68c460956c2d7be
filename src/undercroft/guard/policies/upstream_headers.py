"""Lets only known header fields of the upstream through, and adds what browsers and caches need to be told.

A list of what passes, not of what is stripped: banners, CORS grants and internal fields come in new names every release.
"""

from undercroft.guard.context import Context
from undercroft.guard.events import UpstreamHeaders
from undercroft.guard.exchange import Exchange
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.decision import Decision
from undercroft.model.risk import Risk

STAGE = Stage.RESPONSE
RISK = Risk.MIS_HEADERS

_PASS = frozenset({b"content-type", b"content-length", b"content-disposition", b"openai-processing-ms"})
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
"""On every response, refusals included. OWASP REST Security Cheat Sheet, *Security Headers*."""


def SUMMARY(limits: Limits) -> str:  # noqa: ARG001, N802 - a policy's declaration, beside STAGE and RISK
    return "banners stripped, security headers added"


def rewrite(exchange: Exchange, context: Context, head: UpstreamHeaders) -> UpstreamHeaders | Decision:  # noqa: ARG001 - the signature all policies have
    kept = [field for field in head.headers if field[0] in _PASS]
    return UpstreamHeaders(head.status, (*kept, *SECURITY_HEADERS, (b"x-request-id", exchange.id.encode())))
