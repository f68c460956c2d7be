"""Files as they are found: compressed, cut off, in any order, full of anything."""

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.watch.engine.rules import RuleError, parse
from undercroft.watch.follow import CHUNK, LINE, SHAPES, CouldNotRun, Tally, events, lines, own_rules, watch
from undercroft.watch.source import Unparsed, discover

RULE = """
title: Failed login
name: failed
logsource: {service: sshd}
detection:
  sel: {action: login, outcome: failure}
  condition: sel
---
title: Many
level: medium
correlation: {type: event_count, rules: [failed], group-by: [source], timespan: 10m, condition: {gte: 3}}
undercroft: {risk: TTP-BRUTE, says: "{count}"}
"""
RULES = parse("mine", RULE, "mine.yaml", discover())
FAILED = "2026-01-02T03:{:02}:00Z gpu1 sshd[1]: Failed password for root from 203.0.113.7 port 1 ssh2\n"


class Trickle(io.RawIOBase):
    """Bytes in pieces of given sizes, as a pipe may hand them out."""

    def __init__(self, data, sizes):
        self.data, self.sizes = data, list(sizes)

    def read(self, size=-1):
        step = self.sizes.pop() if self.sizes else size
        piece, self.data = self.data[:step], self.data[step:]
        return piece


def judge(*names, stdin=b"", source=None, said=None, **more):
    held = io.BufferedReader(io.BytesIO(stdin))
    return list(
        watch(
            [str(name) for name in names],
            RULES,
            stdin=held,
            now=0.0,
            say=(said if said is not None else []).append,
            source=source,
            **more,
        )
    )


@given(st.binary(max_size=400), st.lists(st.integers(1, 40), max_size=30))
def test_lines_are_the_same_however_the_bytes_are_cut(data, sizes):
    whole, pieces = Tally("a"), Tally("b")
    assert list(lines(Trickle(data, sizes), pieces)) == list(lines(io.BytesIO(data), whole))
    assert pieces.lines == whole.lines == data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def test_only_a_line_feed_ends_a_line():
    text = "one\x0b\x0c\x1c\x85\u2028still one\r\ntwo"
    assert list(lines(io.BytesIO(text.encode()), Tally("a"))) == ["one\x0b\x0c\x1c\x85\u2028still one", "two"]


