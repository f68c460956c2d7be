"""Sigma rules people bring: what runs, and what is refused by name with a remedy."""

import pytest

from undercroft.model.event import Event, EventClass, Outcome
from undercroft.watch.engine.rules import RuleError, parse

EVENT = """
title: Failed login
name: failed
logsource: {{product: linux, service: sshd}}
detection:
  sel:
    {selection}
  condition: {condition}
"""
CORRELATION = """
---
title: Many failed logins
name: many
level: high
correlation:
  type: event_count
  rules: [failed]
  group-by: [source]
  timespan: 10m
  condition: {gte: 5}
undercroft: {risk: TTP-BRUTE, says: "{source} failed {count} times"}
"""


def rule(selection="action: login", condition="sel", correlation=CORRELATION, event=EVENT):
    return event.format(selection=selection, condition=condition) + correlation


def load(text):
    return parse("mine", text, "mine.yaml", ["sshd", "guard"])


def event(**fields):
    return Event(EventClass.AUTHENTICATION, 0.0, **{"component": "sshd", "action": "login", **fields})


MATCHES = [
    ("action: login", {}, {"action": "pam"}),
    ("action: LOGIN", {}, {"action": "logins"}),
    ("action|cased: login", {}, {"action": "Login"}),
    ("action: [pam, login]", {}, {"action": "handshake"}),
    ("principal: 'adm?n*'", {"principal": "Admin1"}, {"principal": "admn"}),
    ("principal|startswith: 'svc-'", {"principal": "svc-a"}, {"principal": "a-svc-"}),
    ("principal|endswith: '$'", {"principal": "host$"}, {"principal": "$host"}),
    ("principal|contains|all: [a, b]", {"principal": "bca"}, {"principal": "aca"}),
    ("principal|re: '^r.{2}t$'", {"principal": "root"}, {"principal": "rooot"}),
    ("principal: 'a.b'", {"principal": "a.b"}, {"principal": "axb"}),
    ("principal|exists: true", {"principal": "a"}, {}),
    ("principal: null", {}, {"principal": "a"}),
    ("source|cidr: 203.0.113.0/24", {"source": "203.0.113.9"}, {"source": "203.0.114.9"}),
    ("source|cidr: 2001:db8::/32", {"source": "2001:db8::1"}, {"source": "not an address"}),
    ("status: 401", {"status": 401}, {"status": 403}),
    ("status|gte: 400", {"status": 400}, {"status": 399}),
    ("cost|lt: 10", {"cost": 9}, {"cost": 10}),
    ("principal: 12", {"principal": "12"}, {"principal": "1"}),
    ("outcome: failure", {"outcome": Outcome.FAILURE}, {"outcome": Outcome.SUCCESS}),
]


@pytest.mark.parametrize(("selection", "hit", "miss"), MATCHES, ids=[case[0] for case in MATCHES])
def test_a_selection_matches_what_sigma_says(selection, hit, miss):
    (found,) = load(rule(selection))
    assert found.matches[0](event(**hit))
    assert not found.matches[0](event(**miss))


@pytest.mark.parametrize(
    ("condition", "hit", "miss"),
    [
        ("sel and not other", {"principal": "a"}, {"principal": "root"}),
        ("sel or other", {"action": "pam", "principal": "root"}, {"action": "pam"}),
        ("1 of them", {"principal": "root", "action": "x"}, {"action": "x"}),
        ("all of them", {"principal": "root"}, {"principal": "a"}),
        ("not (sel and other)", {"principal": "a"}, {"principal": "root"}),
    ],
)
def test_a_condition_is_the_boolean_it_says(condition, hit, miss):
    text = rule("action: login\n  other:\n    principal: root", condition)
    (found,) = load(text)
    assert found.matches[0](event(**hit))
    assert not found.matches[0](event(**miss))


def test_a_correlation_gives_its_threshold_span_and_groups():
    (found,) = load(rule())
    assert (found.id, found.component, found.threshold, found.span, found.group_by, found.values) == (
        "mine",
        "sshd",
        5,
        600,
        ("source",),
        (),
    )


