"""Every source reads its own sample as it says, and no source breaks on anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from undercroft.model.event import Event
from undercroft.watch.source import Clock, Unparsed, discover, recognise

SLUGS = sorted(discover())


@pytest.mark.parametrize("slug", SLUGS)
def test_a_source_reads_its_sample_as_it_says(slug):
    source = discover()[slug]
    read = source.reader(Clock(source.SAMPLE_WRITTEN))
    found = [read(line) for line in source.SAMPLE]
    assert [replace(reading, line="") if isinstance(reading, Event) else reading for reading in found] == list(
        source.EXPECTED
    )
    assert [reading.line for reading in found if isinstance(reading, Event)] == [
        line for line, reading in zip(source.SAMPLE, found, strict=True) if isinstance(reading, Event)
    ]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_source_shows_an_event_and_a_line_it_does_not_understand(slug):
    expected = discover()[slug].EXPECTED
    assert any(isinstance(reading, Event) for reading in expected)
    assert any(isinstance(reading, Unparsed) for reading in expected)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_source_is_recognised_by_its_sample_and_no_other_source_claims_it(slug):
    assert list(recognise(list(discover()[slug].SAMPLE))) == [slug]


@pytest.mark.parametrize("slug", SLUGS)
@given(line=st.text(max_size=300), cut=st.integers(0, 200), sample=st.integers(0, 10**6))
def test_whatever_the_line_is_the_answer_is_an_event_nothing_or_unparsed_and_safe_to_print(slug, line, cut, sample):
    source = discover()[slug]
    read = source.reader(Clock(source.SAMPLE_WRITTEN))
    known = source.SAMPLE[sample % len(source.SAMPLE)]
    for text in (line, known[:cut], known[:cut] + line, known[:cut] + line + known[cut:]):
        source.recognises(text)
        reading = read(text)
        assert reading is None or isinstance(reading, Event | Unparsed)
        if isinstance(reading, Event):
            assert reading.line.isprintable()
