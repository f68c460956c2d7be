"""YAML with places: what is read, where it stands, and what is refused instead of hanging."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.scan.collect.files import tree
from undercroft.scan.collect.files.source import Source


def read(text: str) -> tree.Node:
    return tree.read(Source.of("f.yaml", text))[0]


def test_a_scalar_knows_its_line_and_column() -> None:
    node = read("a:\n  b: [1, two]\n").get("a", "b")
    assert node is not None
    two = list(node.each())[1]
    assert (two.scalar, two.line, two.column) == ("two", 2, 10)


def test_an_alias_is_its_anchor_and_a_merge_key_fills_in() -> None:
    document = read("x: &x {a: 1}\ny:\n  <<: *x\n  b: 2\n")
    y = document.get("y")
    assert y is not None
    assert {k: v.scalar for k, v in y.entries()} == {"a": "1", "b": "2"}
    found = document.get("y", "a")
    assert found is not None
    assert found.line == 1


def test_a_key_given_twice_means_its_last_value() -> None:
    node = read("a: 1\na: 2\n").get("a")
    assert node is not None
    assert node.scalar == "2"


def test_quotes_make_a_boolean_a_word() -> None:
    document = read("a: true\nb: 'true'\n")
    a, b = document.get("a"), document.get("b")
    assert a is not None
    assert b is not None
    assert (a.boolean, b.boolean) == (True, None)


def test_a_billion_laughs_cost_what_they_are_long() -> None:
    lines = ["l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 30)]
    assert len(list(read("\n".join(lines)).entries())) == 30


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a tab for indentation", "a:\n\t- b\n"),
        ("an unclosed bracket", "a: [1, 2\n"),
        ("an alias to nothing", "a: *nowhere\n"),
        ("a template that is no YAML", "a: {{ if .x }}\n  b: c\n"),
        ("brackets nested ten thousand deep", "[" * 10_000),
        ("blocks nested thousands deep", "\n".join(" " * i + "a:" for i in range(2_000))),
        ("control characters", "a: \x01\n"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(what: str, text: str) -> None:
    with pytest.raises(tree.Unreadable) as refused:
        read(text)
    assert str(refused.value), what


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        documents = tree.read(Source.of("f", text))
    except tree.Unreadable:
        return
    assert all(isinstance(document, tree.Node) for document in documents)


@given(
    st.recursive(
        st.text("ab[]{}:,&*!- \n'\"#", max_size=6),
        lambda inner: st.lists(inner, max_size=4).map(" ".join),
        max_leaves=30,
    )
)
def test_yaml_like_noise_is_read_or_refused(text: str) -> None:
    try:
        tree.read(Source.of("f", text))
    except tree.Unreadable:
        return


def test_a_tag_is_never_acted_on() -> None:
    node = read("a: !!python/object/apply:os.system ['echo hacked']\n").get("a")
    assert node is not None
    assert [item.scalar for item in node.each()] == ["echo hacked"]
