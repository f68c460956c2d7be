"""Alerts as OCSF objects and as the watch's own lines."""

import json

import report_samples as samples

from undercroft.report import alerts, ocsf


def test_an_alert_is_a_detection_finding_with_every_required_attribute(snapshot):
    found = ocsf.detection_finding(samples.alerts()[0])
    required = {
        "activity_id",
        "category_uid",
        "class_uid",
        "finding_info",
        "metadata",
        "severity_id",
        "time",
        "type_uid",
    }
    assert required <= set(found)
    assert found["type_uid"] == found["class_uid"] * 100 + found["activity_id"] == 200401
    assert found == snapshot


def test_times_are_milliseconds():
    found = ocsf.detection_finding(samples.alerts()[0])
    assert (found["start_time"], found["end_time"]) == (1760000000000, 1760000360500)


def test_an_operational_note_is_no_alert():
    assert ocsf.detection_finding(samples.alerts()[1])["is_alert"] is False


def test_the_id_is_the_same_for_the_same_alert_and_another_for_another():
    first, second = samples.alerts()
    assert ocsf.uid(first) == ocsf.uid(samples.alerts()[0]) != ocsf.uid(second)


def test_many_alerts_are_one_object_a_line():
    assert [json.loads(one)["class_uid"] for one in ocsf.render(samples.alerts()).splitlines()] == [2004, 2004]


def test_an_alert_line_has_the_fields_other_programs_rely_on():
    line = alerts.line(samples.alerts()[0])
    assert "\n" not in line
    said = json.loads(line)
    assert {
        "detection",
        "risk",
        "severity",
        "confidence",
        "first_seen",
        "last_seen",
        "entities",
        "count",
        "evidence",
    } <= set(said)
    assert (said["first_seen"], said["last_seen"]) == ("2025-10-09T08:53:20.000Z", "2025-10-09T08:59:20.500Z")


def test_a_time_outside_every_calendar_is_unknown():
    assert alerts.when(1e30) == alerts.when(float("nan")) == "unknown"
