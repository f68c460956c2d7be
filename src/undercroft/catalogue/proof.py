"""The shape of ``cases.yaml``: what a component's knowledge is decided on. Read by tests only; it stays out of the wheel."""

from typing import Any, Literal

from undercroft.catalogue.schema import Strict


class RecogniseCase(Strict, frozen=True, kw_only=True):
    """A place in a file, and what it must be taken for."""

    name: str
    """A sentence; for a near-miss it names the condition that fails."""
    image: str = ""
    argv: tuple[str, ...] = ()
    package: str = ""
    """``PyPI:vllm``"""
    recognised: bool
    version: str | None = None


class SettingCase(Strict, frozen=True, kw_only=True):
    """How a component is started, and what each setting must then be."""

    name: str
    image: str = ""
    argv: tuple[str, ...] = ()
    env: dict[str, str | None] = {}
    """Variable → value; ``null`` stands for a value that cannot be resolved (``valueFrom``)."""
    config: dict[str, Any] = {}
    version: str | None = None
    expect: dict[str, Any]
    """Setting → value; the word ``unknown!`` for an unknown."""
    origin: dict[str, Literal["explicit", "default", "unknown"]] = {}


class Reply(Strict, frozen=True, kw_only=True):
    """A recorded answer."""

    method: Literal["GET", "HEAD", "OPTIONS", "POST"] = "GET"
    path: str
    status: int
    headers: dict[str, str] = {}
    body: str = ""


class WireCase(Strict, frozen=True, kw_only=True):
    """A recorded conversation, and what must be read out of it. Paths that are not recorded answer ``otherwise``."""

    name: str
    replies: tuple[Reply, ...]
    otherwise: Reply | None = None
    recognised: bool
    specificity: Literal["product", "family", "hint", ""] = ""
    version: str | None = None
    settings: dict[str, Any] = {}
    """Setting → value; ``unknown!`` for an unknown."""
    source: str = ""
    """How it was recorded: product, version; empty for an invented near-miss."""


class LogCase(Strict, frozen=True, kw_only=True):
    """A line and what must be read from it; ``fields`` empty for a near-miss that must not match."""

    name: str
    format: str
    line: str
    fields: dict[str, str] = {}


class Cases(Strict, frozen=True, kw_only=True):
    """The proof beside the knowledge: what fires, what nearly does, what stays unknown."""

    recognise: tuple[RecogniseCase, ...] = ()
    settings: tuple[SettingCase, ...] = ()
    wire: tuple[WireCase, ...] = ()
    logs: tuple[LogCase, ...] = ()
