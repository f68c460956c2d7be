"""Bounds what is in flight: requests of one key, and the reserved cost of all together.

Cost, not requests, is what fills a model server. A refused client is told to come back after as long as answers have taken
lately: an estimate, never less than a second.
"""

from undercroft.guard.codes import Code
from undercroft.guard.context import Context
from undercroft.guard.exchange import Exchange
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.decision import Decision
from undercroft.model.risk import Risk

STAGE = Stage.ADMISSION
RISK = Risk.DOS_FLOOD


def SUMMARY(limits: Limits) -> str:  # noqa: N802 - a policy's declaration, beside STAGE and RISK
    return f"{limits.concurrency} requests of one key and {limits.max_inflight_tokens} tokens in flight"


def judge(exchange: Exchange, context: Context, now: float) -> Decision | None:  # noqa: ARG001 - the signature all policies have
    ledger = context.ledger
    if exchange.key is None:
        return None
    retry = max(1.0, ledger.typical_seconds)
    account = ledger.account(exchange.key)
    if account.in_flight >= account.concurrency:
        return Code.CONCURRENCY.decision(retry_after=retry)
    # One request is let through whatever it costs, or a limit below its cost would refuse it for ever.
    if ledger.in_flight_tokens and ledger.in_flight_tokens + exchange.reserved > context.limits.max_inflight_tokens:
        return Code.OVERLOADED.decision(retry_after=retry)
    account.in_flight += 1
    ledger.in_flight_tokens += exchange.reserved
    return None


def settle(exchange: Exchange, context: Context, now: float) -> None:
    if exchange.key is None:
        return
    context.ledger.account(exchange.key).in_flight -= 1
    context.ledger.in_flight_tokens -= exchange.reserved
    context.ledger.ended(now - exchange.started)
