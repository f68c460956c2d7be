"""PEP 440 through packaging, three-valued."""

import pytest

from undercroft.versions.pep440 import parse, satisfies


@pytest.mark.parametrize(
    ("version", "specifier", "verdict"),
    [
        ("0.10.1.1", ">=0.10.1.1", True),
        ("0.10.1", ">=0.10.1.1", False),
        ("0.5.0rc1", "<0.5.0", False),
        ("1!2.0", ">=3", True),
        ("2.0.post1", ">2.0", False),
        ("2.0.post1", ">=2.0", True),
        ("2024.8.0", ">=2024.1", True),
        ("1.0+cu118", "==1.0", True),
        ("latest", ">=1", None),
        (None, ">=1", None),
        (None, "", True),
        ("latest", "", True),
    ],
)
def test_a_version_lies_in_a_specifier_or_not_or_nobody_knows(
    version: str | None, specifier: str, verdict: bool | None
) -> None:
    assert satisfies(version, specifier) is verdict


def test_a_specifier_that_is_none_is_the_catalogues_mistake() -> None:
    with pytest.raises(ValueError, match="no PEP 440 specifier"):
        satisfies("1", "~~1")


def test_a_git_hash_is_no_version() -> None:
    assert parse("9f3c2ab") is None
