"""Matching, against an oracle of its own on packaging alone, and the traps of version numbers one by one."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from undercroft.catalogue.advisories.assemble import assemble, collect
from undercroft.catalogue.advisories.draft import Report
from undercroft.catalogue.advisories.facts import Facts
from undercroft.catalogue.advisories.match import Advisories
from undercroft.catalogue.advisories.snapshot import BadSnapshot, Snapshot
from undercroft.model.verdict import Verdict

TODAY = date(2026, 6, 1)


def record(name: str, events: list[dict], package: str = "demo", ecosystem: str = "PyPI", **more) -> dict:
    affected = {"package": {"ecosystem": ecosystem, "name": package}}
    if events:
        affected["ranges"] = [{"type": "ECOSYSTEM", "events": events}]
    affected |= {key: more.pop(key) for key in ("versions", "ranges") if key in more}
    return {"id": name, "modified": "2026-05-20T00:00:00Z", "affected": [affected], **more}


def advisories(*records: dict, report: Report | None = None, complete: tuple[str, ...] = ()) -> Advisories:
    report = report or Report()
    drafts = collect([(f"{i}.json", json.dumps(one).encode()) for i, one in enumerate(records)], report)
    return Advisories(Snapshot(assemble(drafts, Facts(), report, TODAY, complete)))


def ids(found) -> list[str]:
    return [one.vulnerability.id for one in found.affected]


def span(low: str, fixed: str) -> list[dict]:
    return [{"introduced": low}, {"fixed": fixed}]


@pytest.mark.parametrize(
    ("version", "events", "verdict"),
    [
        ("0.5.0rc1", span("0", "0.5.0"), Verdict.PRESENT),
        ("0.5.0", span("0", "0.5.0"), Verdict.ABSENT),
        ("0.10.1", span("0.7.0", "0.10.1.1"), Verdict.PRESENT),
        ("0.10.1.1", span("0.7.0", "0.10.1.1"), Verdict.ABSENT),
        ("0.10.12", span("0", "0.10.2"), Verdict.ABSENT),
        ("0.33.0", span("0.7.0", "0.10.1.1"), Verdict.ABSENT),
        ("1!2.0", span("0", "3.0"), Verdict.ABSENT),
        ("2.0.post1", span("0", "2.0.post2"), Verdict.PRESENT),
        ("2.0.post1", [{"introduced": "0"}, {"last_affected": "2.0"}], Verdict.ABSENT),
        ("2.0", [{"introduced": "0"}, {"last_affected": "2.0"}], Verdict.PRESENT),
        ("2.6.0+cu124", [{"introduced": "0"}, {"last_affected": "2.6.0"}], Verdict.PRESENT),
        ("2.6.0+cu124", span("0", "2.6.0"), Verdict.ABSENT),
        ("2024.8.0", span("0", "2024.8.1"), Verdict.PRESENT),
        ("2024.8.0", span("0", "2024.7.1"), Verdict.ABSENT),
        ("v1.0", span("0", "1.1"), Verdict.PRESENT),
        ("0.0.1.dev1", span("0", "1.1"), Verdict.PRESENT),
        ("latest", span("0", "1.1"), Verdict.UNKNOWN),
        ("0.8.5.dev3-g1a2b3c4-dirty", span("0", "1.1"), Verdict.UNKNOWN),
        ("9f3c2ab", span("0", "1.1"), Verdict.UNKNOWN),
        (None, span("0", "1.1"), Verdict.UNKNOWN),
        ("", span("0", "1.1"), Verdict.UNKNOWN),
    ],
)
def test_a_version_is_affected_or_not_or_nobody_knows(version, events, verdict) -> None:
    found = advisories(record("CVE-2026-1", events)).match("PyPI", "demo", version)
    assert found.verdict is verdict
    assert bool(found.affected) is (verdict is Verdict.PRESENT)
    assert bool(found.reason) is (verdict is Verdict.UNKNOWN)


VERSIONS = st.builds(
    lambda epoch, release, suffix: f"{epoch}{'.'.join(map(str, release))}{suffix}",
    st.sampled_from(["", "", "", "1!"]),
    st.lists(st.integers(0, 12), min_size=1, max_size=4),
    st.sampled_from(["", "", "", "rc1", "a2", ".dev3", ".post1", "b1.post2"]),
).filter(lambda text: Version(text) != Version("0"))
"""Any version but 0, which OSV keeps for "from the beginning"."""


@st.composite
def ranges(draw) -> list[dict]:
    """Well-formed events: switched on and off by turns, each bound above the one before."""
    bounds = sorted({Version(text): text for text in draw(st.lists(VERSIONS, min_size=1, max_size=6))}.items())
    events = [{"introduced": "0" if draw(st.booleans()) else bounds[0][1]}]
    for i, (_, text) in enumerate(bounds[1:]):
        events.append({draw(st.sampled_from(["fixed", "last_affected"])) if i % 2 == 0 else "introduced": text})
    return draw(st.permutations(events))


def oracle(one: dict, version: Version) -> bool:
    for affected in one["affected"]:
        if any(Version(text) == version for text in affected.get("versions", ())):
            return True
        for each in affected.get("ranges", ()):
            events = [(kind, text) for event in each["events"] for kind, text in event.items()]
            inside = False
            for kind, text in sorted(events, key=lambda e: Version("0.dev0") if e[1] == "0" else Version(e[1])):
                if kind == "introduced" and (text == "0" or version >= Version(text)):
                    inside = True
                elif (kind == "fixed" and version >= Version(text)) or (
                    kind == "last_affected" and version > Version(text)
                ):
                    inside = False
            if inside:
                return True
    return False


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(ranges(), st.lists(VERSIONS, max_size=4)), min_size=1, max_size=4),
    st.lists(VERSIONS, max_size=8),
)
def test_matching_agrees_with_an_oracle_on_packaging_alone(made, more) -> None:
    records = [record(f"CVE-2026-{n}", events, versions=listed) for n, (events, listed) in enumerate(made, 1000)]
    bounds = [text for events, listed in made for text in [*listed, *(t for e in events for t in e.values())]]
    asked = advisories(*records)
    for text in {*bounds, *more}:
        found = asked.match("PyPI", "demo", text)
        assert set(ids(found)) == {one["id"] for one in records if oracle(one, Version(text))}
        if found.fixed is not None:
            assert Version(found.fixed) > Version(text)
            assert not set(ids(found)) & set(ids(asked.match("PyPI", "demo", found.fixed)))


def test_every_alias_is_reported_once_under_the_cve_number() -> None:
    asked = advisories(
        record("PYSEC-2026-1", span("0", "1.0"), aliases=["GHSA-aaaa-bbbb-cccc"]),
        record("GHSA-aaaa-bbbb-cccc", span("0", "1.0"), aliases=["CVE-2026-77"]),
        record("PYSEC-2026-2", span("0", "1.0"), aliases=["CVE-2026-77"]),
    )
    found = asked.match("PyPI", "demo", "0.1")
    assert ids(found) == ["CVE-2026-77"]
    assert found.affected[0].vulnerability.aliases == ("GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1", "PYSEC-2026-2")


def test_withdrawn_records_are_never_reported() -> None:
    report = Report()
    asked = advisories(
        record("PYSEC-2026-1", span("0", "9"), withdrawn="2026-01-01T00:00:00Z"),
        record("PYSEC-2026-2", span("0", "2")),
        report=report,
    )
    assert ids(asked.match("PyPI", "demo", "1.0")) == ["PYSEC-2026-2"]
    assert asked.match("PyPI", "demo", "5.0").verdict is Verdict.ABSENT
    assert asked.header.withdrawn == 1


def test_pypa_stands_where_sources_differ_and_the_difference_is_said() -> None:
    report = Report()
    asked = advisories(
        record("GHSA-aaaa-bbbb-cccc", span("0", "2.0"), aliases=["CVE-2026-5"]),
        record("PYSEC-2026-5", span("0", "1.5"), aliases=["CVE-2026-5"]),
        report=report,
    )
    assert asked.match("PyPI", "demo", "1.7").verdict is Verdict.ABSENT
    [one] = asked.match("PyPI", "demo", "1.0").affected
    assert one.fixed == "1.5"
    assert one.disagrees == ("GitHub Advisory Database GHSA-aaaa-bbbb-cccc: fixed 2.0",)
    assert report.counts()["disagreement"] == 1


def test_equal_versions_written_differently_are_no_disagreement() -> None:
    report = Report()
    advisories(
        record("GHSA-aaaa-bbbb-cccc", span("0", "2.0.0"), aliases=["CVE-2026-5"]),
        record("PYSEC-2026-5", span("0", "2.0"), aliases=["CVE-2026-5"]),
        report=report,
    )
    assert report.counts()["disagreement"] == 0


def test_the_lowest_version_that_fixes_everything_is_named() -> None:
    asked = advisories(
        record("CVE-2026-1", [*span("0", "1.2"), *span("2.0", "2.3")]),
        record("CVE-2026-2", span("0", "2.1")),
    )
    found = asked.match("PyPI", "demo", "1.0")
    assert [one.fixed for one in found.affected] == ["1.2", "2.1"]
    assert found.fixed == found.fixed_most == "2.3"


def test_no_fix_is_said_and_the_rest_is_still_advised() -> None:
    asked = advisories(record("CVE-2026-1", [{"introduced": "0"}]), record("CVE-2026-2", span("0", "2.1")))
    found = asked.match("PyPI", "demo", "1.0")
    assert (found.fixed, found.fixed_most, found.unfixed) == (None, "2.1", ("CVE-2026-1",))


def test_ranges_between_commits_are_not_compared_with_versions() -> None:
    git = [{"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "a" * 40}]}]
    asked = advisories(record("CVE-2026-1", [], ranges=git, versions=["1.0"]))
    assert ids(asked.match("PyPI", "demo", "1.0")) == ["CVE-2026-1"]
    other = asked.match("PyPI", "demo", "1.1")
    assert (other.verdict, other.notes) == (Verdict.ABSENT, ("git-ranges-ignored",))


def test_a_bound_that_is_no_version_is_neither_everything_nor_nothing() -> None:
    report = Report()
    asked = advisories(
        record("CVE-2026-1", [{"introduced": "1.0"}, {"last_affected": "2.6.0-cu124"}]),
        record("CVE-2026-2", span("0", "d4ec6a3"), package="other"),
        record("CVE-2026-3", span("0", "44444444"), package="third", versions=["1.0"]),
        report=report,
    )
    verdicts = {v: asked.match("PyPI", "demo", v).verdict for v in ("0.9", "2.5", "2.6.0", "2.7")}
    assert verdicts == {
        "0.9": Verdict.ABSENT,
        "2.5": Verdict.PRESENT,
        "2.6.0": Verdict.UNKNOWN,
        "2.7": Verdict.ABSENT,
    }
    assert asked.match("PyPI", "other", "1.0").verdict is Verdict.UNKNOWN
    assert asked.match("PyPI", "third", "1.0").verdict is Verdict.PRESENT
    assert asked.match("PyPI", "third", "2.0").verdict is Verdict.UNKNOWN
    assert report.counts()["rejected"] == 3


def test_a_range_that_ends_before_it_begins_is_doubtful() -> None:
    report = Report()
    asked = advisories(record("CVE-2026-1", span("3.0", "2.0")), report=report)
    assert asked.match("PyPI", "demo", "3.1").verdict is Verdict.UNKNOWN
    assert report.counts()["contradictory"] >= 1


def test_a_package_nobody_looked_up_is_unknown_unless_the_ecosystem_is_whole() -> None:
    one = record("CVE-2026-1", span("0", "1"))
    assert advisories(one).match("PyPI", "absent", "1").verdict is Verdict.UNKNOWN
    assert advisories(one, complete=("PyPI",)).match("PyPI", "absent", "1").verdict is Verdict.ABSENT
    assert advisories(one).match("Hackage", "demo", "0.1").verdict is Verdict.UNKNOWN


def test_names_are_compared_as_the_registry_does() -> None:
    asked = advisories(record("CVE-2026-1", span("0", "1"), package="Some_Thing.else"))
    assert ids(asked.match("PyPI", "some-thing-ELSE", "0.1")) == ["CVE-2026-1"]


def test_go_pseudo_versions_are_ordered() -> None:
    fix = "0.0.0-20240131185645-0ae4915a9391"
    asked = advisories(record("GO-2024-1", span("0", fix), package="example.org/x", ecosystem="Go"))
    assert ids(asked.match("Go", "example.org/x", "v0.0.0-20240130000000-aaaaaaaaaaaa")) == ["GO-2024-1"]
    assert asked.match("Go", "example.org/x", "v0.0.0-20240201000000-aaaaaaaaaaaa").verdict is Verdict.ABSENT
    assert asked.match("Go", "example.org/x", "v1.0.0+incompatible").verdict is Verdict.ABSENT


def test_age_is_that_of_the_newest_change() -> None:
    asked = advisories(record("CVE-2026-1", span("0", "1")))
    assert asked.age_days(TODAY) == 12
    assert not asked.stale(TODAY)
    assert asked.stale(date(2026, 6, 20))
    assert asked.age_days(TODAY, "Go") is None
    assert asked.stale(TODAY, "Go")


@pytest.mark.parametrize("cut", [0, 5, 11, 40, -1])
def test_a_snapshot_that_is_cut_off_says_so(cut: int) -> None:
    drafts = collect([("a", json.dumps(record("CVE-2026-1", span("0", "1"))).encode())], Report())
    data = assemble(drafts, Facts(), Report(), TODAY)
    with pytest.raises(BadSnapshot):
        Snapshot(data[:cut])


def test_a_changed_byte_does_not_match_the_digest() -> None:
    drafts = collect([("a", json.dumps(record("CVE-2026-1", span("0", "1"))).encode())], Report())
    data = bytearray(assemble(drafts, Facts(), Report(), TODAY))
    data[-1] ^= 1
    with pytest.raises(BadSnapshot, match="digest"):
        Snapshot(bytes(data)).verify()
