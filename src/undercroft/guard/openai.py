"""OpenAI request bodies as types: what is decoded into these and encoded again is all that a model server gets to read.

Fields and types follow the OpenAI API specification (https://github.com/openai/openai-openapi) and the parameter types of
openai-python 3.54. How large a number may be is not said here: that is policy, and depends on the deployment.
"""

from typing import Any, Literal

import msgspec


class _Body(msgspec.Struct, omit_defaults=True, gc=False):
    pass


class _Shaped(_Body, omit_defaults=True):
    """Holds containers, so the collector must see it."""


Json = dict[str, Any]


class ImageUrl(_Body, omit_defaults=True, gc=False):
    """Where an image is: a ``data:`` URL, or an address the model server would fetch."""

    url: str
    detail: Literal["auto", "low", "high"] | None = None


class Part(_Shaped, omit_defaults=True):
    """One part of a message's content."""

    type: Literal["text", "image_url", "input_audio", "refusal"]
    text: str | None = None
    image_url: ImageUrl | None = None
    input_audio: dict[str, str] | None = None
    refusal: str | None = None


class Call(_Body, omit_defaults=True, gc=False):
    """The function and arguments a model called."""

    name: str
    arguments: str = ""


class ToolCall(_Shaped, omit_defaults=True):
    """A call the model made in an earlier turn."""

    id: str
    type: Literal["function"]
    function: Call


class Message(_Shaped, omit_defaults=True):
    """One message of a chat."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None
    name: str | None = None
    refusal: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: Call | None = None


class Function(_Shaped, omit_defaults=True):
    """A function offered to the model; ``parameters`` is a JSON schema."""

    name: str
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


class Tool(_Shaped, omit_defaults=True):
    """A tool offered to the model."""

    type: Literal["function"]
    function: Function


class StreamOptions(_Body, omit_defaults=True, gc=False):
    """What a stream carries besides text."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Sampling(_Shaped, omit_defaults=True, kw_only=True):
    """What chats and completions share."""

    model: str
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    max_tokens: int | None = None
    n: int | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    user: str | None = None


class Chat(Sampling, omit_defaults=True, kw_only=True):
    """``POST /v1/chat/completions``."""

    messages: list[Message]
    function_call: str | Json | None = None
    functions: list[Function] | None = None
    logprobs: bool | None = None
    max_completion_tokens: int | None = None
    metadata: dict[str, str] | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: str | None = None
    response_format: Json | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    service_tier: str | None = None
    store: bool | None = None
    tool_choice: str | Json | None = None
    tools: list[Tool] | None = None
    top_logprobs: int | None = None
    verbosity: str | None = None


class Completion(Sampling, omit_defaults=True, kw_only=True):
    """``POST /v1/completions``."""

    prompt: str | list[str | int | list[int]]
    best_of: int | None = None
    echo: bool | None = None
    logprobs: int | None = None
    suffix: str | None = None


class Embedding(_Shaped, omit_defaults=True, kw_only=True):
    """``POST /v1/embeddings``."""

    model: str
    input: str | list[str | int | list[int]]
    dimensions: int | None = None
    encoding_format: Literal["float", "base64"] | None = None
    user: str | None = None


OPERATIONS: dict[str, type[Chat | Completion | Embedding]] = {
    "openai.chat": Chat,
    "openai.completions": Completion,
    "openai.embeddings": Embedding,
}
"""Operation, as the catalogue names it → type of its body."""

FIELDS: dict[type, frozenset[str]] = {
    shape: frozenset(shape.__struct_fields__)
    for shape in (*OPERATIONS.values(), Message, Part, Tool, Function, ToolCall)
}
"""Type → names of its fields."""


def prompts(value: str | list[Any]) -> int:
    """How many prompts or inputs ``value`` holds. A list of numbers is one prompt, given as tokens."""
    if isinstance(value, str):
        return 1
    return 1 if value and isinstance(value[0], int) else len(value)


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class _Answer(msgspec.Struct, gc=False):
    usage: _Usage | None = None


_answer = msgspec.json.Decoder(_Answer)
TAIL = 4096
"""Bytes of a stream's end in which its last event is looked for."""


def _usage_of(text: bytes) -> int | None:
    try:
        usage = _answer.decode(text).usage
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if usage is None or min(usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) < 0:
        return None
    return max(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)


def tokens_used(body: bytes, *, stream: bool) -> int | None:
    """Tokens the answer says it cost: from a whole JSON body, or from the end of a stream. ``None``: it does not say."""
    if not stream:
        return _usage_of(body)
    for line in reversed(body.splitlines()):
        if line.startswith(b"data:") and b'"usage"' in line and (used := _usage_of(line[5:])) is not None:
            return used
    return None
