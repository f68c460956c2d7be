"""The self-probe: it passes on the whole guard, and names the limit when a policy is missing or broken."""

import pytest
import uvloop

from undercroft.guard.adapters.selfprobe import ProbeResult, failed, self_probe
from undercroft.guard.limits import Limits
from undercroft.guard.policies import discover

QUICK = Limits(header_timeout=0.5)


def test_every_limit_holds_in_the_whole_guard() -> None:
    results = uvloop.run(self_probe(QUICK))
    assert failed(results) == []
    assert len(results) > 15
    assert {"header_timeout", "API key", "a valid request is served"} <= {result.limit for result in results}


@pytest.mark.parametrize(
    ("policy", "limit"),
    [
        ("header-limits", "max_header_count"),
        ("header-limits", "max_url"),
        ("endpoints", "listed endpoints"),
        ("api-key", "API key"),
        ("openai-body", "max_n"),
        ("reserve-budget", "request rate"),
        ("in-flight", "concurrency"),
    ],
)
def test_a_guard_without_a_policy_does_not_pass(policy: str, limit: str) -> None:
    without = tuple(entry for entry in discover() if entry.slug != policy)
    assert len(without) == len(discover()) - 1
    (result,) = uvloop.run(self_probe(QUICK, without, frozenset({limit})))
    assert not result.held
    assert failed([result])[0].startswith(f"{limit} does not hold: status ")


def test_a_guard_that_refuses_everybody_does_not_pass() -> None:
    (result,) = uvloop.run(
        self_probe(Limits(header_timeout=0.5, max_head=32), only=frozenset({"a valid request is served"}))
    )
    assert not result.held


def test_nothing_tried_is_not_everything_holds() -> None:
    assert failed([]) == ["no limit was tried"]
    assert failed([ProbeResult("x", True, "")]) == []
