"""Drills before and after, side by side: what a defence changed, told by what came back."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from undercroft.model.result import DrillResult
from undercroft.model.verdict import Verdict
from undercroft.report.terminal import on_console
from undercroft.report.words import shown

WORDS = {Verdict.PRESENT: "weak", Verdict.ABSENT: "held", Verdict.UNKNOWN: "unknown"}
"""The verdict of a drill in the words of a drill."""

_STYLES = {Verdict.PRESENT: "bold red", Verdict.ABSENT: "bold green", Verdict.UNKNOWN: "bold yellow"}


@dataclass(frozen=True, slots=True)
class Pair:
    """One drill, run twice. Either side is ``None`` where it was not run."""

    drill: str
    before: DrillResult | None
    after: DrillResult | None

    @property
    def either(self) -> DrillResult:
        one = self.before or self.after
        assert one is not None
        return one


def pairs(before: tuple[DrillResult, ...], after: tuple[DrillResult, ...]) -> tuple[Pair, ...]:
    """Drills of the same name, in the order they were run before; then those that only ran after."""
    first, second = {d.drill: d for d in before}, {d.drill: d for d in after}
    return tuple(Pair(name, first.get(name), second.get(name)) for name in {**first, **second})


def render(
    before: tuple[DrillResult, ...], after: tuple[DrillResult, ...] = (), *, width: int = 100, colour: bool = False
) -> str:
    """A table, one drill a row."""
    return on_console(lambda console: write(console, before, after), width=width, colour=colour)


def write(console: Console, before: tuple[DrillResult, ...], after: tuple[DrillResult, ...] = ()) -> None:
    """Prints the table on ``console``; one result column when nothing ran after."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in ("drill", "what was sent", *(("before", "after") if after else ("result",))):
        table.add_column(Text(column), overflow="fold")
    for pair in pairs(before, after):
        cells = [
            Text().append(shown(pair.drill, 60), "bold").append(f"\n{pair.either.risk.value}", "dim"),
            Text(shown(pair.either.about)),
        ]
        cells.append(_cell(pair.before))
        if after:
            cells.append(_cell(pair.after))
        table.add_row(*cells)
    console.print(table)


def _cell(result: DrillResult | None) -> Text:
    if result is None:
        return Text("not run", "dim")
    text = Text().append(WORDS[result.verdict], _STYLES[result.verdict]).append(f"\n{shown(result.reason)}")
    return text.append(f"\n{result.sent} bytes, {result.elapsed:.1f} s", "dim")
