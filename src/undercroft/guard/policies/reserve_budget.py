"""Takes the worst case from the key's request rate, token rate and budget before the request leaves; gives back what was not used.

Retry-After is exact: the moment at which the same request would be let through if nothing else of this key came.
"""

from undercroft.guard.context import Context
from undercroft.guard.exchange import Exchange
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.decision import Decision
from undercroft.model.risk import Risk

STAGE = Stage.COST
RISK = Risk.DOS_WALLET


def SUMMARY(limits: Limits) -> str:  # noqa: N802 - a policy's declaration, beside STAGE and RISK
    return f"{limits.requests_per_minute:g} requests and {limits.tokens_per_minute:g} tokens a minute for each key, reserved before and settled after"


def judge(exchange: Exchange, context: Context, now: float) -> Decision | None:
    if exchange.key is None:
        return None
    tokens = exchange.input_tokens + exchange.output_tokens
    refused = context.ledger.account(exchange.key).reserve(tokens, now)
    if refused is not None:
        code, wait = refused
        return code.decision(retry_after=wait)
    exchange.reserved = tokens
    return None


def settle(exchange: Exchange, context: Context, now: float) -> None:
    if exchange.key is None:
        return
    used = exchange.reserved if exchange.used is None else exchange.used
    context.ledger.account(exchange.key).settle(exchange.reserved, used, now)
