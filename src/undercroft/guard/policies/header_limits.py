"""Bounds the head: how many fields, how large each, how large all of them, how long the target.

The reader refuses a head that exceeds the total before it is parsed; here stands what needs the fields apart.
"""

from undercroft.guard.codes import Code
from undercroft.guard.context import Context
from undercroft.guard.exchange import Exchange
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.decision import Decision
from undercroft.model.risk import Risk

STAGE = Stage.CONNECTION
RISK = Risk.DOS_HEADER


def SUMMARY(limits: Limits) -> str:  # noqa: N802 - a policy's declaration, beside STAGE and RISK
    return (
        f"head ≤ {limits.max_head} bytes in {limits.header_timeout:g} s, {limits.max_header_count} fields ≤ {limits.max_header}, "
        f"target ≤ {limits.max_url}"
    )


def judge(exchange: Exchange, context: Context, now: float) -> Decision | None:  # noqa: ARG001 - the signature all policies have
    limits = context.limits
    if len(exchange.target) > limits.max_url:
        return Code.URL_TOO_LONG.decision()
    if len(exchange.headers) > limits.max_header_count:
        return Code.TOO_MANY_HEADERS.decision()
    for name, value in exchange.headers:
        if len(name) + len(value) > limits.max_header:
            return Code.HEADER_TOO_LARGE.decision()
    return None
