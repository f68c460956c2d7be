"""How severities, exposures and fingerprints behave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.model.exposure import UNKNOWN_EXPOSURE, Exposure, Reach
from undercroft.model.finding import fingerprint, weigh
from undercroft.model.risk import RISK_TITLES, Risk
from undercroft.model.verdict import Severity

exposures = st.builds(Exposure, st.one_of(st.none(), st.sampled_from(Reach)))


def test_severities_are_ordered_by_how_bad_they_are() -> None:
    assert max(Severity) is Severity.CRITICAL
    assert Severity.INFO < Severity.LOW < Severity.MEDIUM < Severity.HIGH < Severity.CRITICAL


@pytest.mark.parametrize(
    ("reach", "severity"),
    [
        (Reach.INTERNET, Severity.CRITICAL),
        (Reach.PRIVATE, Severity.HIGH),
        (Reach.CLUSTER, Severity.MEDIUM),
        (Reach.HOST, Severity.LOW),
        (Reach.LOOPBACK, Severity.INFO),
        (None, Severity.HIGH),
    ],
)
def test_no_authentication_weighs_as_much_as_people_can_reach_it(reach: Reach | None, severity: Severity) -> None:
    weighed, why = weigh(Severity.CRITICAL, Exposure(reach))
    assert weighed is severity
    assert "critical" in why


@given(st.sampled_from(Severity), exposures, exposures)
def test_a_wider_reach_never_weighs_less(base: Severity, one: Exposure, other: Exposure) -> None:
    if one.reach is not None and other.reach is not None and one.reach >= other.reach:
        assert weigh(base, one)[0] >= weigh(base, other)[0]


@given(exposures, exposures)
def test_the_wider_of_two_is_one_of_the_two(one: Exposure, other: Exposure) -> None:
    assert one.wider(other) in (one, other)


def test_unknown_gives_way_only_to_what_reaches_beyond_the_host() -> None:
    assert UNKNOWN_EXPOSURE.wider(Exposure(Reach.PRIVATE)).reach is Reach.PRIVATE
    assert Exposure(Reach.LOOPBACK).wider(UNKNOWN_EXPOSURE).reach is None


def test_a_fingerprint_is_made_of_names() -> None:
    assert fingerprint("a", "b", "c") == fingerprint("a", "b", "c")
    assert len({fingerprint("a", "b", "c"), fingerprint("ab", "", "c"), fingerprint("a", "bc", "")}) == 3


def test_the_register_has_27_rows_with_titles() -> None:
    assert len(Risk) == 27
    assert set(RISK_TITLES) == set(Risk)
