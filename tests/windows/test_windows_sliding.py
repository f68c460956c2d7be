"""The windows against a brute-force oracle: remember everything, count what lies in (newest - span, newest]."""

import random

from hypothesis import given
from hypothesis import strategies as st

from undercroft.windows.distinct import SlidingDistinct
from undercroft.windows.sliding import SlidingCount

SPAN = 10
MANY = 10**6

feeds = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 40), st.sampled_from("xyzuvw"), st.integers(1, 3)), max_size=60
)


def in_order(feed):
    return sorted(feed, key=lambda entry: entry[1])


def late_within_the_span(feed):
    """The feed with times that never fall behind the group's newest by the span or more."""
    newest, kept = {}, []
    for key, time, member, weight in feed:
        newest[key] = max(newest.get(key, time), time)
        kept.append((key, max(time, newest[key] - SPAN + 1), member, weight))
    return kept


def window(seen, key):
    times = [time for other, time, _, _ in seen if other == key]
    return [entry for entry in seen if entry[0] == key and entry[1] > max(times) - SPAN]


@given(feeds)
def test_a_count_is_what_remembering_everything_gives_also_for_late_events(feed):
    counter, seen = SlidingCount(SPAN, MANY, MANY), []
    for key, time, member, weight in late_within_the_span(feed):
        seen.append((key, time, member, weight))
        assert counter.add(key, time, member, weight) == sum(entry[3] for entry in window(seen, key))


@given(feeds)
def test_a_distinct_count_is_what_remembering_everything_gives_also_for_late_events(feed):
    counter, seen = SlidingDistinct(SPAN, MANY, MANY), []
    for key, time, member, weight in late_within_the_span(feed):
        seen.append((key, time, member, weight))
        assert counter.add(key, time, member) == len({entry[2] for entry in window(seen, key)})


@given(feeds, st.integers(1, 6))
def test_below_the_ceiling_a_count_is_exact_and_above_it_is_neither_below_the_ceiling_nor_too_high(feed, ceiling):
    counter, seen = SlidingCount(SPAN, ceiling, MANY), []
    for key, time, member, weight in in_order(feed):
        seen.append((key, time, member, weight))
        true = sum(entry[3] for entry in window(seen, key))
        assert min(true, ceiling) <= counter.add(key, time, member, weight) <= true


@given(feeds, st.integers(1, 6))
def test_a_distinct_count_stops_at_its_ceiling(feed, ceiling):
    counter, seen = SlidingDistinct(SPAN, ceiling, MANY), []
    for key, time, member, weight in in_order(feed):
        seen.append((key, time, member, weight))
        assert counter.add(key, time, member) == min(ceiling, len({entry[2] for entry in window(seen, key)}))


@given(feeds, st.sampled_from("xyz"))
def test_what_is_withdrawn_never_counted(feed, gone):
    counts, values, rest = SlidingCount(SPAN, MANY, MANY), SlidingDistinct(SPAN, MANY, MANY), []
    for key, time, member, weight in in_order(feed):
        counts.add(key, time, member, weight)
        values.add(key, time, member)
        rest.append((key, time, member, weight))
    for key in "ab":
        counts.withdraw(key, gone)
        values.withdraw(key, gone)
        if any(entry[0] == key for entry in rest):
            left = [entry for entry in window(rest, key) if entry[2] != gone]
            newest = max(entry[1] for entry in rest if entry[0] == key)
            assert counts.add(key, newest, "probe", 1) == sum(entry[3] for entry in left) + 1
            assert values.add(key, newest, "probe") == len({entry[2] for entry in left}) + 1


@given(feeds, st.integers(1, 5))
def test_no_feed_makes_more_groups_than_allowed(feed, limit):
    counts, values = SlidingCount(SPAN, 3, limit), SlidingDistinct(SPAN, 3, limit)
    for n, (_, time, member, _) in enumerate(feed):
        counts.add(n % 7, time, member)
        values.add(n % 7, time, member)
        assert len(counts) <= limit
        assert len(values) <= limit


@given(st.integers(SPAN, 10**9), st.integers(1, 30))
def test_a_clock_that_ran_ahead_does_not_stop_the_counting(jump, events):
    counter = SlidingCount(10**6, MANY, MANY)
    counter.add("a", 10**6 + jump + 10**6)
    assert [counter.add("a", n) for n in range(events)] == list(range(1, events + 1))


def test_two_hosts_with_different_clocks_are_both_counted():
    counter = SlidingDistinct(SPAN, MANY, MANY)
    found = [(counter.add("a", 1000 + n, n), counter.add("a", n, n)) for n in range(5)]
    assert found == [(n, n) for n in range(1, 6)]


def test_a_flood_of_sources_seen_once_does_not_wash_out_one_that_comes_again():
    counter = SlidingCount(10**6, MANY, 100)
    rng = random.Random(7)
    counter.add("patient", 0)
    counter.add("patient", 1)
    for n in range(10_000):
        counter.add(("flood", rng.random()), n)
    assert counter.add("patient", 10_000) == 3
    assert counter.shed == 10_000 - 99


def test_groups_whose_events_had_left_the_window_are_not_called_shed():
    counter = SlidingCount(SPAN, MANY, 1)
    counter.add("old", 0)
    counter.add("new", SPAN)
    assert counter.shed == 0


def test_the_contents_of_a_group_say_since_when_who_and_how_it_began():
    counter = SlidingCount(SPAN, MANY, MANY)
    for time, member in ((1, "x"), (2, "y"), (3, "x")):
        counter.add("a", time, member, sample=f"line {time}")
    contents = counter.contents("a")
    assert (contents.first, contents.members, contents.samples) == (1, ("x", "y"), ("line 1", "line 2"))
