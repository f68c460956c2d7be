"""What people type for a network target, and what is in scope."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.scan.collect.network.scope import Scope, ScopeError
from undercroft.scan.collect.network.sweep import permit
from undercroft.scan.collect.network.target import Candidate, TargetError, parse

PORTS = (5000, 8888)


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("http://model.internal", [Candidate("model.internal", 80, "http")]),
        ("https://model.internal/", [Candidate("model.internal", 443, "https")]),
        ("HTTP://127.0.0.1:8888/hub/user?x=1#y", [Candidate("127.0.0.1", 8888, "http", "/hub/user")]),
        ("http://[::1]:8000", [Candidate("::1", 8000, "http")]),
        ("localhost:8000", [Candidate("localhost", 8000)]),
        ("[::1]:8000", [Candidate("::1", 8000)]),
        ("::1", [Candidate("::1", 5000, named=False), Candidate("::1", 8888, named=False)]),
        ("127.0.0.1", [Candidate("127.0.0.1", 5000, named=False), Candidate("127.0.0.1", 8888, named=False)]),
        ("10.0.0.0/31:80", [Candidate("10.0.0.0", 80, named=False), Candidate("10.0.0.1", 80, named=False)]),
        ("h:1-2,9", [Candidate("h", 1, named=False), Candidate("h", 2, named=False), Candidate("h", 9, named=False)]),
    ],
)
def test_a_target_stands_for_these_endpoints(text, candidates):
    assert list(parse(text, PORTS)) == candidates


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("http://me:secret@h/", "sends no credentials"),
        ("ftp://h/", "only http"),
        ("http://", "no host"),
        ("http://h:99999/", "Port out of range"),
        ("http://h:0/", "1 to 65535"),
        ("h:0", "1 to 65535"),
        ("h:9-2", "1 to 65535"),
        ("h:1-65535", "more than 1024"),
        ("h:", "no port"),
        ("h:x", "no port"),
        ("[::1", "written [::1]:8000"),
        ("[::1]8000", "written [::1]:8000"),
        ("10.0.0.0/8", "at most 256"),
        ("10.0.0.0/24:1-1000", "at most 16384"),
        ("a b", "neither an address"),
        ("", "neither an address"),
        ("http://h/a b", "percent-encoded"),
    ],
)
def test_a_target_that_is_none_is_refused_with_what_would_be_one(text, words):
    with pytest.raises(TargetError) as refused:
        parse(text, PORTS)
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)


@given(st.text(max_size=40) | st.from_regex(r"[\[\]a0-9.:/,%@-]{0,30}", fullmatch=True))
def test_any_text_is_a_target_or_refused(text):
    try:
        candidates = parse(text, PORTS)
    except TargetError:
        return
    assert candidates
    assert all(1 <= c.port <= 65535 and c.host for c in candidates)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_always_in_scope(address):
    assert Scope().holds("whatever", address)


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "8.8.8.8", "0.0.0.0", "::", "169.254.169.254", "::ffff:10.0.0.1", "fe80::1%eth0"]
)
def test_nothing_else_is_in_scope_until_somebody_says_so(address):
    assert not Scope().holds("h", address)


def test_a_range_and_a_name_widen_the_scope_by_themselves_alone():
    scope = Scope.of(["10.1.0.0/16", "Model.internal", "192.0.2.7"])
    assert scope.holds("10.1.2.3", "10.1.2.3")
    assert scope.holds("x", "::ffff:10.1.2.3")
    assert scope.holds("192.0.2.7", "192.0.2.7")
    assert scope.holds("model.internal", "203.0.113.9")
    assert not scope.holds("other.internal", "203.0.113.9")
    assert not scope.holds("x", "10.2.0.1")


@pytest.mark.parametrize("text", ["", "10.0.0.0/99", "http://h", "a b", "10.0.0", "*"])
def test_a_scope_that_is_none_is_refused(text):
    with pytest.raises(ScopeError):
        Scope.of([text])


@pytest.mark.parametrize("target", ["10.0.0.1:80", "http://192.0.2.1/", "0.0.0.0", "10.1.0.0/31:80"])
def test_an_address_out_of_scope_ends_the_scan_before_it_starts(target):
    with pytest.raises(ScopeError, match="add --scope"):
        permit(["127.0.0.1:80", target], ["10.9.0.0/16"])


def test_what_is_in_scope_or_has_to_be_resolved_first_is_permitted():
    permit(["127.0.0.1", "localhost:80", "model.internal", "10.9.0.0/24:80"], ["10.9.0.0/16"])


def test_a_target_that_is_none_ends_the_scan_before_it_starts():
    with pytest.raises(TargetError):
        permit(["127.0.0.1:0"], [])
