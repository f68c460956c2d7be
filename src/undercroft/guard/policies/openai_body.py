"""Types the body as the OpenAI operation its endpoint takes, and bounds every field that multiplies work.

Known extras of the recognised server pass, with their JSON type checked; other unknown fields are left out and reported. The
bytes that are forwarded are encoded from what was checked.
"""

from typing import Any

import msgspec

from undercroft.guard import openai
from undercroft.guard.codes import Code
from undercroft.guard.context import Context
from undercroft.guard.exchange import Exchange
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.decision import Decision
from undercroft.model.risk import Risk

STAGE = Stage.BODY
RISK = Risk.DEP_INPUT

_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,), "number": (int, float), "string": (str,), "boolean": (bool,), "array": (list,), "object": (dict,),
}  # fmt: skip


def SUMMARY(limits: Limits) -> str:  # noqa: N802 - a policy's declaration, beside STAGE and RISK
    return f"typed bodies re-encoded, n ≤ {limits.max_n}, output ≤ {limits.max_output_tokens} tokens"


def judge(exchange: Exchange, context: Context, now: float) -> Decision | None:  # noqa: ARG001 - the signature all policies have
    shape = openai.OPERATIONS.get(exchange.route.operation) if exchange.route is not None else None
    if shape is None:
        if exchange.method == "POST":
            return Code.INVALID_BODY.decision("Bodies of this endpoint cannot be checked, so none is taken.")
        return None
    document: dict[str, Any] = exchange.document
    try:
        body = msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        return Code.INVALID_BODY.decision(f"The body does not fit this operation: {error}.")
    if not 0 < len(body.model) <= 256:
        return Code.INVALID_BODY.decision("model must have 1 to 256 characters.")
    exchange.typed, exchange.model = body, body.model
    if (wrong := _sort_out(exchange, shape, context.profile.extras, context.limits)) is not None:
        return Code.INVALID_BODY.decision(wrong) if wrong.startswith("extra") else Code.OUT_OF_BOUNDS.decision(wrong)
    if isinstance(body, openai.Chat):
        wrong = _chat_bounds(body, context.limits)
    elif isinstance(body, openai.Completion):
        wrong = _completion_bounds(body, context.limits)
    else:
        wrong = _over("dimensions", body.dimensions, 1, 65_536) or _over(
            "input", openai.prompts(body.input), 1, context.limits.max_inputs
        )
    return Code.OUT_OF_BOUNDS.decision(wrong) if wrong else None


def _over(name: str, value: float | None, least: float, most: float) -> str | None:
    return None if value is None or least <= value <= most else f"{name} must be between {least:g} and {most:g}."


def _sort_out(exchange: Exchange, shape: type, known: dict[str, str], limits: Limits) -> str | None:
    """Part the fields that are not the operation's own into extras and dropped ones. Returns what is wrong with an extra."""
    bounds = {"best_of": limits.max_n, "prompt_logprobs": limits.max_logprobs, "min_tokens": limits.max_output_tokens}
    for name, value in exchange.document.items():
        if name in openai.FIELDS[shape]:
            continue
        kind = known.get(name)
        if kind is None:
            exchange.dropped.append(name[:64])
            continue
        if value is None:
            continue
        accepted = _JSON_TYPES.get(kind)
        if accepted is not None and (
            not isinstance(value, accepted) or (isinstance(value, bool) and kind != "boolean")
        ):
            return f"extra field {name} must be of type {kind}."
        if name in bounds and (wrong := _over(name, value, 0, bounds[name])):
            return wrong
        exchange.extras[name] = value
    for message in exchange.document.get("messages") or ():
        exchange.dropped += [f"messages[].{name[:64]}" for name in message if name not in openai.FIELDS[openai.Message]]
    return None


def _sampling_bounds(body: openai.Sampling, limits: Limits) -> str | None:
    stops = len(body.stop) if isinstance(body.stop, list) else 0
    return (
        _over("n", body.n, 1, limits.max_n)
        or _over("max_tokens", body.max_tokens, 1, limits.max_output_tokens)
        or _over("temperature", body.temperature, 0, 2)
        or _over("top_p", body.top_p, 0, 1)
        or _over("frequency_penalty", body.frequency_penalty, -2, 2)
        or _over("presence_penalty", body.presence_penalty, -2, 2)
        or _over("seed", body.seed, -(2**63), 2**63 - 1)
        or _over("the number of stop sequences", stops, 0, limits.max_stop)
        or _over("the length of logit_bias", len(body.logit_bias or ()), 0, 1024)
    )


def _chat_bounds(body: openai.Chat, limits: Limits) -> str | None:
    parts = max((len(m.content) for m in body.messages if isinstance(m.content, list)), default=0)
    calls = max((len(m.tool_calls) for m in body.messages if m.tool_calls), default=0)
    return (
        _sampling_bounds(body, limits)
        or _over("the number of messages", len(body.messages), 1, limits.max_messages)
        or _over("the number of parts of a message", parts, 0, limits.max_messages)
        or _over("the number of tool calls of a message", calls, 0, limits.max_tools)
        or _over("max_completion_tokens", body.max_completion_tokens, 1, limits.max_output_tokens)
        or _over("top_logprobs", body.top_logprobs, 0, limits.max_logprobs)
        or _over("the number of tools", len(body.tools or ()) + len(body.functions or ()), 0, limits.max_tools)
    )


def _completion_bounds(body: openai.Completion, limits: Limits) -> str | None:
    return (
        _sampling_bounds(body, limits)
        or _over("best_of", body.best_of, 1, limits.max_n)
        or _over("logprobs", body.logprobs, 0, limits.max_logprobs)
        or _over("the number of prompts", openai.prompts(body.prompt), 1, limits.max_inputs)
    )
