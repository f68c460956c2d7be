"""Edits change their spans and nothing else, whatever surrounds them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.loop.edits import Document, EditRefused, apply
from undercroft.model.fix import Edit, line_digest

LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x85\u2028\u2029"), max_size=30)
BREAK = st.sampled_from(["\n", "\r\n"])


@st.composite
def files(draw):
    """Lines with their ends, the last one perhaps without."""
    bodies = draw(st.lists(LINE, min_size=1, max_size=8))
    ends = [draw(BREAK) for _ in bodies]
    if bodies[-1] and draw(st.booleans()):
        ends[-1] = ""
    return list(zip(bodies, ends, strict=True))


def edit_of(lines, number, start, end, new, remove=0):
    return Edit("f.yaml", number, line_digest(lines[number - 1][0]), start, end, new, remove)


def joined(lines):
    return "".join(body + end for body, end in lines)


@st.composite
def spans(draw, lines):
    number = draw(st.integers(1, len(lines)))
    length = len(lines[number - 1][0])
    start = draw(st.integers(1, length + 1))
    return number, start, draw(st.integers(start, length + 1))


@given(st.data())
def test_bytes_outside_the_span_never_change(data):
    lines = data.draw(files())
    number, start, end = data.draw(spans(lines))
    new = data.draw(st.text("ab:$", max_size=10))
    text = joined(lines)
    before = joined(lines[: number - 1]) + lines[number - 1][0][: start - 1]
    after = lines[number - 1][0][end - 1 :] + lines[number - 1][1] + joined(lines[number:])
    assert apply(text, [edit_of(lines, number, start, end, new)]) == before + new + after


@given(st.data())
def test_two_edits_that_do_not_touch_commute(data):
    lines = data.draw(files())
    (n1, s1, e1), (n2, s2, e2) = data.draw(spans(lines)), data.draw(spans(lines))
    one, other = edit_of(lines, n1, s1, e1, "one"), edit_of(lines, n2, s2, e2, "other")
    text = joined(lines)
    results = []
    for order in ([one, other], [other, one]):
        try:
            results.append(apply(text, order))
        except EditRefused as error:
            results.append("refused" if "two fixes" in str(error) else str(error))
    assert results[0] == results[1]
    assert results[0] == "refused" or "one" in results[0]
    if n1 != n2 or e1 < s2 or e2 < s1:
        assert results[0] != "refused"


@given(files(), st.booleans(), st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]))
def test_a_document_that_is_not_edited_comes_back_byte_for_byte(lines, marked, encoding):
    marks = {"utf-8": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    mark = marks[encoding] if marked or encoding != "utf-8" else b""
    text = joined(lines).lstrip("\ufeff")
    data = mark + text.encode(encoding)
    document = Document.of(data, "f.yaml")
    assert document.encoded(apply(document.text, [])) == data


@given(st.data())
def test_removing_a_line_removes_exactly_that_line(data):
    lines = data.draw(files())
    number = data.draw(st.integers(1, len(lines)))
    result = apply(joined(lines), [edit_of(lines, number, 1, 1, "", 1)])
    rest = lines[: number - 1] + lines[number:]
    expected = joined(rest)
    if number == len(lines) and lines[-1][1] == "" and rest:
        expected = expected.removesuffix("\n").removesuffix("\r")  # the file still ends without a line end
    assert result == expected


def test_a_line_that_changed_since_the_scan_is_refused_by_name():
    edit = Edit("deploy/compose.yaml", 2, line_digest("b: 1"), 1, 2, "x")
    with pytest.raises(EditRefused, match=r"deploy/compose.yaml:2: the line has changed"):
        apply("a: 1\nb: 2\n", [edit])


def test_a_line_end_alone_does_not_make_a_line_stale():
    edit = Edit("f", 1, line_digest("a: 1"), 4, 5, "2")
    assert apply("a: 1\r\nb\r\n", [edit]) == "a: 2\r\nb\r\n"


def test_a_line_beyond_the_end_is_refused():
    with pytest.raises(EditRefused, match="no longer has this line"):
        apply("a\n", [Edit("f", 2, line_digest(""), 1, 1, "x")])


def test_columns_beyond_the_line_are_refused():
    with pytest.raises(EditRefused, match="columns 1 to 9"):
        apply("abc\n", [Edit("f", 1, line_digest("abc"), 1, 9, "x")])


def test_several_edits_in_a_line_keep_their_places():
    text = "a: one  # note\n"
    edits = [Edit("f", 1, line_digest(text), 4, 7, "longer-than-before"), Edit("f", 1, line_digest(text), 1, 2, "key")]
    assert apply(text, edits) == "key: longer-than-before  # note\n"


def test_overlapping_edits_are_refused_whole():
    digest = line_digest("abcdef")
    with pytest.raises(EditRefused, match="two fixes want the same place"):
        apply("abcdef\n", [Edit("f", 1, digest, 1, 4, "x"), Edit("f", 1, digest, 3, 6, "y")])


def test_a_span_in_a_removed_line_is_refused():
    digest = line_digest("abcdef")
    with pytest.raises(EditRefused, match="two fixes want the same place"):
        apply("abcdef\n", [Edit("f", 1, digest, 1, 1, "", 1), Edit("f", 1, digest, 3, 6, "y")])


def test_the_same_edit_from_two_findings_is_made_once():
    edit = Edit("f", 1, line_digest("a: b"), 4, 5, "c")
    assert apply("a: b\n", [edit, edit]) == "a: c\n"


def test_new_lines_follow_the_file_s_line_ends():
    edit = Edit("f", 1, line_digest("- a: 1"), 3, 3, "b: 2\n  ")
    assert apply("- a: 1\r\n", [edit]) == "- b: 2\r\n  a: 1\r\n"


@pytest.mark.parametrize("odd", ["\r", "\x85", "\u2028", "\u2029"])
def test_a_file_whose_lines_yaml_counts_differently_is_refused(odd):
    with pytest.raises(EditRefused, match="count differently"):
        apply(f"a{odd}b\nc\n", [Edit("f", 2, line_digest("c"), 1, 2, "d")])


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(EditRefused, match="byte 1 is not UTF-8"):
        Document.of(b"a\xff", "f.yaml")
