"""The guard's judgement, without a socket and without a clock: events in, commands out, time as an argument.

A conversation is one client connection. Its states and what moves between them::

    IDLE ──HeadStarted──▶ HEAD ──HeadersReceived──▶ BODY ──BodyComplete──▶ WAITING ──UpstreamHeaders──▶ ANSWERING
      ▲                                                                                                  │
      └───────────────────────────────────────── UpstreamComplete ◀──────────────────────────────────────┘
    any state ──refusal that closes, deadline, ClientGone──▶ CLOSED

Rules that must hold, whatever is changed here:

1. Nothing is forwarded before every stage up to admission has judged the complete request.
2. What a policy took in ``judge`` is settled exactly once, in reverse order, on every way out (``_end``).
3. An exchange that got as far as a complete head gives exactly one event.
4. ``deadline`` is always the next moment at which a ``Tick`` must act, and progress never moves it further away,
   except from one state to the next.
5. Nothing follows a refusal that closes, and nothing is answered twice.
"""

from enum import Enum

from undercroft.guard.codes import Code
from undercroft.guard.commands import (
    AbortUpstream,
    Command,
    Continue,
    CutOff,
    Emit,
    Finish,
    Reject,
    SendBody,
    SendEnd,
    SendHead,
)
from undercroft.guard.context import Context, Mode
from undercroft.guard.events import (
    BodyChunk,
    BodyComplete,
    ClientGone,
    Connected,
    Draining,
    Event,
    HeadersReceived,
    HeadStarted,
    Tick,
    Unreadable,
    UpstreamChunk,
    UpstreamComplete,
    UpstreamFailed,
    UpstreamHeaders,
)
from undercroft.guard.exchange import Exchange
from undercroft.guard.forward import Tail, forward
from undercroft.guard.policies import Policy, Stage, audit, discover
from undercroft.model.decision import Decision
from undercroft.windows.throttle import network_of


class State(Enum):
    """Where a conversation is."""

    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    WAITING = "waiting"
    ANSWERING = "answering"
    CLOSED = "closed"


class Pipeline:
    """The policies in their order, over one shared context."""

    def __init__(self, context: Context, policies: tuple[Policy, ...] | None = None) -> None:
        """``policies``: those of the policies folder when not given."""
        self.context = context
        self.policies = discover() if policies is None else policies
        by_stage = {stage: tuple(p for p in self.policies if p.stage is stage) for stage in Stage}
        self.at_head = (Stage.CONNECTION, Stage.REQUEST, Stage.IDENTITY)
        self.at_body = (Stage.BODY, Stage.COST, Stage.ADMISSION)
        self.head_policies = tuple(p for stage in self.at_head for p in by_stage[stage])
        self.body_policies = tuple(p for stage in self.at_body for p in by_stage[stage])
        self.response_policies = by_stage[Stage.RESPONSE]
        self.observers = by_stage[Stage.OBSERVE]

    def open(self, source: str, now: float) -> "Conversation":
        """A client connected from the address ``source``."""
        return Conversation(self, source, now)


