"""Differences between what was expected and what was found, as a table."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from undercroft.model.result import Difference
from undercroft.report.terminal import STYLES, on_console
from undercroft.report.words import counted, shown


def render(differences: tuple[Difference, ...], *, width: int = 100, colour: bool = False) -> str:
    """A table, one difference a row, worst first."""
    return on_console(lambda console: write(console, differences), width=width, colour=colour)


def write(console: Console, differences: tuple[Difference, ...]) -> None:
    """Prints the table and its count on ``console``."""
    if differences:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
        for column in ("", "service", "what", "expected", "found", "known by"):
            table.add_column(Text(column), overflow="fold")
        for one in sorted(differences, key=lambda d: (-d.severity.rank, d.subject, d.field)):
            table.add_row(
                Text(one.severity.value.upper(), STYLES[one.severity]),
                Text(shown(one.subject, 80), "bold"),
                Text(shown(f"{one.kind} {one.field}", 80)),
                Text(shown(one.expected) or "-"),
                Text(shown(one.found) or "-"),
                Text(shown(one.path), "dim"),
            )
        console.print(table)
        console.print()
    console.print(Text(f"{counted(len(differences), 'difference')} from what was expected.", "bold"))
