"""Starts a guard: keys, self-probe, port, signals. In that order, and not a step further when one fails."""

import asyncio
import contextlib
import gc
import itertools
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from undercroft.guard.adapters import selfprobe
from undercroft.guard.adapters.proxy import Proxy
from undercroft.guard.adapters.upstream import Address
from undercroft.guard.context import Context, Mode
from undercroft.guard.keyring import KeyRing
from undercroft.guard.limits import Limits
from undercroft.guard.pipeline import Pipeline
from undercroft.guard.policies import discover
from undercroft.guard.profile import Profile
from undercroft.guard.state import EventLog, KeysFileError, read_keys, stamp

KEYS_SECONDS = 1.0
"""How often the keys file is looked at for changes: a revoked key is refused within this time."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a guard is started with."""

    upstream: Address
    profile: Profile
    host: str
    port: int
    keys: Path
    events: Path | None = None
    mode: Mode = Mode.ENFORCE
    limits: Limits = field(default_factory=Limits)
    upstream_key: str = ""
    """Credential for the upstream, sent in place of the client's."""


class NotServing(RuntimeError):
    """The guard will not serve. The message says why and what to do."""


def describe(settings: Settings) -> list[str]:
    """What is enforced, in three lines made of the policies' own words."""
    limits = settings.limits
    parts = [policy.summary(limits) for policy in discover()]
    third = len(parts) // 3 + 1
    return ["; ".join(parts[start : start + third]) for start in range(0, len(parts), third)]


async def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT. ``say`` gets one line for each thing an operator should know; ``ready`` comes when the port answers.

    Raises :class:`NotServing`, before the port is open.
    """
    try:
        keys = KeyRing(read_keys(settings.keys))
        log = EventLog(settings.events, say)
    except (KeysFileError, OSError) as error:
        raise NotServing(str(error)) from error
    prefix, numbers = secrets.token_hex(6), itertools.count(1)
    context = Context(
        settings.limits, settings.profile, keys, lambda: f"{prefix}-{next(numbers):x}", time.time() - asyncio.get_running_loop().time(),
        settings.mode, f"{settings.host}:{settings.port}", settings.upstream_key,
    )  # fmt: skip
    try:
        results = await selfprobe.self_probe(settings.limits)
    except OSError as error:
        raise NotServing(f"the self-probe cannot use loopback: {error.strerror}") from error
    if wrong := selfprobe.failed(results):
        raise NotServing("self-probe: " + "; ".join(wrong))
    proxy = Proxy(Pipeline(context), settings.upstream, log)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        host, port = await proxy.start(settings.host, settings.port)
    except OSError as error:
        raise NotServing(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    context.instance = f"{host}:{port}"
    # What is alive now stays alive: collections need not look at it again, nor run every few hundred requests.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    say(
        f"listening on {context.instance}, profile {settings.profile.name}, mode {settings.mode}, self-probe: {len(results)} limits hold"
    )
    for line in describe(settings):
        say(f"enforced: {line}" if settings.mode is Mode.ENFORCE else f"would be enforced: {line}")
    say("ready")
    keeper = asyncio.get_running_loop().create_task(_keep(settings.keys, context, log, say))
    await stopping.wait()
    say("stopping: no new connections, running requests may finish")
    await proxy.stop(settings.limits.drain_timeout)
    keeper.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeper
    log.close()


async def _keep(path: Path, context: Context, log: EventLog, say: Callable[[str], None]) -> None:
    """Write events and take over a changed keys file. While the file cannot be relied on, everybody is refused."""
    seen = stamp(path)
    waited = 0.0
    while True:
        await asyncio.sleep(0.25)
        log.flush()
        waited += 0.25
        if waited < KEYS_SECONDS:
            continue
        waited = 0.0
        current = stamp(path)
        if current == seen:
            continue
        seen = current
        try:
            context.replace_keys(KeyRing(read_keys(path)))
            say("keys file changed and was taken over")
        except KeysFileError as error:
            context.replace_keys(None)
            say(f"everybody is refused until the keys file is good again: {error}")
