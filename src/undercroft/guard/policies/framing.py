"""Refuses every request whose end two parsers could see in different places, and everything that is not plain HTTP/1.1.

The rules are RFC 9112 §3.2 (Host), §6.1 (Transfer-Encoding), §6.3 (length), RFC 9110 §7.8 (Upgrade) and §10.1.1 (Expect), each
in its strictest reading: what the RFC lets a server repair is refused instead. Bare line feeds, NUL and folded lines never get
here, the reader refuses them.
"""

import re

from undercroft.guard.codes import Code
from undercroft.guard.context import Context
from undercroft.guard.exchange import Exchange
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.decision import Decision
from undercroft.model.risk import Risk

STAGE = Stage.CONNECTION
RISK = Risk.DEP_INPUT

_LENGTH = re.compile(rb"[0-9]{1,18}")
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_TARGET = re.compile(rb"/[\x21\x22\x24-\x7e]*")  # visible ASCII without a fragment
_ONCE = (b"authorization", b"content-type", b"expect")


def SUMMARY(limits: Limits) -> str:  # noqa: ARG001, N802 - a policy's declaration, beside STAGE and RISK
    return "strict HTTP/1.1 framing"


def judge(exchange: Exchange, context: Context, now: float) -> Decision | None:  # noqa: ARG001 - the signature all policies have
    if exchange.version != "1.1":
        return Code.HTTP_VERSION.decision()
    if exchange.upgrade or exchange.method == "CONNECT" or exchange.values(b"upgrade"):
        return Code.UPGRADE_REFUSED.decision()
    if not _TARGET.fullmatch(exchange.target):
        return Code.BAD_TARGET.decision()
    hosts = exchange.values(b"host")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        return Code.BAD_HOST.decision()
    for name in _ONCE:
        if len(exchange.values(name)) > 1:
            return Code.MALFORMED.decision(f"The field {name.decode()} stands in the head more than once.")
    lengths, codings = exchange.values(b"content-length"), exchange.values(b"transfer-encoding")
    if len(lengths) + len(codings) > 1 or (lengths and not _LENGTH.fullmatch(lengths[0])):
        return Code.AMBIGUOUS_FRAMING.decision()
    if codings and codings[0].lower() != b"chunked":
        return Code.AMBIGUOUS_FRAMING.decision("The only transfer coding taken is chunked, alone.")
    exchange.content_length = int(lengths[0]) if lengths else None if codings else 0
    expect = exchange.header(b"expect")
    if expect is not None:
        if expect.lower() != b"100-continue":
            return Code.EXPECTATION_FAILED.decision()
        exchange.expects_continue = exchange.content_length != 0
    return None
