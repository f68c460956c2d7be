"""Opens the inference and health endpoints of the profile, and nothing else: administration, documentation and metrics stay shut.

The query is not forwarded: no listed endpoint has parameters there.
"""

from undercroft.guard.codes import Code
from undercroft.guard.context import Context
from undercroft.guard.exchange import Exchange
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.decision import Decision
from undercroft.model.risk import Risk

STAGE = Stage.REQUEST
RISK = Risk.MIS_ADMIN


def SUMMARY(limits: Limits) -> str:  # noqa: ARG001, N802 - a policy's declaration, beside STAGE and RISK
    return "listed endpoints only"


def judge(exchange: Exchange, context: Context, now: float) -> Decision | None:  # noqa: ARG001 - the signature all policies have
    path, mark, _ = exchange.target.partition(b"?")
    exchange.path = path.decode("ascii", "replace")
    if mark:
        exchange.dropped.append("?")
    route = context.profile.route(exchange.path)
    if route is None:
        return Code.NOT_FOUND.decision()
    exchange.route = route
    if exchange.method not in route.methods:
        return Code.METHOD.decision()
    return None
