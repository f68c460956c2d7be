"""The guard's rules, one module each. A module that stands in this folder is in force; there is no list to add it to.

A policy module says:

``STAGE``
    A :class:`Stage`: when it runs. Within a stage, policies run in the order of their names.
``RISK``
    The row of the risk register it defends.
``SUMMARY``
    ``(limits) -> str``: what it enforces, in a few words with its numbers, for the start-up lines.
``judge(exchange, context, now) -> Decision | None``
    Stages up to admission: ``None`` lets the request pass.
``settle(exchange, context, now) -> None``
    Optional, beside ``judge``: called once at the end of every exchange that ``judge`` let pass.
``rewrite(exchange, context, head) -> UpstreamHeaders | Decision``
    Response stage: changes or replaces the upstream's response head.
``record(exchange, context, now) -> Event``
    Observe stage: tells of an exchange that ended.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from types import ModuleType

from undercroft.guard.context import Context
from undercroft.guard.events import UpstreamHeaders
from undercroft.guard.exchange import Exchange
from undercroft.guard.limits import Limits
from undercroft.model.decision import Decision
from undercroft.model.event import Event
from undercroft.model.risk import Risk


class Stage(Enum):
    """The stages, in the order they run."""

    CONNECTION = 1
    """The head as it came: sizes and framing. Enforced in observe mode, too."""
    REQUEST = 2
    """What is asked for: endpoint, method, announced body."""
    IDENTITY = 3
    """Who asks. The last stage before the body is read."""
    BODY = 4
    """The complete body."""
    COST = 5
    """What it may cost, and whether the budget has it."""
    ADMISSION = 6
    """Whether there is room now."""
    RESPONSE = 7
    """The upstream's answer."""
    OBSERVE = 8
    """What is told of it."""


Judge = Callable[[Exchange, Context, float], Decision | None]
Settle = Callable[[Exchange, Context, float], None]
Rewrite = Callable[[Exchange, Context, UpstreamHeaders], UpstreamHeaders | Decision]
Record = Callable[[Exchange, Context, float], Event]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy module, read."""

    slug: str
    """The module's name in kebab case."""
    stage: Stage
    risk: Risk
    summary: Callable[[Limits], str]
    judge: Judge | None
    settle: Settle | None
    rewrite: Rewrite | None
    record: Record | None


class PolicyError(TypeError):
    """A module in the folder that is not a policy. The message says which and what is missing."""


_DUTY = {Stage.RESPONSE: "rewrite", Stage.OBSERVE: "record"}


def read(name: str, module: ModuleType) -> Policy:
    """``module`` as a policy. Raises :class:`PolicyError`."""
    duty = _DUTY.get(getattr(module, "STAGE", Stage.REQUEST), "judge")
    missing = [wanted for wanted in ("STAGE", "RISK", "SUMMARY", duty) if not hasattr(module, wanted)]
    if missing:
        raise PolicyError(
            f"policy {name}: {', '.join(missing)} missing; the docstring of guard/policies says what a policy needs"
        )
    judge, settle, rewrite, record = (getattr(module, hook, None) for hook in ("judge", "settle", "rewrite", "record"))
    return Policy(name.replace("_", "-"), module.STAGE, module.RISK, module.SUMMARY, judge, settle, rewrite, record)


def discover(paths: Iterable[str] = (), package: str = __name__) -> tuple[Policy, ...]:
    """Every policy of this folder, in the order they run. ``paths`` and ``package`` name another folder that is importable.

    Raises :class:`PolicyError`.
    """
    prefix = f"{package}." if package else ""
    found = [
        read(info.name, importlib.import_module(prefix + info.name))
        for info in pkgutil.iter_modules(list(paths) or __path__)
    ]
    return tuple(sorted(found, key=lambda policy: (policy.stage.value, policy.slug)))
