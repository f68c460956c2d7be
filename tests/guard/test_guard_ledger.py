"""Overspend is zero by construction: whatever is reserved and settled in whatever order."""

from guard_playbook import RECORD
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from undercroft.guard.codes import Code
from undercroft.guard.keyring import KeyRecord
from undercroft.guard.ledger import Account, Ledger
from undercroft.guard.limits import Limits


class ConcurrentRequests(RuleBasedStateMachine):
    """Many requests of one key, open at once, ending in any order, using anything up to what they reserved."""

    @initialize(budget=st.integers(1, 5000))
    def start(self, budget: int) -> None:
        record = KeyRecord("abc123", "team", "0" * 64, 0.0, budget=budget, tokens_per_minute=6000)
        self.account = Account(record, Limits(tokens_burst=2000, requests_per_minute=1e6, requests_burst=1e6))
        self.open: list[int] = []
        self.truly_spent = 0
        self.now = 0.0

    @rule(tokens=st.integers(1, 1500))
    def ask(self, tokens: int) -> None:
        if self.account.reserve(tokens, self.now) is None:
            self.open.append(tokens)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        reserved = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        used = data.draw(st.integers(0, reserved))
        self.account.settle(reserved, used, self.now)
        self.truly_spent += used

    @rule(seconds=st.floats(0, 30))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def the_budget_is_never_overspent_even_if_every_open_request_uses_all_it_may(self) -> None:
        assert self.truly_spent + sum(self.open) <= self.account.budget
        assert self.account.reserved == sum(self.open)
        assert self.account.spent == self.truly_spent

    @invariant()
    def the_token_rate_is_never_exceeded_since_the_start(self) -> None:
        assert self.truly_spent + sum(self.open) <= 2000 + 100 * self.now + 1e-6


ConcurrentRequests.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestConcurrentRequests = ConcurrentRequests.TestCase


def test_five_hundred_requests_at_once_on_one_budget_spend_no_more_than_it() -> None:
    account = Account(
        KeyRecord("abc123", "t", "0" * 64, 0.0, budget=10_000), Limits(requests_burst=1000, requests_per_minute=1000)
    )
    let = [account.reserve(300, 0.0) is None for _ in range(500)]
    assert sum(let) == 33
    assert account.reserve(101, 0.0) == (Code.BUDGET_SPENT, None)
    assert account.reserve(100, 0.0) is None


def test_what_was_not_used_can_be_taken_at_once() -> None:
    account = Account(RECORD, Limits(tokens_burst=1000, tokens_per_minute=1000))
    assert account.reserve(1000, 0.0) is None
    refused = account.reserve(1000, 0.0)
    assert refused is not None
    assert refused[0] is Code.TOKENS_LIMITED
    account.settle(1000, 0, 0.0)
    assert account.reserve(1000, 0.0) is None


def test_an_upstream_that_uses_more_than_was_reserved_is_charged_and_counted() -> None:
    account = Account(RECORD, Limits())
    account.reserve(10, 0.0)
    account.settle(10, 25, 0.0)
    assert (account.spent, account.overrun, account.reserved) == (25, 15, 0)


def test_accounts_of_keys_that_are_gone_are_forgotten_once_idle() -> None:
    ledger = Ledger(Limits())
    account = ledger.account(RECORD)
    account.in_flight = 1
    ledger.forget(frozenset())
    assert ledger.account(RECORD) is account
    account.in_flight = 0
    ledger.forget(frozenset())
    assert ledger.account(RECORD) is not account
