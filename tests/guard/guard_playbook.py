"""What guard tests share: a pipeline without a socket, and words for playing a conversation through it."""

import json

from undercroft.catalogue import compiler
from undercroft.catalogue.schema import ApiFact, Snapshot
from undercroft.guard.commands import Command, Emit, Forward, Reject
from undercroft.guard.context import Context, Mode
from undercroft.guard.events import (
    BodyChunk,
    BodyComplete,
    Event,
    HeadersReceived,
    HeadStarted,
    UpstreamChunk,
    UpstreamComplete,
    UpstreamHeaders,
)
from undercroft.guard.keyring import KeyRecord, KeyRing, digest, make
from undercroft.guard.limits import Limits
from undercroft.guard.pipeline import Conversation, Pipeline
from undercroft.guard.profile import Profile, profile

KEY = make("abc123", "A" * 43)
OTHER_KEY = make("xyz789", "B" * 43)
RECORD = KeyRecord("abc123", "team", digest(KEY), 0.0)
OTHER_RECORD = KeyRecord("xyz789", "others", digest(OTHER_KEY), 0.0)
CHAT = "/v1/chat/completions"


def snapshot() -> Snapshot:
    api = compiler.read(compiler.HERE / "apis" / "openai.yaml", ApiFact)
    return Snapshot(digest="", components={}, apis={"openai": api})


def openai_profile(**extras: str) -> Profile:
    found = profile("openai", snapshot())
    return Profile("vllm", found.exact, found.patterns, extras) if extras else found


def context(
    limits: Limits | None = None, *, records=(RECORD, OTHER_RECORD), mode=Mode.ENFORCE, extras=None, **more
) -> Context:
    numbers = iter(range(1, 1_000_000))
    return Context(
        limits or Limits(),
        openai_profile(**(extras or {})),
        KeyRing(tuple(records)) if records is not None else None,
        new_id=lambda: f"id-{next(numbers)}",
        epoch_offset=1_000_000.0,
        mode=mode,
        **more,
    )


def pipeline(limits: Limits | None = None, **more) -> Pipeline:
    return Pipeline(context(limits, **more))


def chat(**fields) -> bytes:
    return json.dumps(
        {"model": "demo", "messages": [{"role": "user", "content": "ping"}], "max_tokens": 5} | fields
    ).encode()


def head(
    method: str = "POST",
    target: str = CHAT,
    *,
    key: str = KEY,
    length: int | None = None,
    without=(),
    extra=(),
    version="1.1",
    upgrade=False,
) -> HeadersReceived:
    fields = [(b"host", b"guard.test")]
    if key:
        fields.append((b"authorization", b"Bearer " + key.encode()))
    if method == "POST":
        fields.append((b"content-type", b"application/json"))
    if length is not None:
        fields.append((b"content-length", str(length).encode()))
    fields = [field for field in fields if field[0].decode() not in without] + list(extra)
    return HeadersReceived(method.encode(), target.encode(), tuple(fields), version, upgrade)


def request(body: bytes | None = None, **more) -> list[Event]:
    """The events of one whole request."""
    if more.get("method", "POST") != "POST":
        return [HeadStarted(), head(**more), BodyComplete()]
    body = chat() if body is None else body
    return [HeadStarted(), head(length=len(body), **more), BodyChunk(body), BodyComplete()]


def answer(
    body: bytes = b'{"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}', status: int = 200, extra=()
) -> list[Event]:
    """The events of one whole answer of the upstream."""
    fields = ((b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *extra)
    return [UpstreamHeaders(status, fields), UpstreamChunk(body), UpstreamComplete()]


def play(conversation: Conversation, events: list[Event], now: float = 100.0) -> list[Command]:
    return [command for event in events for command in conversation.handle(event, now)]


def ask(guard: Pipeline, events: list[Event], now: float = 100.0, source: str = "192.0.2.7") -> list[Command]:
    """All commands that a fresh connection's events give."""
    return play(guard.open(source, now), events, now)


def code(commands: list[Command]) -> str:
    """The refusal's code; ``forward`` when the request was forwarded; empty when neither happened."""
    for command in commands:
        if isinstance(command, Reject):
            return command.decision.code
        if isinstance(command, Forward):
            return "forward"
    return ""


def emitted(commands: list[Command]) -> list:
    return [command.event for command in commands if isinstance(command, Emit)]


def forwarded(commands: list[Command]) -> Forward:
    return next(command for command in commands if isinstance(command, Forward))
