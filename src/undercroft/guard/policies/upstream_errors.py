"""Replaces every error of the upstream by a correlation id: tracebacks, paths and versions stay inside.

Redirects count as errors: an inference API has none, and their Location names the inside.
"""

from undercroft.guard.codes import Code
from undercroft.guard.context import Context
from undercroft.guard.events import UpstreamHeaders
from undercroft.guard.exchange import Exchange
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.decision import Decision
from undercroft.model.risk import Risk

STAGE = Stage.RESPONSE
RISK = Risk.TTP_PROBE

_PASSED_ON = frozenset({400, 404, 409, 413, 415, 422, 429, 503})
"""Statuses that tell the client something about its own request; 401 and 403 would be about the guard's credential."""


def SUMMARY(limits: Limits) -> str:  # noqa: ARG001, N802 - a policy's declaration, beside STAGE and RISK
    return "upstream errors replaced by an id"


def rewrite(exchange: Exchange, context: Context, head: UpstreamHeaders) -> UpstreamHeaders | Decision:  # noqa: ARG001 - the signature all policies have
    if 200 <= head.status < 300:
        return head
    if head.status not in _PASSED_ON:
        return Code.UPSTREAM_ERROR.decision()
    after = next((value for name, value in head.headers if name == b"retry-after" and value.isdigit()), b"")
    return Code.UPSTREAM_REFUSED.decision(status=head.status, retry_after=float(after[:6]) if after else None)
