"""What the documents tell people to type is understood: the README, and every verb's own examples."""

import re
import shlex
from pathlib import Path

import pytest

from undercroft.cli.main import parser

ROOT = Path(__file__).parent.parent.parent


def _commands() -> list[tuple[str, str]]:
    found = []
    for path in (
        ROOT / "README.md",
        ROOT / "examples" / "README.md",
        *sorted((ROOT / "src/undercroft/cli").glob("*.py")),
    ):
        for line in path.read_text().splitlines():
            match = re.match(r"^\s*(undercroft [a-z]+ .+)$", line)
            if match and "..." not in line:
                found.append((path.name, match[1]))
    return found


def test_there_are_commands_to_try() -> None:
    assert len(_commands()) > 20


@pytest.mark.parametrize(("place", "command"), _commands())
def test_a_command_in_the_documents_is_understood(place: str, command: str) -> None:
    words = shlex.split(re.split(r"\s{3,}", command)[0], comments=True)  # what stands far behind is an explanation
    words = words[: next((i for i, w in enumerate(words) if w in {">", "|", "&"}), len(words))]
    assert parser().parse_args(words[1:]).verb == words[1], place
