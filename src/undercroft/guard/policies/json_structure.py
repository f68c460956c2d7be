"""Decodes the body, after its depth was bounded; refuses what two decoders could read differently.

Duplicate keys, NaN and Infinity, invalid UTF-8, lone surrogates, text after the document: none of it is forwarded or repaired.
"""

import msgspec

from undercroft.guard.codes import Code
from undercroft.guard.context import Context
from undercroft.guard.exchange import Exchange
from undercroft.guard.json_structure import depth, key_count, skeleton
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.decision import Decision
from undercroft.model.risk import Risk

STAGE = Stage.BODY
RISK = Risk.DEP_INPUT

_decode = msgspec.json.Decoder().decode


def SUMMARY(limits: Limits) -> str:  # noqa: N802 - a policy's declaration, beside STAGE and RISK
    return f"JSON depth ≤ {limits.max_json_depth}, no duplicate keys"


def judge(exchange: Exchange, context: Context, now: float) -> Decision | None:  # noqa: ARG001 - the signature all policies have
    if exchange.route is None or exchange.method != "POST":
        return None
    bones = skeleton(exchange.body)
    if depth(bones, context.limits.max_json_depth) > context.limits.max_json_depth:
        return Code.TOO_DEEP.decision()
    try:
        document = _decode(exchange.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Code.INVALID_JSON.decision()
    if key_count(document) != bones.count(b":"):
        return Code.DUPLICATE_KEY.decision()
    if type(document) is not dict:
        return Code.INVALID_BODY.decision("The body must be a JSON object.")
    exchange.document = document
    return None
