"""The skeleton agrees with a decoder that calls back for every object."""

import json

from hypothesis import given
from hypothesis import strategies as st

from undercroft.guard.json_structure import depth, key_count, skeleton

KEYS = st.text(alphabet='ab:"\\{[', max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a:"\\{}[],é', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def true_depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(true_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(true_depth, value), default=0)
    return 0


@given(value=VALUES, ascii_only=st.booleans())
def test_every_colon_of_the_skeleton_is_a_key_and_the_depth_is_exact_where_it_matters(
    value: object, ascii_only: bool
) -> None:
    bones = skeleton(json.dumps(value, ensure_ascii=ascii_only).encode())
    assert bones.count(b":") == key_count(value)
    for enough in (0, 1, 2, 3):
        assert (depth(bones, enough) > enough) == (true_depth(value) > enough)


@given(pairs=st.lists(st.tuples(KEYS, st.integers(0, 3)), min_size=1, max_size=5))
def test_a_repeated_key_leaves_more_colons_than_keys(pairs: list) -> None:
    text = "{" + ",".join(f"{json.dumps(key)}: {value}" for key, value in pairs) + "}"
    repeated = len({key for key, _ in pairs}) < len(pairs)
    assert (skeleton(text.encode()).count(b":") != key_count(json.loads(text))) == repeated


def test_a_string_that_never_ends_is_passed_over_in_one_go() -> None:
    assert skeleton(b'{"' + b"\\a" * 500_000).startswith(b"{")
