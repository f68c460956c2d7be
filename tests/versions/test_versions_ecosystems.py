"""Each ecosystem's order, through the libraries that keep it."""

import itertools

import pytest

from undercroft.versions.ecosystems import rules


@pytest.mark.parametrize(
    ("ecosystem", "ascending"),
    [
        ("PyPI", ["0.5.0.dev1", "0.5.0rc1", "0.5.0", "0.5.0.post1", "0.10.1", "0.10.1.1", "2024.8.0", "1!0.1"]),
        ("product", ["5.0.0-beta.2", "5.0.0", "24.3.3.103", "24.10"]),
        ("npm", ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.2", "1.10.0"]),
        ("Go", ["v0.0.0-20240131185645-0ae4915a9391", "v0.0.0-20250403145552-8c70975283f9", "v0.4.0-ci1", "v0.4.0", "v2.0.0+incompatible"]),
        ("Debian:12", ["1.0~rc1-1", "1.0-1~deb12u1", "1.0-1", "1.0-1+b1", "1.0-2", "1:0.1-1"]),
    ],
)  # fmt: skip
def test_versions_ascend_as_the_ecosystem_says(ecosystem: str, ascending: list[str]) -> None:
    by = rules(ecosystem)
    assert by is not None
    parsed = [by.parse(text) for text in ascending]
    assert None not in parsed
    assert all(low < high for low, high in itertools.pairwise(parsed))


@pytest.mark.parametrize("ecosystem", ["PyPI", "product", "npm", "Go", "Debian"])
@pytest.mark.parametrize("text", ["", "latest", "not a version", "9" * 300, "１.0"])
def test_what_is_no_version_is_none(ecosystem: str, text: str) -> None:
    by = rules(ecosystem)
    assert by is not None
    assert by.parse(text) is None


def test_an_ecosystem_without_rules_has_none() -> None:
    assert rules("Hackage") is None


def test_somebodys_own_build_stands_for_the_release() -> None:
    by = rules("PyPI")
    assert by is not None
    assert by.published(by.parse("2.6.0+cu124")) == by.parse("2.6.0")
    assert by.normalise("Some_Thing.else") == "some-thing-else"