def test_greater_than_is_one_more_than_greater_or_equal():
    (found,) = load(rule(correlation=CORRELATION.replace("gte: 5", "gt: 5")))
    assert found.threshold == 6


def test_an_event_rule_alone_raises_an_alert_for_each_source():
    text = rule(correlation="level: low\nundercroft: {risk: SYS-HOST, says: 'seen'}\n")
    (found,) = load(text)
    assert (found.threshold, found.group_by) == (1, ("source",))


def test_several_detections_in_one_file_are_told_apart_by_name():
    second = CORRELATION.replace("name: many", "name: more")
    assert [found.id for found in load(rule() + second)] == ["mine/many", "mine/more"]


REFUSED = [
    (rule("user: root"), "field 'user' does not exist"),
    (rule("'|contains': root"), "keywords"),
    (rule("source|fieldref: target"), "FieldReference"),
    (rule("principal|gte: 4"), "only cost, status"),
    (rule(event=EVENT.replace("service: sshd", "service: zeek")), "logsource.service 'zeek'"),
    (rule(event=EVENT.replace("service: sshd", "category: process_creation")), "logsource.service None"),
    (rule(event=EVENT.replace("service: sshd", "service: sshd, category: x")), "logsource.category"),
    (rule(correlation=CORRELATION.replace("event_count", "temporal")), "correlation type 'temporal'"),
    (
        rule(correlation=CORRELATION.replace("event_count", "value_sum").replace("{gte: 5}", "{gte: 5, field: cost}")),
        "'value_sum'",
    ),
    (rule(correlation=CORRELATION.replace("gte: 5", "lt: 5")), "condition 'lt'"),
    (rule(correlation=CORRELATION.replace("gte: 5", "gte: 0")), "whole number"),
    (rule(correlation=CORRELATION.replace("gte: 5", "gte: 2.5")), "whole number"),
    (rule(correlation=CORRELATION.replace("{gte: 5}", "{gte: 5, field: principal}")), "use value_count"),
    (rule(correlation=CORRELATION.replace("[source]", "[ip]")), "field 'ip'"),
    (rule(correlation=CORRELATION.replace("  timespan", "  aliases: {ip: {failed: source}}\n  timespan")), "aliases"),
    (rule(correlation=CORRELATION.replace("  timespan", "  generate: true\n  timespan")), "generate"),
    (rule(correlation=CORRELATION.replace("level: high", "")), "level is missing"),
    (rule(correlation=CORRELATION.split("undercroft")[0]), "block 'undercroft' is missing"),
    (rule(correlation=CORRELATION.replace("TTP-BRUTE", "NO-ROW")), "'NO-ROW' is no row"),
    (rule(correlation=CORRELATION.replace("risk:", "sometimes: 1, risk:")), "sometimes"),
    (rule(correlation=CORRELATION.replace("{source} failed", "{source.__class__} failed")), "source.__class__"),
    (rule(correlation=CORRELATION.replace("{source} failed", "{source failed")), "undercroft.says"),
    (
        rule(correlation=CORRELATION.replace("risk:", "never_succeeded: true, succeeded_before: true, risk:")),
        "exclude each other",
    ),
    (rule(correlation=CORRELATION.replace("risk:", "entities: [ip], risk:")), "'ip' is no field"),
    (rule(correlation=CORRELATION.replace("risk:", "confidence: sure, risk:")), "'sure'"),
    (
        rule(
            correlation=CORRELATION.replace("event_count", "value_count")
            .replace("{gte: 5}", "{gte: 5, field: target}")
            .replace("risk:", "never_succeeded: true, risk:")
        ),
        "have both in group-by",
    ),
    (rule(correlation=CORRELATION.replace("[failed]", "[nothing]")), "nothing"),
    ("title: [", "not a Sigma rule"),
    ("just text", "not a Sigma rule"),
    ("", "no Sigma rule"),
    ("title: x\nlogsource: {service: sshd}\n", "not a Sigma rule"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[case[1] for case in REFUSED])
def test_what_is_not_supported_is_refused_by_name_and_file(text, said):
    with pytest.raises(RuleError) as refused:
        load(text)
    assert str(refused.value).startswith("mine.yaml: ")
    assert said in str(refused.value)
