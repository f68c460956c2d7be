"""The stimuli themselves. Sizes and times are arguments with the bounds the design sets for an unasked-for probe."""

import json

from undercroft.model.risk import Risk
from undercroft.stimuli.stimulus import Defence, Step, Stimulus, Target

LARGE_HEADER = 64 * 1024
"""Bytes in one header: what a limit probe may send unasked (design, ``--limits``)."""
DRIP_SECONDS = 20.0
"""Seconds a drip lasts: the same bound."""

_REFUSED = frozenset({400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 422, 429, 431})


def _head(target: Target, *extra: str, length: int | None = None) -> bytes:
    lines = [f"{target.method} {target.path} HTTP/1.1", f"Host: {target.host}", "User-Agent: undercroft-drill"]
    if target.key:
        lines.append(f"Authorization: Bearer {target.key}")
    if length is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *extra]).encode("latin-1")


def chat_body(target: Target, **fields: object) -> bytes:
    """A small valid chat request; ``fields`` replace or extend it."""
    body = {"model": target.model, "messages": [{"role": "user", "content": "ping"}], "max_tokens": 1}
    return json.dumps(body | fields).encode()


def plain(target: Target, body: bytes | None = None) -> Stimulus:
    """A legitimate request. A sound endpoint serves it: the control beside every drill."""
    content = chat_body(target) if body is None else body
    step = Step(_head(target, "Connection: close", length=len(content)) + b"\r\n\r\n" + content)
    return Stimulus("plain", "one small valid request", Risk.DEP_INPUT, (step,), 15.0, Defence.REFUSE, frozenset())


def no_key(target: Target) -> Stimulus:
    """A valid request without any credential."""
    bare = Target(target.host, target.path, target.method, "", target.model)
    return Stimulus(
        "no-key",
        "one valid request without a key",
        Risk.DEP_AUTH,
        plain(bare).steps,
        15.0,
        Defence.REFUSE,
        frozenset({401, 403}),
    )


def large_header(target: Target, size: int = LARGE_HEADER) -> Stimulus:
    """A valid request with one header of ``size`` bytes."""
    content = chat_body(target)
    head = _head(target, "Connection: close", f"X-Padding: {'a' * size}", length=len(content))
    return Stimulus(
        "large-header", f"one header of {size} bytes", Risk.DOS_HEADER, (Step(head + b"\r\n\r\n" + content),), 15.0,
        Defence.REFUSE, frozenset({400, 413, 414, 431}),
    )  # fmt: skip


def many_headers(target: Target, count: int = 1000) -> Stimulus:
    """A valid request with ``count`` small headers."""
    content = chat_body(target)
    head = _head(target, "Connection: close", *(f"X-N{i}: a" for i in range(count)), length=len(content))
    return Stimulus(
        "many-headers", f"{count} small headers", Risk.DOS_HEADER, (Step(head + b"\r\n\r\n" + content),), 15.0,
        Defence.REFUSE, frozenset({400, 413, 431}),
    )  # fmt: skip


def header_drip(target: Target, seconds: float = DRIP_SECONDS, interval: float = 1.0) -> Stimulus:
    """A header that never ends, one byte every ``interval`` seconds."""
    drops = max(1, round(seconds / interval))
    steps = (Step(_head(target) + b"\r\nX-Drip: ", interval), *(Step(b"a", interval) for _ in range(drops - 1)))
    return Stimulus(
        "header-drip",
        f"one header byte every {interval:g} s for {seconds:g} s",
        Risk.DOS_HEADER,
        steps,
        seconds,
        Defence.CUT_OFF,
    )


def body_drip(target: Target, seconds: float = DRIP_SECONDS, interval: float = 1.0) -> Stimulus:
    """A body that never ends, one byte every ``interval`` seconds."""
    drops = max(1, round(seconds / interval))
    opening = _head(target, length=64 * 1024) + b"\r\n\r\n{"
    steps = (Step(opening, interval), *(Step(b" ", interval) for _ in range(drops - 1)))
    return Stimulus(
        "body-drip",
        f"one body byte every {interval:g} s for {seconds:g} s",
        Risk.DOS_HEADER,
        steps,
        seconds,
        Defence.CUT_OFF,
    )


def _refused_body(name: str, about: str, risk: Risk, target: Target, body: bytes) -> Stimulus:
    steps = plain(target, body).steps
    return Stimulus(name, about, risk, steps, 15.0, Defence.REFUSE, _REFUSED - {401, 403, 404, 405})


def huge_n(target: Target, n: int = 1000) -> Stimulus:
    """One request that asks for ``n`` completions."""
    return _refused_body("huge-n", f"one request for n={n} completions", Risk.DOS_COST, target, chat_body(target, n=n))


def huge_output(target: Target, tokens: int = 10_000_000) -> Stimulus:
    """One request that asks for ``tokens`` output tokens."""
    body = chat_body(target, max_tokens=tokens)
    return _refused_body("huge-output", f"one request for {tokens} output tokens", Risk.DOS_COST, target, body)


def deep_json(target: Target, depth: int = 500) -> Stimulus:
    """A body nested ``depth`` levels deep."""
    body = b'{"model":"%s","messages":%s1%s}' % (target.model.encode(), b"[" * depth, b"]" * depth)
    return _refused_body("deep-json", f"JSON nested {depth} deep", Risk.DEP_INPUT, target, body)


def large_body(target: Target, size: int) -> Stimulus:
    """A valid chat request padded to about ``size`` bytes."""
    body = chat_body(target, messages=[{"role": "user", "content": "a" * size}])
    return _refused_body("large-body", f"a body of {len(body)} bytes", Risk.DEP_INPUT, target, body)


def unknown_path(target: Target) -> Stimulus:
    """A valid request to a path no profile lists."""
    elsewhere = Target(target.host, "/undercroft/not-listed", "GET", target.key, target.model)
    step = Step(_head(elsewhere, "Connection: close") + b"\r\n\r\n")
    return Stimulus(
        "unknown-path",
        "a path that is not part of the API",
        Risk.TTP_PROBE,
        (step,),
        15.0,
        Defence.REFUSE,
        frozenset({403, 404, 405}),
    )


def ambiguous_framing(target: Target) -> Stimulus:
    """A request that gives both a length and chunked framing (RFC 9112 §6.1: a server ought to handle it as an error)."""
    content = chat_body(target)
    head = _head(target, "Transfer-Encoding: chunked", length=len(content))
    step = Step(head + b"\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(content), content))
    return Stimulus(
        "ambiguous-framing", "Content-Length together with Transfer-Encoding", Risk.DEP_INPUT, (step,), 15.0,
        Defence.REFUSE, frozenset({400}),
    )  # fmt: skip
