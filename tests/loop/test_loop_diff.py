"""A diff shows the change and no secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.loop.diff import unified

TOKEN = "hf_3kW9sPqLr7TzXbVn2Mc8"


def test_a_replaced_secret_is_masked_and_said_to_be():
    text, masked = unified("c.yaml", f"- HF_TOKEN={TOKEN}\n", "- HF_TOKEN=${HF_TOKEN:?}\n")
    assert TOKEN not in text
    assert "-- HF_TOKEN=[redacted]\n+- HF_TOKEN=${HF_TOKEN:?}\n" in text
    assert masked


def test_a_known_value_is_masked_in_the_lines_around_too():
    text, masked = unified("c.yaml", "x: correct-horse\nport: 1\n", "x: correct-horse\nport: 2\n", ["correct-horse"])
    assert "correct-horse" not in text
    assert masked


def test_a_secret_far_from_the_change_does_not_make_the_diff_masked():
    far = "".join(f"line{i}: {i}\n" for i in range(20))
    text, masked = unified("c.yaml", f"api_key: {TOKEN}\n{far}a: 1\n", f"api_key: {TOKEN}\n{far}a: 2\n")
    assert (TOKEN in text, masked) == (False, False)


def test_a_private_key_over_several_lines_is_masked():
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----\n"
    text, masked = unified("c.yaml", f"{key}a: 1\n", f"{key}a: 2\n")
    assert "IBAAKC" not in text
    assert masked


def test_a_missing_last_line_end_is_told():
    text, _ = unified("c.yaml", "a: 1", "a: 2")
    assert text.endswith("-a: 1\n\\ No newline at end of file\n+a: 2\n\\ No newline at end of file\n")


def test_nothing_changed_is_nothing_shown():
    assert unified("c.yaml", "a\n", "a\n") == ("", False)


@given(st.text("ab:\r\n", max_size=40), st.text("ab:\r\n", max_size=40))
def test_the_diff_of_harmless_text_holds_every_added_line(before, after):
    text, masked = unified("f", before, after)
    assert not masked
    added = [line[1:] for line in text.split("\n") if line.startswith("+") and not line.startswith("+++")]
    assert set(added) >= set(after.split("\n")[:-1]) - set(before.split("\n"))


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY"])
def test_context_lines_are_redacted_by_name(name):
    text, _ = unified("c.yaml", f"{name}: Zk39xPq7LmT2\na: 1\n", f"{name}: Zk39xPq7LmT2\na: 2\n")
    assert "Zk39xPq7LmT2" not in text
