"""Bounds what a request can cost, in tokens, before it leaves; puts an output cap into a request that names none.

Input: no tokenizer in use makes more tokens than there are bytes of text (a token of a byte-level vocabulary stands for at
least one byte), and the encoded body holds all the text. Chat templates add markers around messages, so each message counts
``_TEMPLATE`` more. Pictures and sounds count a flat sum beyond their bytes. The bound is loose by a factor of about four for
English; the difference comes back when the answer says what it used.
"""

from undercroft.guard import openai
from undercroft.guard.context import Context
from undercroft.guard.exchange import Exchange
from undercroft.guard.limits import Limits
from undercroft.guard.policies import Stage
from undercroft.model.decision import Decision
from undercroft.model.risk import Risk

STAGE = Stage.COST
RISK = Risk.DOS_COST

_TEMPLATE = 16
"""Tokens a chat template puts around one message, and around the whole; templates in common use add 3 to 8."""


def SUMMARY(limits: Limits) -> str:  # noqa: N802 - a policy's declaration, beside STAGE and RISK
    return f"output cap {limits.default_output_tokens} tokens where none is named"


def judge(exchange: Exchange, context: Context, now: float) -> Decision | None:  # noqa: ARG001 - the signature all policies have
    body, limits = exchange.typed, context.limits
    if body is None:
        return None
    exchange.input_tokens = len(exchange.body) + _TEMPLATE
    if isinstance(body, openai.Embedding):
        return None
    if isinstance(body, openai.Chat):
        # Either name may be the one this server reads, so a cap that is there is copied to nothing and the larger one counts.
        caps = [cap for cap in (body.max_completion_tokens, body.max_tokens) if cap is not None]
        if not caps:
            body.max_tokens = limits.default_output_tokens
            caps = [limits.default_output_tokens]
        media = sum(
            part.type in {"image_url", "input_audio"}
            for m in body.messages
            if isinstance(m.content, list)
            for part in m.content
        )
        exchange.input_tokens += len(body.messages) * _TEMPLATE + media * limits.image_tokens
        extra_best = exchange.extras.get("best_of", 1)
        exchange.output_tokens = max(caps) * max(body.n or 1, extra_best)
        return None
    if body.max_tokens is None:
        body.max_tokens = limits.default_output_tokens
    completions = max(body.n or 1, body.best_of or 1) * openai.prompts(body.prompt)
    exchange.output_tokens = body.max_tokens * completions
    return None
