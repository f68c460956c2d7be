"""Plays a stimulus over a real socket and tells what came back. Bounded by the stimulus: its bytes, its deadline, one connection."""

import asyncio

from undercroft.stimuli.stimulus import Observation, StatusReader, Stimulus


def _method(stimulus: Stimulus) -> str:
    first = stimulus.steps[0].send.partition(b" ")[0] if stimulus.steps else b"GET"
    return first.decode("latin-1")


async def play(stimulus: Stimulus, host: str, port: int) -> Observation:
    """Send the steps of ``stimulus`` to ``host:port`` until it answers, closes or the deadline passes. Raises nothing for the network's sake."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    deadline = start + stimulus.deadline
    try:
        async with asyncio.timeout_at(deadline):
            reader, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return Observation(
            None, closed=False, elapsed=loop.time() - start, sent=0, error="no connection within the deadline"
        )
    except OSError as error:
        return Observation(
            None, closed=False, elapsed=loop.time() - start, sent=0, error=error.strerror or type(error).__name__
        )
    start = loop.time()
    deadline = start + stimulus.deadline
    answer = loop.create_task(_read_status(reader, _method(stimulus)))
    sent = 0
    try:
        sent = await _send(stimulus, writer, answer, deadline)
        done, _ = await asyncio.wait({answer}, timeout=max(0.0, deadline - loop.time()))
        status, closed = answer.result() if done else (None, False)
    finally:
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)
        writer.transport.abort()
    return Observation(status, closed, loop.time() - start, sent)


async def _read_status(reader: asyncio.StreamReader, method: str) -> tuple[int | None, bool]:
    """The final status, or ``None`` and whether the peer closed."""
    statuses = StatusReader(method)
    try:
        while data := await reader.read(65_536):
            status = statuses.feed(data)
            if status is not None:
                return status, False
    except OSError:
        pass  # a reset is a close
    return None, True


async def _send(
    stimulus: Stimulus, writer: asyncio.StreamWriter, answer: "asyncio.Task[tuple[int | None, bool]]", deadline: float
) -> int:
    """Send step by step; returns the bytes handed to the peer's socket."""
    loop = asyncio.get_running_loop()
    sent = 0
    for step in stimulus.steps:
        if answer.done() or loop.time() >= deadline:
            break
        writer.write(step.send)
        try:
            async with asyncio.timeout_at(deadline):
                await writer.drain()
        except (OSError, TimeoutError):
            break
        sent += len(step.send)
        if step.pause:
            await asyncio.wait({answer}, timeout=min(step.pause, max(0.0, deadline - loop.time())))
    return sent
