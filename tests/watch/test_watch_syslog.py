"""Times: stamps without a year, without a zone, with any; clocks that go back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.watch.source import Clock
from undercroft.watch.syslog import ENVELOPE, Stamps, iso


def at(*parts):
    return datetime(*parts, tzinfo=UTC).timestamp()


def test_the_first_stamp_gets_the_latest_year_that_is_not_after_the_file_was_written():
    assert Stamps(Clock(at(2026, 3, 1))).traditional("Nov  2 10:00", "05") == at(2025, 11, 2, 10, 0, 5)
    assert Stamps(Clock(at(2026, 3, 1))).traditional("Feb 27 10:00", "05") == at(2026, 2, 27, 10, 0, 5)


def test_a_stamp_some_hours_ahead_of_the_files_time_is_a_time_zone_and_not_last_year():
    assert Stamps(Clock(at(2026, 3, 1))).traditional("Mar  1 14:00", "00") == at(2026, 3, 1, 14)


def test_december_goes_on_into_january_and_a_late_december_line_goes_back():
    stamps = Stamps(Clock(0, year=2024))
    assert stamps.traditional("Dec 31 23:59", "59") == at(2024, 12, 31, 23, 59, 59)
    assert stamps.traditional("Jan  1 00:00", "00") == at(2025, 1, 1)
    assert stamps.traditional("Dec 31 23:58", "00") == at(2024, 12, 31, 23, 58)
    assert stamps.traditional("Jan  1 00:01", "00") == at(2025, 1, 1, 0, 1)


def test_a_file_of_several_years_counts_them_all():
    stamps = Stamps(Clock(0, year=2020))
    found = [stamps.traditional(f"{month} 15 00:00", "00") for _ in range(3) for month in ("Mar", "Jul", "Nov")]
    assert found == [at(2020 + n // 3, (3, 7, 11)[n % 3], 15) for n in range(9)]


def test_the_29th_of_february_is_placed_in_a_leap_year_and_the_30th_in_none():
    assert Stamps(Clock(at(2026, 3, 1))).traditional("Feb 29 00:00", "00") == at(2024, 2, 29)
    assert Stamps(Clock(at(2026, 3, 1))).traditional("Feb 30 00:00", "00") is None
    assert Stamps(Clock(at(2026, 3, 1))).traditional("Foo 01 00:00", "00") is None


@given(st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)), st.integers(0, 360))  # noqa: DTZ001 - naive bounds, made aware below
def test_a_stamp_without_its_year_gets_it_back_when_the_file_is_less_than_a_year_old(moment, days):
    moment = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    written = moment.timestamp() + days * 86400
    if (moment.month, moment.day) != (2, 29):
        assert Stamps(Clock(written)).traditional(moment.strftime("%b %d %H:%M"), "00") == moment.timestamp()


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("2026-01-02T03:04:05Z", at(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02T03:04:05.25+01:00", at(2026, 1, 2, 2, 4, 5) + 0.25),
        ("2026-01-02T03:04:05,250", at(2026, 1, 2, 3, 4, 5) + 0.25),
        ("2026-01-02T03:04:05+0100", at(2026, 1, 2, 2, 4, 5)),
        ("2026-13-02T03:04:05Z", None),
    ],
)
def test_an_iso_stamp_is_read_with_its_zone_and_without_one_as_utc(stamp, time):
    assert iso(stamp) == time


@pytest.mark.parametrize(
    "line",
    [
        "Nov 2 15:40:14 gpu1 sshd[28179]: said",
        "<38>Nov  2 15:40:14 gpu1 sshd[28179]: said",
        "2023-11-14T00:20:42.738197+01:00 gpu1 sshd[1112652]: said",
        "2023-11-14 00:20:42 gpu1 sshd: said",
        "<38>1 2022-01-19T14:23:55+00:00 gpu1 sshd 44255 - - said",
        '<38>1 2022-01-19T14:23:55Z gpu1 sshd 44255 ID47 [a b="]x"][c d="\\"]"] said',
    ],
)
def test_every_envelope_gives_host_program_and_message(line):
    found = ENVELOPE.match(line)
    assert (found["host"], found["program"] or found["program5424"], found["message"]) == ("gpu1", "sshd", "said")
