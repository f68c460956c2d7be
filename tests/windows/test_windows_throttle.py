"""The throttle of failed tries: by network, by key, with standing for who succeeded, in bounded memory."""

import pytest

from undercroft.windows.gcra import Rate
from undercroft.windows.throttle import FailureThrottle, network_of

SLOW = Rate(1 / 60, 3)


@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_one_party_is_one_network(source: str, network: str) -> None:
    assert network_of(source) == network


def test_a_source_is_made_to_wait_after_its_burst_and_let_go_when_time_has_passed() -> None:
    throttle = FailureThrottle(SLOW)
    for _ in range(3):
        assert throttle.wait("192.0.2.7", "", 0.0) == 0
        throttle.failed("192.0.2.7", "", 0.0)
    assert throttle.wait("192.0.2.7", "", 0.0) == pytest.approx(60.0)
    assert throttle.wait("192.0.2.8", "", 0.0) == 0
    assert throttle.wait("192.0.2.7", "", 60.0) == 0


def test_one_key_guessed_at_from_many_sources_is_made_to_wait_but_its_known_user_is_not() -> None:
    throttle = FailureThrottle(SLOW)
    throttle.succeeded("198.51.100.1", "abc123")
    for host in range(3):
        throttle.failed(f"192.0.2.{host}", "abc123", 0.0)
    assert throttle.wait("192.0.2.99", "abc123", 0.0) > 0
    assert throttle.wait("192.0.2.99", "other1", 0.0) == 0
    assert throttle.wait("198.51.100.1", "abc123", 0.0) == 0
    throttle.revoked("abc123")
    assert throttle.wait("198.51.100.1", "abc123", 0.0) > 0


def test_failing_on_does_not_lock_out_for_longer() -> None:
    throttle = FailureThrottle(SLOW)
    for _ in range(1000):
        throttle.failed("192.0.2.7", "", 0.0)
    assert throttle.wait("192.0.2.7", "", 0.0) == pytest.approx(60.0)


def test_memory_is_bounded_and_what_is_shed_is_counted() -> None:
    throttle = FailureThrottle(SLOW, capacity=100)
    for number in range(1000):
        throttle.failed(f"10.0.{number // 250}.{number % 250}", "", 0.0)
        throttle.succeeded(f"10.1.{number // 250}.{number % 250}", "abc123")
    assert len(throttle._cells) == len(throttle._good) == 100
    assert throttle.shed == 900
