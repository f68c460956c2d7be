"""A unified diff with its added and removed lines told apart."""

from rich.console import Console
from rich.text import Text

from undercroft.report.terminal import on_console
from undercroft.report.words import shown

_STYLES = (("+++", "bold"), ("---", "bold"), ("@@", "cyan"), ("+", "green"), ("-", "red"))


def render(diff: str, *, colour: bool = False) -> str:
    """The diff, coloured when asked. A plain diff comes back as it is, because somebody may want to apply it."""
    if not colour:
        return diff
    widest = max((len(line) for line in diff.splitlines()), default=0)
    return on_console(lambda console: write(console, diff), width=min(1000, widest * 10 + 40), colour=True)


def write(console: Console, diff: str) -> None:
    """Prints the diff on ``console``, control characters written out."""
    for line in diff.splitlines():
        style = next((s for prefix, s in _STYLES if line.startswith(prefix)), "")
        console.print(Text(shown(line, 1000), style), soft_wrap=True)
