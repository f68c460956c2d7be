"""Every refusal the guard can give: one stable code, one HTTP status, one row of the risk register, one sentence.

Clients, detections and dashboards match on the codes; a code is never renamed or reused. The sentence never says whether a
key exists and never names the upstream.
"""

from dataclasses import dataclass
from enum import Enum

from undercroft.model.decision import Decision, Verb
from undercroft.model.risk import Risk


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a code means."""

    code: str
    """The stable word in ``error.code``."""
    status: int
    """HTTP status."""
    risk: Risk
    """The row this refusal defends."""
    message: str
    """One sentence for the client."""
    close: bool = False
    """Whether the connection ends with it: its framing is in doubt, a deadline passed, or a body would follow."""


class Code(Enum):
    """The refusals, grouped by the stage that gives them."""

    # connection
    HEADER_TIMEOUT = Refusal(
        "header-timeout", 408, Risk.DOS_HEADER, "The request head was not complete in time.", close=True
    )
    HEADERS_TOO_LARGE = Refusal("headers-too-large", 431, Risk.DOS_HEADER, "The request head is too large.", close=True)
    TOO_MANY_HEADERS = Refusal(
        "too-many-headers", 431, Risk.DOS_HEADER, "The request has too many header fields.", close=True
    )
    HEADER_TOO_LARGE = Refusal("header-too-large", 431, Risk.DOS_HEADER, "A header field is too large.", close=True)
    URL_TOO_LONG = Refusal("url-too-long", 414, Risk.DOS_HEADER, "The request target is too long.", close=True)
    MALFORMED = Refusal(
        "malformed-request", 400, Risk.DEP_INPUT, "The request is not well-formed HTTP/1.1.", close=True
    )
    AMBIGUOUS_FRAMING = Refusal(
        "ambiguous-framing", 400, Risk.DEP_INPUT, "The length of the request body is ambiguous.", close=True
    )
    BAD_HOST = Refusal("bad-host", 400, Risk.DEP_INPUT, "A request carries exactly one valid Host field.", close=True)
    BAD_TARGET = Refusal("bad-target", 400, Risk.DEP_INPUT, "The request target must be an absolute path.", close=True)
    UPGRADE_REFUSED = Refusal(
        "upgrade-refused", 400, Risk.DEP_INPUT, "Protocol upgrades are not offered here.", close=True
    )
    EXPECTATION_FAILED = Refusal(
        "expectation-failed", 417, Risk.DEP_INPUT, "Only Expect: 100-continue is understood.", close=True
    )
    HTTP_VERSION = Refusal("http-version", 505, Risk.DEP_INPUT, "This port speaks HTTP/1.1 only.", close=True)
    TLS_ON_PLAIN_PORT = Refusal(
        "tls-on-plain-port", 400, Risk.DEP_TLS, "This port speaks plain HTTP; TLS was received.", close=True
    )
    TOO_MANY_CONNECTIONS = Refusal(
        "too-many-connections", 503, Risk.DOS_FLOOD, "Too many connections are open.", close=True
    )
    # request
    NOT_FOUND = Refusal("endpoint-not-listed", 404, Risk.MIS_ADMIN, "This endpoint is not offered.")
    METHOD = Refusal("method-not-allowed", 405, Risk.MIS_ADMIN, "This endpoint does not take this method.")
    BODY_TOO_LARGE = Refusal("body-too-large", 413, Risk.DEP_INPUT, "The request body is too large.", close=True)
    # identity
    KEY_MISSING = Refusal("key-missing", 401, Risk.DEP_AUTH, "An API key is required: Authorization: Bearer <key>.")
    KEY_INVALID = Refusal("key-invalid", 401, Risk.TTP_BRUTE, "The API key is not valid.")
    TOO_MANY_FAILURES = Refusal(
        "too-many-failed-tries", 429, Risk.TTP_BRUTE, "Too many failed tries; wait before the next."
    )
    KEYS_UNAVAILABLE = Refusal("keys-unavailable", 503, Risk.DEP_AUTH, "Keys cannot be checked at the moment.")
    # body
    BODY_TIMEOUT = Refusal(
        "body-timeout", 408, Risk.DOS_HEADER, "The request body was not complete in time.", close=True
    )
    BODY_TOO_SLOW = Refusal("body-too-slow", 408, Risk.DOS_HEADER, "The request body arrives too slowly.", close=True)
    MEDIA_TYPE = Refusal("media-type", 415, Risk.DEP_INPUT, "The body must be application/json.")
    BODY_UNEXPECTED = Refusal("body-unexpected", 400, Risk.DEP_INPUT, "This endpoint takes no body.")
    INVALID_JSON = Refusal("invalid-json", 400, Risk.DEP_INPUT, "The body is not valid JSON.")
    DUPLICATE_KEY = Refusal("duplicate-json-key", 400, Risk.DEP_INPUT, "An object of the body names a key twice.")
    TOO_DEEP = Refusal("json-too-deep", 400, Risk.DEP_INPUT, "The body is nested too deeply.")
    INVALID_BODY = Refusal("invalid-body", 422, Risk.DEP_INPUT, "The body does not fit this operation.")
    OUT_OF_BOUNDS = Refusal("out-of-bounds", 422, Risk.DOS_COST, "A field exceeds what this endpoint allows.")
    # cost
    RATE_LIMITED = Refusal("rate-limited", 429, Risk.DOS_FLOOD, "The request rate of this key is used up.")
    TOKENS_LIMITED = Refusal("token-rate-limited", 429, Risk.DOS_COST, "The token rate of this key is used up.")
    COSTS_TOO_MUCH = Refusal(
        "request-exceeds-budget", 422, Risk.DOS_COST, "This request could cost more than its key may ever use at once."
    )
    BUDGET_SPENT = Refusal("budget-spent", 403, Risk.DOS_WALLET, "The token budget of this key is spent or reserved.")
    # admission
    CONCURRENCY = Refusal("too-many-in-flight", 429, Risk.DOS_FLOOD, "Too many requests of this key are in flight.")
    OVERLOADED = Refusal("overloaded", 503, Risk.DOS_COST, "The endpoint is at its capacity.")
    DRAINING = Refusal("shutting-down", 503, Risk.DOS_FLOOD, "The endpoint is shutting down.", close=True)
    # response
    UPSTREAM_ERROR = Refusal("upstream-error", 502, Risk.TTP_PROBE, "The model server could not answer this request.")
    UPSTREAM_REFUSED = Refusal("upstream-refused", 400, Risk.TTP_PROBE, "The model server refused this request.")
    UPSTREAM_UNREACHABLE = Refusal("upstream-unreachable", 502, Risk.DOS_FLOOD, "The model server cannot be reached.")
    UPSTREAM_TIMEOUT = Refusal("upstream-timeout", 504, Risk.DOS_COST, "The model server did not answer in time.")
    RESPONSE_TIMEOUT = Refusal("response-timeout", 504, Risk.DOS_COST, "The answer took too long.", close=True)
    RESPONSE_TOO_LARGE = Refusal("response-too-large", 502, Risk.DEP_EXTRACT, "The answer is too large.", close=True)

    def decision(self, detail: str = "", retry_after: float | None = None, status: int = 0) -> Decision:
        """The decision this code stands for. ``detail`` replaces the general sentence where the request itself explains more."""
        refusal: Refusal = self.value
        message = detail or refusal.message
        return Decision(
            Verb.REJECT, refusal.code, status or refusal.status, message, refusal.risk, retry_after, refusal.close
        )  # fmt: skip
