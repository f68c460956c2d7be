"""Refuses a body by its announcement: too large, of the wrong media type, or where none belongs."""

from undercroft.guard.codes import Code
from undercroft.guard.context import Context
from undercroft.guard.exchange import Exchange
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.decision import Decision
from undercroft.model.risk import Risk

STAGE = Stage.REQUEST
RISK = Risk.DEP_INPUT


def SUMMARY(limits: Limits) -> str:  # noqa: N802 - a policy's declaration, beside STAGE and RISK
    return f"body ≤ {limits.max_body} bytes in {limits.body_timeout:g} s, ≥ {limits.min_body_rate:g} bytes/s"


def judge(exchange: Exchange, context: Context, now: float) -> Decision | None:  # noqa: ARG001 - the signature all policies have
    length = exchange.content_length
    if length is not None and length > context.limits.max_body:
        return Code.BODY_TOO_LARGE.decision()
    if exchange.header(b"content-encoding") is not None:
        return Code.MEDIA_TYPE.decision("The body must not be compressed.")
    if exchange.method == "POST":
        media = exchange.header(b"content-type") or b""
        if media.partition(b";")[0].strip().lower() != b"application/json":
            return Code.MEDIA_TYPE.decision()
    elif length != 0:
        return Code.BODY_UNEXPECTED.decision()
    return None