@pytest.mark.parametrize("letter", ["a", "é", "😀"])
@pytest.mark.parametrize("size", [LINE - 1, LINE, LINE + 1, CHUNK, CHUNK + 1, 10_000_000 // 4])
def test_a_line_of_any_length_is_cut_at_the_bound_and_the_next_is_whole(size, letter):
    tally = Tally("a")
    found = list(lines(io.BytesIO((letter * size + "\nnext\n").encode()), tally))
    assert [len(line) for line in found] == [min(size, LINE), 4]
    assert found[1] == "next"
    assert tally.cut == (size > LINE)


def test_bytes_that_are_no_text_are_kept_as_escapes():
    assert list(lines(io.BytesIO(b"a\xff\xfeb\n\0\0\0c\n"), Tally("a"))) == ["a\\xff\\xfeb", "c"]


def test_unparsed_lines_are_counted_by_shape_and_the_shapes_are_bounded():
    tally = Tally("a")
    texts = [f"worker {n} died" for n in range(1000)] + ["x" * n for n in range(1, SHAPES + 500)] + [""]
    assert list(events(lambda _: Unparsed("odd"), texts, tally)) == []
    assert tally.unparsed["odd: worker # died"] == 1000
    assert len(tally.unparsed) <= SHAPES + 1
    assert tally.unparsed.total() == len(texts) - 1


def test_a_shape_carries_no_control_characters():
    tally = Tally("a")
    assert list(events(lambda _: Unparsed("odd"), ["\x1b[31mred"], tally)) == []
    assert all(key.isprintable() for key in tally.unparsed)


def test_a_plain_file_a_compressed_one_and_standard_input_are_read_alike(tmp_path):
    data = "".join(FAILED.format(n) for n in range(4)).encode()
    (tmp_path / "auth.log").write_bytes(data)
    (tmp_path / "auth.log.1").write_bytes(gzip.compress(data))
    plain, packed, piped = (
        judge(tmp_path / "auth.log"),
        judge(tmp_path / "auth.log.1"),
        judge("-", stdin=gzip.compress(data)),
    )
    assert plain == packed == piped == judge("-", stdin=data)
    assert plain[0].count == 4


def test_rotated_files_are_joined_in_order_of_time_however_they_are_named(tmp_path):
    (tmp_path / "new").write_text(FAILED.format(2) + FAILED.format(3))
    (tmp_path / "old").write_text(FAILED.format(0) + FAILED.format(1))
    (alert,) = judge(tmp_path / "new", tmp_path / "old")
    assert alert.count == 4
    assert alert.last_seen - alert.first_seen == 180


def test_a_compressed_file_that_breaks_off_gives_its_alerts_and_then_says_so(tmp_path):
    packed = gzip.compress("".join(FAILED.format(n % 60) for n in range(5000)).encode() + bytes(range(256)) * 50)
    (tmp_path / "auth.log.gz").write_bytes(packed[:-30])
    said, found = [], []
    with pytest.raises(CouldNotRun, match="not read to the end"):
        found.extend(
            watch(
                [str(tmp_path / "auth.log.gz")], RULES, stdin=io.BufferedReader(io.BytesIO()), now=0.0, say=said.append
            )
        )
    assert any("could not be read to its end" in sentence for sentence in said)


def test_how_a_file_is_read_and_what_became_of_its_lines_is_said(tmp_path):
    (tmp_path / "auth.log").write_text(FAILED.format(0) + "garbage 17\n" + "garbage 18\n")
    said = []
    judge(tmp_path / "auth.log", said=said)
    assert "read as sshd" in said[0]
    assert "3 lines, 1 events, 2 not understood, 0 cut" in said[1]
    assert said[2] == "  2 of no syslog envelope: garbage #"


@pytest.mark.parametrize("content", [b"hello\nworld\n", b"\0" * 5000, bytes(range(256)) * 100])
def test_a_file_that_no_source_recognises_is_refused_with_the_names_of_the_sources(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(CouldNotRun, match="--source: guard, sshd"):
        judge(tmp_path / "x")


def test_a_file_of_two_sources_in_equal_parts_is_not_guessed(tmp_path):
    (tmp_path / "x").write_text(discover()["sshd"].SAMPLE[0] + "\n" + discover()["guard"].SAMPLE[0] + "\n")
    with pytest.raises(CouldNotRun, match="name one with --source"):
        judge(tmp_path / "x")
    assert judge(tmp_path / "x", source="sshd") == []


def test_a_missing_file_a_folder_and_an_unknown_source_are_refused(tmp_path):
    with pytest.raises(CouldNotRun, match="cannot be read"):
        judge(tmp_path / "missing")
    with pytest.raises(CouldNotRun, match="cannot be read"):
        judge(tmp_path)
    with pytest.raises(CouldNotRun, match="no such source"):
        judge("-", stdin=b"x\n", source="nothing")


def test_an_empty_file_is_said_and_is_no_error(tmp_path):
    (tmp_path / "x").write_bytes(b"")
    said = []
    assert judge(tmp_path / "x", said=said) == []
    assert "0 lines" in said[0]


def test_own_rules_are_found_below_a_folder_and_named_by_their_file(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "failures.yml").write_text(RULE)
    (tmp_path / "cases.yaml").write_text("not: a rule")
    assert [rule.id for rule in own_rules(str(tmp_path))] == ["failures"]


def test_a_folder_without_rules_and_a_file_that_is_no_rule_are_refused(tmp_path):
    with pytest.raises(RuleError, match="no Sigma rules"):
        own_rules(str(tmp_path))
    (tmp_path / "a.yml").write_bytes(b"\xff")
    with pytest.raises(RuleError, match=r"a\.yml: cannot be read"):
        own_rules(str(tmp_path))
