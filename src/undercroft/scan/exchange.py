"""One question to an endpoint, its answer, and whether the answer is as expected. Pure.

An answer is text from a stranger: whatever its bytes are, reading it raises nothing and costs no more than its length.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from undercroft.catalogue.schema import Exchange, Expect

LOOKED_AT = 64 * 1024
"""Bytes of a body that regular expressions see; the catalogue's ``body`` says so too."""
LATE = "/openapi.json"
"""Asked last: building it can stall a FastAPI server for seconds (seen on LiteLLM 1.106.2)."""
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. Equal questions are sent once, whoever in the catalogue asks them."""

    method: str
    """``GET``, ``HEAD``, ``OPTIONS``, or ``POST`` where the catalogue has it as a read call."""
    path: str
    """Raw path with its query."""
    headers: tuple[tuple[str, str], ...] = ()
    """Name in lower case and value, sorted, beyond what every request carries."""
    body: str = ""

    @classmethod
    def of(cls, exchange: Exchange) -> "Ask":
        headers = tuple(sorted((name.lower(), value) for name, value in exchange.headers.items()))
        return cls(exchange.method, exchange.path, headers, exchange.body)

    @property
    def shown(self) -> str:
        """The question as people read it."""
        extra = f" with {', '.join(name for name, _ in self.headers)}" if self.headers else ""
        return f"{self.method} {self.path}{extra}"


@dataclass(frozen=True, slots=True)
class Heard:
    """An HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    """Name in lower case and value, in the order they came."""
    body: bytes = b""
    cut: bool = False
    """Whether the body went on behind what was kept."""


@dataclass(frozen=True, slots=True)
class Silent:
    """No answer that can be read."""

    reason: str
    """Why, in words: ``no answer within 5 s``."""


Reply = Heard | Silent


def printable(text: str, limit: int = 160) -> str:
    """``text`` of a stranger, cut to ``limit`` characters and without anything a terminal would act on."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:limit])


class Page:
    """An answer with its readings, made once and only when asked for."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard

    @cached_property
    def text(self) -> str:
        return self.heard.body[:LOOKED_AT].decode("utf-8", "replace")

    @cached_property
    def document(self) -> Any:
        if self.heard.cut:
            return _MISSING
        try:
            return msgspec.json.decode(self.heard.body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return _MISSING

    @cached_property
    def title(self) -> str:
        low = self.text.lower()  # str.find and not a lazy pattern: a page of opening tags must not cost its square
        start = low.find("<title")
        start = low.find(">", start) + 1 if start >= 0 else 0
        end = low.find("</title", start) if start else -1
        return self.text[start:end].strip() if end >= 0 else ""

    def at(self, path: str) -> str | None:
        """The text of the JSON value at a dotted path; ``None`` where there is none."""
        value = self.document
        for part in path.split(".") if path else ():
            if isinstance(value, dict):
                value = value.get(part, _MISSING)
            elif (
                isinstance(value, list)
                and part.isascii()
                and part.isdecimal()
                and len(part) < 7
                and int(part) < len(value)
            ):
                value = value[int(part)]
            else:
                return None
        if value is _MISSING:
            return None
        return value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8", "replace")

    def named(self, header: str) -> list[str]:
        return [value for name, value in self.heard.headers if name == header.lower()]

    def meets(self, expect: Expect) -> bool:
        if expect.status and self.heard.status not in expect.status:
            return False
        if any(not any(re.search(pattern, v) for v in self.named(name)) for name, pattern in expect.header.items()):
            return False
        if expect.title and not re.search(expect.title, self.title):
            return False
        if expect.body and not re.search(expect.body, self.text):
            return False
        if expect.absent and re.search(expect.absent, self.text):
            return False
        for path, pattern in expect.json.items():
            value = self.at(path)
            if value is None or not re.fullmatch(pattern, value[:LOOKED_AT]):
                return False
        return True


def meets(expect: Expect, heard: Heard) -> bool:
    """Whether an answer is as expected: every given condition holds. An expectation without conditions is met by any answer."""
    return Page(heard).meets(expect)
