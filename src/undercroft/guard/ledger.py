"""Budgets: the worst case is taken before a request leaves, the difference comes back when it ends.

Nothing here awaits, so between the check and the reservation nothing else can run: overspend under any concurrency is zero as
long as the upstream keeps to the cap it was sent. When it does not, the excess is charged and counted in ``overrun``.
"""

from undercroft.guard.codes import Code
from undercroft.guard.keyring import KeyRecord
from undercroft.guard.limits import Limits
from undercroft.windows.gcra import Cell, Rate


class Account:
    """What one identity has taken. Times are seconds of one monotonic clock; costs are tokens."""

    __slots__ = ("budget", "concurrency", "in_flight", "overrun", "requests", "reserved", "spent", "tokens")

    def __init__(self, record: KeyRecord, limits: Limits) -> None:
        per_minute = record.requests_per_minute or limits.requests_per_minute
        self.requests = Cell(Rate(per_minute / 60, max(1.0, min(limits.requests_burst, per_minute))))
        per_minute = record.tokens_per_minute or limits.tokens_per_minute
        self.tokens = Cell(Rate(per_minute / 60, max(1.0, min(limits.tokens_burst, per_minute))))
        self.concurrency = record.concurrency or limits.concurrency
        self.budget = record.budget
        self.in_flight = 0
        """Requests between admission and end."""
        self.reserved = 0
        """Tokens taken by requests that have not ended."""
        self.spent = 0
        """Tokens of requests that have ended."""
        self.overrun = 0
        """Tokens the upstream reported beyond what its request had reserved."""

    def reserve(self, tokens: int, now: float) -> tuple[Code, float | None] | None:
        """Take one request and ``tokens``, all or nothing. Returns why not, with the seconds after which it can be (``None``: never)."""
        if self.budget and self.spent + self.reserved + tokens > self.budget:
            return Code.BUDGET_SPENT, None
        wait = self.tokens.wait(now, tokens)
        if wait == float("inf"):
            return Code.COSTS_TOO_MUCH, None
        request_wait = self.requests.wait(now)
        if request_wait > 1e-9:
            return Code.RATE_LIMITED, max(request_wait, wait)
        if wait > 1e-9:
            return Code.TOKENS_LIMITED, wait
        self.requests.take(now)
        self.tokens.take(now, tokens)
        self.reserved += tokens
        return None

    def settle(self, reserved: int, used: int, now: float) -> None:
        """End a reservation of which ``used`` tokens were spent."""
        self.reserved -= reserved
        self.spent += used
        if used <= reserved:
            self.tokens.give_back(reserved - used)
        else:
            self.tokens.charge(now, used - reserved)
            self.overrun += used - reserved


class Ledger:
    """The accounts of all identities, and what is in flight altogether."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._accounts: dict[str, Account] = {}
        self.in_flight_tokens = 0
        """Reserved tokens of all admitted requests."""
        self.typical_seconds = 1.0
        """Moving average of how long answers take: what a refused client is told to wait for a slot."""

    def account(self, record: KeyRecord) -> Account:
        """The account of a key; made on first use. Only good keys reach it, so their number bounds its memory."""
        account = self._accounts.get(record.id)
        if account is None:
            account = self._accounts[record.id] = Account(record, self._limits)
        return account

    def forget(self, kept: frozenset[str]) -> None:
        """Drop idle accounts of keys that are gone."""
        for identifier in [i for i, a in self._accounts.items() if i not in kept and not a.in_flight]:
            del self._accounts[identifier]

    def ended(self, seconds: float) -> None:
        """An answer took this long."""
        self.typical_seconds += (seconds - self.typical_seconds) / 16
