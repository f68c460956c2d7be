"""Events in, incidents out."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from undercroft.model.event import Event, EventClass, Outcome
from undercroft.model.verdict import Severity
from undercroft.watch.alerts import to_dict, to_text
from undercroft.watch.engine.rules import parse
from undercroft.watch.engine.stream import SHED, Stream

RULE = """
title: Failed login
name: failed
logsource: {service: sshd}
detection:
  sel: {action: login, outcome: failure}
  condition: sel
---
title: Many failed logins
level: medium
correlation:
  type: %s
  rules: [failed]
  group-by: [source]
  timespan: 100s
  condition: {%s}
undercroft: {risk: TTP-BRUTE, says: "{source} failed {count} times as {principal} ({values}) within {span}", never_succeeded: true}
"""
COUNT = RULE % ("event_count", "gte: 3")
VALUES = RULE % ("value_count", "gte: 3, field: principal")


def stream(text=COUNT, **bounds):
    return Stream(parse("mine", text, "mine.yaml", ["sshd"]), **bounds)


def login(time, principal="root", source="203.0.113.7", outcome=Outcome.FAILURE, **more):
    line = more.pop("line", f"{source} {principal} {outcome}")
    return Event(
        EventClass.AUTHENTICATION,
        float(time),
        outcome,
        source=source,
        principal=principal,
        target="gpu1",
        component="sshd",
        action="login",
        line=line,
        **more,
    )


def run(engine, events):
    return [alert for event in events for alert in engine.feed(event)] + list(engine.finish())


def test_one_incident_is_one_alert_however_long_it_goes_on():
    (alert,) = run(stream(), [login(n * 30) for n in range(500)])
    assert (alert.count, alert.first_seen, alert.last_seen) == (500, 0, 499 * 30)


def test_an_incident_ends_when_its_group_was_quiet_for_the_rules_span_and_is_handed_out_then():
    engine = stream()
    assert [alert for n in range(3) for alert in engine.feed(login(n))] == []
    (first,) = engine.feed(login(102))
    assert (first.count, first.last_seen) == (3, 2)
    assert list(engine.finish()) == []


def test_another_group_ends_a_quiet_incident_as_well():
    engine = stream()
    for n in range(3):
        engine.feed(login(n))
    (alert,) = engine.feed(login(500, source="198.51.100.1"))
    assert alert.entities["source"] == ("203.0.113.7",)


def test_a_repeated_event_counts_as_often_as_it_was():
    (alert,) = run(stream(), [login(0), login(1, repeat=2)])
    assert alert.count == 3


def test_values_are_counted_once_and_the_title_says_how_many():
    events = [login(n, principal) for n, principal in enumerate(["a", "a", "b", "b", "c", "d"])]
    (alert,) = run(stream(VALUES), events)
    assert "(4)" in alert.title
    assert alert.entities["principal"] == ("a", "b", "c", "d")


def test_a_title_counts_what_would_be_too_long_to_list():
    (alert,) = run(stream(VALUES), [login(n, f"user{n}") for n in range(80)])
    assert "50 or more principals" in alert.title
    assert "(50 or more)" in alert.title
    assert len(alert.entities["principal"]) == 50
    assert "100 seconds" in alert.title


def test_failures_of_a_pair_that_logged_in_before_do_not_count():
    assert run(stream(), [login(0, outcome=Outcome.SUCCESS), *(login(n) for n in range(1, 50))]) == []


def test_failures_before_the_pair_logs_in_are_taken_back():
    ada = [login(0, "ada"), login(1, "ada"), login(2, "ada", outcome=Outcome.SUCCESS)]
    assert run(stream(), [*ada, login(3, "bob"), login(4, "bob")]) == []
    assert len(run(stream(), [*ada, login(3, "bob"), login(4, "bob"), login(5, "bob")])) == 1


def test_the_login_of_another_account_takes_nothing_back():
    assert len(run(stream(), [login(0), login(1), login(2, "ada", outcome=Outcome.SUCCESS), login(3)])) == 1


def test_a_login_after_the_alert_as_an_account_that_was_tried_makes_it_critical():
    (alert,) = run(stream(), [*(login(n) for n in range(5)), login(6, outcome=Outcome.SUCCESS)])
    assert alert.severity is Severity.CRITICAL
    assert "then logged in as root" in alert.title


def test_a_login_after_the_alert_as_somebody_else_does_not():
    (alert,) = run(stream(), [*(login(n) for n in range(5)), login(6, "ada", outcome=Outcome.SUCCESS)])
    assert alert.severity is Severity.MEDIUM


def test_where_sources_are_counted_together_only_a_source_that_tried_the_account_makes_it_critical():
    together = (RULE % ("value_count", "gte: 3, field: [source, principal]")).replace("  group-by: [source]\n", "")
    tries = [login(n, "ada", f"s{n}") for n in range(3)]
    (own,) = run(stream(together), [*tries, login(5, "ada", "home", Outcome.SUCCESS)])
    (taken,) = run(stream(together), [*tries, login(5, "ada", "s0", Outcome.SUCCESS)])
    assert "(3)" in own.title
    assert (own.severity, taken.severity) == (Severity.MEDIUM, Severity.CRITICAL)


def test_in_a_spray_over_more_accounts_than_are_listed_a_later_login_is_still_seen():
    (alert,) = run(
        stream(VALUES), [*(login(n, f"user{n}") for n in range(1000)), login(1001, "user700", outcome=Outcome.SUCCESS)]
    )
    assert alert.severity is Severity.CRITICAL


def test_events_of_another_component_are_not_looked_at():
    assert run(stream(), [msgspec.structs.replace(login(n), component="guard") for n in range(9)]) == []


def test_evidence_is_bounded_and_begins_with_the_first_line():
    (alert,) = run(stream(), [login(n, line=f"line {n}") for n in range(100)])
    assert alert.evidence == ("line 0", "line 1", "line 2", "line 3", "line 4")


def test_what_a_log_brings_in_is_escaped_and_secrets_are_masked():
    nasty = "\x1b[2J\u202eroot"
    secret = "hf_" + "a1B2" * 8
    (alert,) = run(stream(), [login(n, nasty, line=f"token {secret}") for n in range(3)])
    printed = to_text(alert) + str(to_dict(alert))
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert secret not in printed


def test_a_flood_is_survived_in_bounded_memory_and_said():
    engine = stream(groups=100, pairs=100, open_incidents=10)
    flood = [login(n / 1000, source=f"s{n}") for n in range(5000)]
    logins = [login(6, source=f"t{n}", outcome=Outcome.SUCCESS) for n in range(150)]
    alerts = run(engine, [*flood, *logins])
    (note,) = alerts
    assert (note.detection, note.severity) == (SHED, Severity.INFO)
    assert note.entities == {"detection": ("mine", "logins")}
    assert note.count == 4900 + 50


def test_more_incidents_than_can_be_open_are_handed_out_early_and_none_is_lost():
    engine = stream(open_incidents=2)
    alerts = run(engine, [login(n / 100, source=f"s{n % 5}") for n in range(50)])
    assert {alert.entities["source"][0] for alert in alerts} == {f"s{n}" for n in range(5)}


def test_a_clock_that_goes_back_loses_no_alert():
    events = [*(login(10**9 + n) for n in range(2)), *(login(n) for n in range(3))]
    (alert,) = run(stream(), events)
    assert alert.count == 3


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from("abc"), st.sampled_from("xy"), st.booleans()), max_size=80)
)
def test_whatever_order_events_come_in_no_alert_counts_more_than_there_were(feed):
    events = [
        login(time, principal, source, Outcome.SUCCESS if good else Outcome.FAILURE)
        for time, principal, source, good in feed
    ]
    for alert in run(stream(), events):
        failures = [
            event for event in events if event.outcome is Outcome.FAILURE and event.source in alert.entities["source"]
        ]
        assert 3 <= alert.count <= len(failures)
        assert alert.first_seen <= alert.last_seen
        assert {alert.first_seen, alert.last_seen} <= {event.time for event in failures}