class Conversation:
    """One client connection."""

    __slots__ = (
        "_body", "_closing", "_context", "_exchange", "_held", "_network", "_pipeline", "_received", "_since", "_source",
        "_tail", "deadline", "muted", "state",
    )  # fmt: skip

    def __init__(self, pipeline: Pipeline, source: str, now: float) -> None:
        self._pipeline = pipeline
        self._context = context = pipeline.context
        self._source = source
        self._network = network_of(source)
        self.state = State.IDLE
        self.deadline = now + context.limits.header_timeout
        """Monotonic seconds of the next ``Tick`` that matters."""
        self.muted = False
        """Whether the client has its answer already, and the rest of the upstream's is read past."""
        self._since = now
        self._closing = False
        self._reset()
        context.connected(self._network)

    def _reset(self) -> None:
        self._exchange: Exchange | None = None
        self._held: list[Policy] = []
        self._body: list[bytes] = []
        self._received = 0
        self._tail = Tail(stream=False)
        self.muted = False

    def handle(self, event: Event, now: float) -> list[Command]:
        """What is to be done about ``event`` at monotonic ``now``. Events after the end are ignored."""
        if self.state is State.CLOSED:
            return []
        commands: list[Command] = getattr(self, _HANDLERS[type(event)])(event, now)
        return commands

    # The request's way in.

    def _connected(self, event: Connected, now: float) -> list[Command]:  # noqa: ARG002 - the signature handlers have
        if self._context.crowded(self._network):
            return self._refuse(Code.TOO_MANY_CONNECTIONS.decision(retry_after=1.0), now)
        return []

    def _head_started(self, event: HeadStarted, now: float) -> list[Command]:  # noqa: ARG002 - the signature handlers have
        context = self._context
        if self.state is not State.IDLE:
            return []
        # The very first head is due from the connection on, or an idle connect would double the time.
        self.deadline = min(self.deadline, now + context.limits.header_timeout)
        self.state = State.HEAD
        if context.draining:
            return self._refuse(Code.DRAINING.decision(retry_after=1.0), now)
        return []

    def _unreadable(self, event: Unreadable, now: float) -> list[Command]:
        return self._refuse(event.code.decision(event.detail), now)

    def _headers(self, event: HeadersReceived, now: float) -> list[Command]:
        context = self._context
        self._exchange = exchange = Exchange(
            context.new_id(),
            self._source,
            now,
            event.method.decode("latin-1"),
            event.target,
            event.headers,
            event.version,
            event.upgrade,
        )
        closing = exchange.header(b"connection")
        self._closing = closing is not None and b"close" in closing.lower()
        refusal = self._judge(self._pipeline.head_policies, now)
        if refusal is not None:
            return self._refuse(refusal, now)
        self.state = State.BODY
        self._since = now
        self.deadline = now + min(context.limits.body_timeout, context.limits.body_rate_grace)
        return [Continue()] if exchange.expects_continue else []

    def _chunk(self, event: BodyChunk, now: float) -> list[Command]:
        if self.state is not State.BODY:
            return []
        self._received += len(event.data)
        if self._received > self._context.limits.max_body:
            return self._refuse(Code.BODY_TOO_LARGE.decision(), now)
        self._body.append(event.data)
        return []

    def _complete(self, event: BodyComplete, now: float) -> list[Command]:
        exchange = self._exchange
        if self.state is not State.BODY or exchange is None:
            return []
        self._closing = self._closing or event.overrun
        if event.trailers_dropped:
            exchange.dropped.append("trailers")
        exchange.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body, self._received = [], 0
        refusal = self._judge(self._pipeline.body_policies, now)
        if refusal is not None:
            return self._refuse(refusal, now)
        self.state = State.WAITING
        self._since = now
        self.deadline = now + min(self._context.limits.first_byte_timeout, self._context.limits.response_timeout)
        return [forward(exchange, self._context)]

    def _judge(self, policies: tuple[Policy, ...], now: float) -> Decision | None:
        exchange, context = self._exchange, self._context
        assert exchange is not None
        for policy in policies:
            assert policy.judge is not None
            refusal = policy.judge(exchange, context, now)
            if refusal is None:
                if policy.settle is not None:
                    self._held.append(policy)
            elif context.mode is Mode.ENFORCE or policy.stage is Stage.CONNECTION:
                return refusal
            else:
                exchange.would.append(refusal.code)
        return None

    # The answer's way out.

    def _upstream_headers(self, event: UpstreamHeaders, now: float) -> list[Command]:  # noqa: ARG002 - the signature handlers have
        exchange, limits = self._exchange, self._context.limits
        if self.state is not State.WAITING or exchange is None:
            return []
        self.state = State.ANSWERING
        self.deadline = self._since + limits.response_timeout
        head = event
        for policy in self._pipeline.response_policies:
            assert policy.rewrite is not None
            answer = policy.rewrite(exchange, self._context, head)
            if isinstance(answer, Decision):
                self.muted = True
                if event.status < 500:
                    exchange.used = 0  # the server refused the request, so it did no work on it
                exchange.status, exchange.reason = answer.status, answer.code
                return [Reject(answer, exchange.id, self._ends_here())]
            head = answer
        exchange.status = head.status
        kind = next((value for name, value in head.headers if name == b"content-type"), b"")
        self._tail = Tail(stream=kind.startswith(b"text/event-stream"))
        length = next(
            (int(value) for name, value in head.headers if name == b"content-length" and value.isdigit()), None
        )
        if head.status in {204, 205}:
            length = 0
        headers = tuple(field for field in head.headers if field[0] != b"content-length")
        return [SendHead(head.status, headers, length, self._ends_here())]

    def _upstream_chunk(self, event: UpstreamChunk, now: float) -> list[Command]:
        exchange = self._exchange
        if self.state is not State.ANSWERING or exchange is None:
            return []
        self._received += len(event.data)
        if self._received > self._context.limits.max_response:
            return self._break_off(Code.RESPONSE_TOO_LARGE.decision(), now)
        if self.muted:
            return []
        self._tail.keep(event.data)
        return [SendBody(event.data)]

    def _upstream_complete(self, event: UpstreamComplete, now: float) -> list[Command]:  # noqa: ARG002 - the signature handlers have
        exchange = self._exchange
        if self.state is not State.ANSWERING or exchange is None:
            return []
        commands: list[Command] = [] if self.muted else [SendEnd()]
        if not self.muted and exchange.key is not None:
            exchange.used = self._tail.tokens()
        commands += self._end(now)
        commands.append(CutOff("") if self._ends_here() else Finish())
        self._rest(now)
        return commands

    def _upstream_failed(self, event: UpstreamFailed, now: float) -> list[Command]:
        exchange = self._exchange
        if exchange is None or self.state not in {State.WAITING, State.ANSWERING}:
            return []
        if not event.reached:
            exchange.used = 0
        if self.state is State.WAITING:
            code = Code.UPSTREAM_ERROR if event.reached else Code.UPSTREAM_UNREACHABLE
            return self._refuse(code.decision(retry_after=None if event.reached else 1.0), now)
        return self._break_off(Code.UPSTREAM_ERROR.decision(), now)

    # Time, and ends that nobody asked for.

    def _tick(self, event: Tick, now: float) -> list[Command]:  # noqa: ARG002 - the signature handlers have
        if now < self.deadline:
            return []
        limits = self._context.limits
        if self.state is State.IDLE:
            self._close()
            return [CutOff("")]
        if self.state is State.HEAD:
            return self._refuse(Code.HEADER_TIMEOUT.decision(), now)
        if self.state is State.BODY:
            waited = now - self._since
            if waited >= limits.body_timeout:
                return self._refuse(Code.BODY_TIMEOUT.decision(), now)
            if self._received < limits.min_body_rate * waited:
                return self._refuse(Code.BODY_TOO_SLOW.decision(), now)
            self.deadline = min(now + 1.0, self._since + limits.body_timeout)
            return []
        if self.state is State.WAITING:
            return [AbortUpstream(), *self._refuse(Code.UPSTREAM_TIMEOUT.decision(), now)]
        return self._break_off(Code.RESPONSE_TIMEOUT.decision(), now)

    def _client_gone(self, event: ClientGone, now: float) -> list[Command]:  # noqa: ARG002 - the signature handlers have
        commands: list[Command] = []
        if self.state in {State.WAITING, State.ANSWERING}:
            commands.append(AbortUpstream())
        if self._exchange is not None:
            # A muted exchange has given its answer, and that is how it ended.
            self._exchange.reason = self._exchange.reason or "client-gone"
            commands += self._end(now)
        self._close()
        return commands

    def _drain(self, event: Draining, now: float) -> list[Command]:  # noqa: ARG002 - the signature handlers have
        if self.state is not State.IDLE:
            return []
        self._close()
        return [CutOff("")]

    # Ways to end.

    def _refuse(self, decision: Decision, now: float) -> list[Command]:
        """Answer with ``decision``; whatever was taken goes back."""
        exchange = self._exchange
        body_follows = self.state is State.HEAD and exchange is not None and exchange.content_length != 0
        close = decision.close or body_follows or self._ends_here()
        if exchange is None:
            identifier = self._context.new_id()
            events: list[Command] = [
                Emit(audit.headless(decision.code, decision.status, identifier, self._source, self._context, now))
            ]
        else:
            identifier = exchange.id
            exchange.status, exchange.reason = decision.status, decision.code
            if self.state is not State.WAITING:
                exchange.used = 0  # it was never forwarded
            events = self._end(now)
        commands: list[Command] = [Reject(decision, identifier, close), *events]
        if close:
            self._close()
        else:
            commands.append(Finish())
            self._rest(now)
        return commands

    def _break_off(self, decision: Decision, now: float) -> list[Command]:
        """End an answer that has begun: the client learns of it by the missing end of the framing."""
        exchange = self._exchange
        assert exchange is not None
        if not exchange.reason:
            exchange.reason = decision.code
        commands: list[Command] = [AbortUpstream(), *self._end(now), CutOff(decision.code)]
        self._close()
        return commands

    def _end(self, now: float) -> list[Command]:
        exchange = self._exchange
        assert exchange is not None
        exchange.ends = now
        for policy in reversed(self._held):
            assert policy.settle is not None
            policy.settle(exchange, self._context, now)
        self._held = []
        self._exchange = None
        return [Emit(p.record(exchange, self._context, now)) for p in self._pipeline.observers if p.record is not None]

    def _ends_here(self) -> bool:
        return self._closing or self._context.draining

    def _rest(self, now: float) -> None:
        """The connection waits for its next request, or is over."""
        if self._ends_here():
            self._close()
            return
        self._reset()
        self.state = State.IDLE
        self.deadline = now + self._context.limits.keepalive_timeout

    def _close(self) -> None:
        self.state = State.CLOSED
        self.deadline = float("inf")
        self._context.disconnected(self._network)


_HANDLERS: dict[type, str] = {
    Connected: "_connected",
    HeadStarted: "_head_started",
    Unreadable: "_unreadable",
    HeadersReceived: "_headers",
    BodyChunk: "_chunk",
    BodyComplete: "_complete",
    UpstreamHeaders: "_upstream_headers",
    UpstreamChunk: "_upstream_chunk",
    UpstreamComplete: "_upstream_complete",
    UpstreamFailed: "_upstream_failed",
    ClientGone: "_client_gone",
    Tick: "_tick",
    Draining: "_drain",
}
