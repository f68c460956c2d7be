"""Every detection ships lines that fire, a near-miss for each condition, and lines nobody understands."""

import io

import msgspec
import pytest
import yaml

from undercroft.catalogue.compiler import HERE
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.watch.alerts import to_dict
from undercroft.watch.cases import START, Case, DetectionCases, play
from undercroft.watch.engine.rules import parse
from undercroft.watch.engine.stream import Stream
from undercroft.watch.follow import Tally, events, lines
from undercroft.watch.source import Clock, discover

FOLDERS = sorted(path.parent for path in HERE.glob("detections/*/rule.yaml"))


def read(folder):
    return msgspec.convert(yaml.safe_load((folder / "cases.yaml").read_text(encoding="utf-8")), DetectionCases)


def outcome(folder, case):
    rules = parse(folder.name, (folder / "rule.yaml").read_text(encoding="utf-8"), folder.name, discover())
    stream = io.BytesIO("".join(f"{line}\n" for line in play(case)).encode())
    tally = Tally("case")
    reader = discover()[case.source].reader(Clock(START))
    engine = Stream(rules)
    alerts = [alert for event in events(reader, lines(stream, tally), tally) for alert in engine.feed(event)]
    return [*alerts, *engine.finish()], tally


CASES = [
    pytest.param(folder, case, id=f"{folder.name}: {case.name}")
    for folder in FOLDERS
    for case in (*read(folder).fires, *read(folder).near_misses, *read(folder).unknown)
]


@pytest.mark.parametrize(("folder", "case"), CASES)
def test_a_detection_does_on_its_cases_what_they_say(folder, case: Case):
    alerts, tally = outcome(folder, case)
    assert len(alerts) == case.alerts
    assert tally.unparsed.total() == case.unparsed
    if not alerts:
        return
    first = to_dict(alerts[0])
    assert first["detection"] == folder.name
    assert first["evidence"]
    assert "{" not in first["title"]
    if case.count is not None:
        assert first["count"] == case.count
    if case.severity is not None:
        assert first["severity"] == case.severity
    if case.entities:
        assert {kind: tuple(values) for kind, values in first["entities"].items()} == case.entities


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_detection_has_all_three_kinds_of_case(folder):
    cases = read(folder)
    assert all(case.alerts for case in cases.fires)
    assert len(cases.near_misses) >= 3
    assert not any(case.alerts for case in cases.near_misses)
    assert all(case.unparsed and not case.alerts for case in cases.unknown)
    assert cases.fires
    assert cases.unknown


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_detection_names_its_risk_its_severity_and_what_to_do(folder):
    (rule,) = parse(folder.name, (folder / "rule.yaml").read_text(encoding="utf-8"), folder.name, discover())
    assert rule.id == folder.name
    assert rule.risk in set(Risk)
    assert rule.severity in set(Severity)
    assert rule.extension.response


def test_every_refusal_a_guard_rule_counts_is_one_the_guard_gives():
    from undercroft.guard.codes import Code

    given = {code.value.code for code in Code}
    for folder in FOLDERS:
        for document in yaml.safe_load_all((folder / "rule.yaml").read_text(encoding="utf-8")):
            if document.get("logsource", {}).get("service") == "guard":
                assert set(document["detection"]["refused"]["reason"]) <= given
