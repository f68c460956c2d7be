"""The rate cell: never more than burst plus rate, exact waits, and what is given back can be taken again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.windows.gcra import Cell, Rate


@given(
    per_second=st.floats(0.1, 100),
    burst=st.integers(1, 50),
    steps=st.lists(st.tuples(st.floats(0, 5), st.integers(1, 50)), max_size=40),
)
def test_never_more_than_the_burst_and_the_rate_are_taken_in_any_stretch_of_time(
    per_second: float, burst: int, steps: list
) -> None:
    cell, now, taken = Cell(Rate(per_second, burst)), 0.0, []
    for wait, units in steps:
        now += wait
        if cell.take(now, units) == 0:
            taken.append((now, units))
    for start in range(len(taken)):
        total = 0
        for when, units in taken[start:]:
            total += units
            assert total <= burst + per_second * (when - taken[start][0]) + 1e-6


@given(per_second=st.floats(0.1, 100), burst=st.integers(1, 50), first=st.integers(1, 50), second=st.integers(1, 50))
def test_the_wait_is_exact(per_second: float, burst: int, first: int, second: int) -> None:
    cell = Cell(Rate(per_second, burst))
    cell.take(10.0, min(first, burst))
    units = min(second, burst)
    wait = cell.wait(10.0, units)
    if wait > 1e-6:
        assert cell.take(10.0 + wait * 0.99, units) > 0
    assert cell.take(10.0 + wait, units) == 0


def test_more_than_the_burst_never_fits() -> None:
    assert Cell(Rate(1, 5)).take(0.0, 6) == float("inf")
    assert Cell(Rate(1, 5)).take(0.0, 5) == 0


def test_a_refusal_takes_nothing() -> None:
    cell = Cell(Rate(1, 5))
    cell.take(0.0, 5)
    assert cell.take(1.0, 2) == pytest.approx(1.0)
    assert cell.take(1.0, 1) == 0


def test_what_is_given_back_can_be_taken_and_never_raises_the_burst() -> None:
    cell = Cell(Rate(1, 5))
    cell.take(0.0, 5)
    cell.give_back(5)
    assert cell.take(0.0, 5) == 0
    late = Cell(Rate(1, 5))
    late.take(0.0, 5)
    late.give_back(5)
    assert late.take(100.0, 5) == 0
    assert late.take(100.0, 1) == pytest.approx(1.0)


def test_a_charge_is_taken_whatever_the_limit() -> None:
    cell = Cell(Rate(1, 5))
    cell.charge(0.0, 50)
    assert cell.wait(0.0, 1) == pytest.approx(46.0)
    assert not cell.idle(49.0)
    assert cell.idle(50.0)


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (1, 0.5), (-1, 1), (float("nan"), 1)])
def test_a_rate_that_is_none_is_refused(per_second: float, burst: float) -> None:
    with pytest.raises(ValueError, match="rate needs"):
        Rate(per_second, burst)
