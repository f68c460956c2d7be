"""Tells of every exchange in one event: who, what, how it ended, what it cost. Never the key, never the prompt."""

from functools import lru_cache

from undercroft.guard.context import Context
from undercroft.guard.exchange import Exchange
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.event import Event, EventClass, Outcome
from undercroft.model.redact import redact
from undercroft.model.risk import Risk

STAGE = Stage.OBSERVE
RISK = Risk.DOS_DIVERSION

_redacted = lru_cache(1024)(redact)  # the same few models and paths come again and again
_IDENTITY = frozenset({"key-missing", "key-invalid", "too-many-failed-tries", "keys-unavailable"})


def SUMMARY(limits: Limits) -> str:  # noqa: ARG001, N802 - a policy's declaration, beside STAGE and RISK
    return "one event for each exchange"


def record(exchange: Exchange, context: Context, now: float) -> Event:
    """``target`` is the model where the body named one, else the path. ``line`` lists what was left out or would be refused."""
    notes = [f"id={exchange.id}"]
    if exchange.dropped:
        notes.append("dropped=" + ",".join(exchange.dropped[:16]))
    if exchange.would:
        notes.append("would-refuse=" + ",".join(exchange.would))
    refused = bool(exchange.reason)
    used = exchange.reserved if exchange.used is None else exchange.used
    target = exchange.model or exchange.path or exchange.target.decode("latin-1")
    return Event(
        cls=EventClass.AUTHENTICATION if exchange.reason in _IDENTITY else EventClass.API_ACTIVITY,
        time=context.epoch(now),
        outcome=Outcome.FAILURE if refused else Outcome.SUCCESS,
        source=exchange.source,
        principal=exchange.key.id if exchange.key is not None else exchange.claimed,
        target=_redacted(target[:200]),
        component="guard",
        instance=context.instance,
        action="reject" if refused else "would-reject" if exchange.would else "request",
        reason=exchange.reason or (exchange.would[0] if exchange.would else ""),
        status=exchange.status,
        cost=used,
        line=redact(" ".join(notes)) if exchange.dropped else " ".join(notes),
    )


def headless(code: str, status: int, identifier: str, source: str, context: Context, now: float) -> Event:
    """Of a refusal before there was a readable head: nothing is known but where it came from."""
    return Event(
        cls=EventClass.HTTP_ACTIVITY, time=context.epoch(now), outcome=Outcome.FAILURE, source=source, component="guard",
        instance=context.instance, action="reject", reason=code, status=status, line=f"id={identifier}",
    )  # fmt: skip
