"""Nobody gets past without a key, health checks excepted; whoever keeps failing is made to wait.

All refusals of a key look alike: unknown, wrong, revoked and expired keys give the same answer after the same work.
"""

from undercroft.guard.codes import Code
from undercroft.guard.context import Context
from undercroft.guard.exchange import Exchange
from undercroft.guard.keyring import public_id
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.decision import Decision
from undercroft.model.risk import Risk

STAGE = Stage.IDENTITY
RISK = Risk.DEP_AUTH


def SUMMARY(limits: Limits) -> str:  # noqa: N802 - a policy's declaration, beside STAGE and RISK
    return f"API keys, {limits.failed_tries_per_minute:g} failed tries a minute"


def judge(exchange: Exchange, context: Context, now: float) -> Decision | None:
    if exchange.route is not None and exchange.route.health:
        return None
    if context.keys is None:
        return Code.KEYS_UNAVAILABLE.decision()
    value = exchange.header(b"authorization")
    scheme, _, credential = (value or b"").partition(b" ")
    key = credential.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""
    exchange.claimed = public_id(key)
    wait = context.throttle.wait(exchange.source, exchange.claimed, now)
    if wait:
        return Code.TOO_MANY_FAILURES.decision(retry_after=wait)
    if not key:
        return Code.KEY_MISSING.decision()
    record = context.keys.check(key, context.epoch(now))
    if record is None:
        context.throttle.failed(exchange.source, exchange.claimed, now)
        return Code.KEY_INVALID.decision()
    context.throttle.succeeded(exchange.source, record.id)
    exchange.key = record
    return None
