"""The JSON report: published shape, hostile content, and the way back."""

import json
from importlib import resources

import jsonschema
import pytest
import report_samples as samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from undercroft.model.asset import Asset, Certainty, Component
from undercroft.model.evidence import EndpointEvidence, FileEvidence, HostEvidence
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.finding import Finding
from undercroft.model.fix import Edit, Fix
from undercroft.model.result import ScanResult, Seen, Unread
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Persona, Severity, Verdict
from undercroft.report import json as report_json

SCHEMA = json.loads((resources.files("undercroft.report") / "scan.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

texts = st.text(max_size=30)
names = st.text("abcdefg/.-é\x1b\u202e\ud800", max_size=12)
numbers = st.integers(0, 10**6)
evidences = st.one_of(
    st.builds(FileEvidence, names, numbers, numbers, names),
    st.builds(EndpointEvidence, names, names, names),
    st.builds(HostEvidence, texts, texts, names),
)
some_evidence = st.lists(evidences, max_size=2).map(tuple)
some_texts = st.lists(texts, max_size=2).map(tuple)
components = st.builds(Component, texts, st.none() | texts, st.sampled_from(Certainty), texts, some_evidence)
assets = st.builds(Asset, texts, texts, texts, st.lists(components, max_size=2).map(tuple))
hops = st.builds(Hop, texts, st.none() | evidences)
exposures = st.builds(Exposure, st.none() | st.sampled_from(Reach), st.lists(hops, max_size=2).map(tuple), texts)
edits = st.builds(Edit, texts, st.integers(1, 99), texts, numbers, numbers, texts, numbers)
fixes = st.builds(Fix, texts, st.lists(edits, max_size=2).map(tuple), texts)
findings = st.builds(
    Finding, texts, texts, st.sampled_from(Verdict), st.sampled_from(Severity), st.sampled_from(Confidence), st.sampled_from(Persona),
    st.sampled_from(Risk), assets, exposures, texts, fixes, some_evidence, texts, some_texts, texts,
)  # fmt: skip
seen = st.builds(Seen, texts, texts, texts, st.none() | texts, texts, texts, texts, some_texts, some_texts)
unread = st.builds(Unread, texts, texts, st.booleans(), texts)
results = st.builds(
    ScanResult, some_texts, some_texts, st.lists(findings, max_size=2).map(tuple), st.lists(seen, max_size=2).map(tuple),
    st.lists(unread, max_size=2).map(tuple), numbers, numbers, some_texts,
)  # fmt: skip


def test_the_schema_is_itself_a_valid_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("result", [samples.scan_result(), samples.empty_result()], ids=["weak", "clean"])
def test_what_is_written_has_the_published_shape(result):
    VALIDATOR.validate(json.loads(report_json.render(result)))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(results)
def test_every_result_has_the_published_shape(result):
    VALIDATOR.validate(report_json.scan_object(result))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(results)
def test_reading_a_report_gives_the_scan_that_was_written(result):
    assert report_json.parse(report_json.render(result)) == result


def test_the_interface_names_every_field_other_programs_rely_on():
    finding = report_json.scan_object(samples.scan_result())["findings"][0]
    assert {
        "check",
        "verdict",
        "severity",
        "confidence",
        "persona",
        "risk",
        "title",
        "asset",
        "exposure",
        "fix",
        "fingerprint",
        "evidence",
    } <= set(finding)
    assert finding["evidence"][0] == {
        "file": "deploy/compose.yaml",
        "line": 9,
        "column": 5,
        "text": "    command: [--model, example/small, --host, 0.0.0.0]",
    }
    assert finding["fix"]["patch"] is True


def test_unknown_verdicts_are_counted_apart_with_what_would_settle_them():
    report = report_json.scan_object(samples.scan_result())
    assert report["unknowns"]["by_check"] == {"authentication-missing": 1}
    assert report["unknowns"]["would_settle"][0]["settled_by"].startswith("the value of JUPYTER_ARGS")
    assert sum(report["summary"]["present"].values()) == 6
    assert report["summary"]["worst"] == "critical"


def test_control_characters_never_reach_the_output_raw():
    hostile = samples.with_every_text(samples.scan_result(), lambda text: text + "\x1b[2J\u202e\x9b\ud800")
    written = report_json.render(hostile)
    assert written.isascii()
    assert all(c.isprintable() or c == "\n" for c in written)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.update(schema="urn:undercroft:scan:9"), "this version reads 'urn:undercroft:scan:1'"),
        (lambda r: r.pop("findings"), "report.findings is NoneType, not a list"),
        (lambda r: r["findings"][0].update(severity="terrible"), "report.findings[0].severity is none of info, low"),
        (
            lambda r: r["findings"][0]["evidence"][0].update(line=True),
            "report.findings[0].evidence[0].line is bool, not a whole number",
        ),
        (lambda r: r["inventory"].append("x"), "report.inventory[4] is str, not an object"),
    ],
)
def test_a_damaged_report_is_refused_with_the_place(change, said):
    report = report_json.scan_object(samples.scan_result())
    change(report)
    with pytest.raises(report_json.UnreadableReport) as refused:
        report_json.parse(json.dumps(report))
    assert said in str(refused.value)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    ).map(json.dumps)
)
def test_any_other_text_is_refused_and_nothing_else_happens(text):
    with pytest.raises(report_json.UnreadableReport):
        report_json.parse(text)


def test_bottomless_nesting_is_refused():
    with pytest.raises(report_json.UnreadableReport):
        report_json.parse("[" * 200_000)
