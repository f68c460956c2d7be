"""SARIF against the published schema, and the rules of the specification that a schema cannot say."""

import json
from pathlib import Path

import jsonschema
import pytest
import report_samples as samples

from undercroft.model.evidence import FileEvidence
from undercroft.report import sarif

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
ABOUT = {"tls-missing": sarif.About("Traffic is not encrypted", "*What it does.* Looks for TLS.")}


def run_of(result):
    return json.loads(sarif.render(result, ABOUT))["runs"][0]


@pytest.mark.parametrize(
    "result",
    [
        samples.scan_result(),
        samples.empty_result(),
        samples.with_every_text(samples.scan_result(), lambda text: text + ' {0} [x](1) "<\x1b\udc80ü%'),
    ],
    ids=["weak", "clean", "hostile"],
)
def test_the_log_is_valid_sarif(result):
    jsonschema.Draft4Validator(SCHEMA).validate(json.loads(sarif.render(result, ABOUT)))


def test_the_schema_in_use_refuses_what_is_not_sarif():
    log = json.loads(sarif.render(samples.scan_result()))
    log["runs"][0]["results"][0]["level"] = "critical"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(SCHEMA).validate(log)


def test_severities_become_the_three_levels():
    levels = {
        r["properties"]["severity"]: r["level"] for r in run_of(samples.scan_result())["results"] if r["kind"] == "fail"
    }
    assert levels == {"critical": "error", "high": "error", "low": "note", "info": "note"}


def test_an_unknown_verdict_is_open_and_then_the_level_is_none():
    results = run_of(samples.scan_result())["results"]
    assert [(r["kind"], r["level"]) for r in results if r["kind"] != "fail"] == [("open", "none")]


def test_every_result_points_at_its_own_rule():
    run = run_of(samples.scan_result())
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
    assert len({r["id"] for r in rules}) == len(rules)


def test_a_rule_carries_the_checks_documentation_and_githubs_score():
    rule = next(r for r in run_of(samples.scan_result())["tool"]["driver"]["rules"] if r["id"] == "tls-missing")
    assert rule["shortDescription"]["text"] == "Traffic is not encrypted"
    assert rule["properties"]["security-severity"] == "8.0"
    assert "external/cwe/cwe-319" in rule["properties"]["tags"]


def test_a_path_is_a_relative_uri_below_the_root():
    odd = FileEvidence("a b/ü#?:%\udc80.yaml", 1, 1, "")
    location = sarif._location(odd)["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "a%20b/%C3%BC%23%3F%3A%25%80.yaml", "uriBaseId": "%SRCROOT%"}
    assert "%SRCROOT%" in run_of(samples.scan_result())["originalUriBaseIds"]


def test_an_endpoint_is_a_logical_location():
    results = run_of(samples.scan_result())["results"]
    tracking = next(r for r in results if r["properties"]["risk"] == "MIS-MLOPS")
    assert tracking["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "http://127.0.0.1:5000"


def test_the_fingerprint_travels_under_a_versioned_name():
    result = samples.scan_result()
    assert [r["partialFingerprints"] for r in run_of(result)["results"]] == [
        {"undercroft/v1": f.fingerprint} for f in result.findings
    ]


def test_what_could_not_be_read_is_a_notification():
    notes = run_of(samples.scan_result())["invocations"][0]["toolExecutionNotifications"]
    assert [n["level"] for n in notes] == ["warning", "error"]
    assert notes[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "charts/model/values.yaml"


def test_a_message_cannot_hold_a_placeholder_or_a_link():
    assert sarif._message("see {0} and [here](https://example.org)") == "see {{0}} and [here] (https://example.org)"


def test_a_written_fix_is_offered_as_replacement():
    first = run_of(samples.scan_result())["results"][0]["fixes"][0]["artifactChanges"][0]
    assert first["replacements"][0]["deletedRegion"] == {
        "startLine": 9,
        "startColumn": 52,
        "endLine": 9,
        "endColumn": 52,
    }
