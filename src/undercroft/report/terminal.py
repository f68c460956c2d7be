"""A scan for people at a terminal: the worst asset first, the line quoted, who can reach it, why, and what to do.

Nothing from a scanned file is ever parsed as markup: texts become :class:`rich.text.Text` after
:func:`undercroft.report.words.shown`, so neither ``[bold]`` nor an escape sequence in a manifest can change the picture.
"""

import io
from collections.abc import Callable

from rich.console import Console, RenderableType
from rich.console import Group as Block
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from undercroft.model.evidence import EndpointEvidence, Evidence, FileEvidence
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.finding import Finding
from undercroft.model.result import AttackPath, ScanResult, Seen, Unread
from undercroft.model.verdict import Severity
from undercroft.report.order import Cause, Group, Open, by_asset, causes, in_a_sentence, open_questions, reach_in_words
from undercroft.report.words import counted, listed, shown

STYLES = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "bold cyan",
    Severity.INFO: "bold blue",
}
"""How each severity looks. The word always stands there too: colour alone says nothing to some readers."""

_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre }}
.{unique_id}-title {{ font: bold 18px system-ui, "DejaVu Sans", sans-serif }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Frame for :meth:`rich.console.Console.export_svg`. Rich's own names fonts on a web server; this one loads nothing."""


def on_console(write: Callable[[Console], None], *, width: int, colour: bool) -> str:
    """What ``write`` prints, as text. The console knows neither the environment nor a real terminal."""
    console = _console(width, colour)
    write(console)
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def as_svg(write: Callable[[Console], None], *, width: int, title: str) -> str:
    """What ``write`` prints, as a picture of a terminal that loads nothing from anywhere."""
    console = _console(width, colour=True, record=True)
    write(console)
    return console.export_svg(title=shown(title), code_format=_SVG, unique_id="undercroft")


def _console(width: int, colour: bool, *, record: bool = False) -> Console:
    return Console(
        file=io.StringIO(),
        width=max(40, width),
        height=100,
        force_terminal=colour,
        color_system="truecolor" if record else ("standard" if colour else None),
        no_color=not colour,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        record=record,
        _environ={},
    )


TOP = 10
"""Root causes shown before the rest is only counted."""
PATHS = 5
"""Attack paths shown before the rest is only counted."""


def render(result: ScanResult, *, width: int = 100, colour: bool = False, every: bool = True) -> str:
    """The report as text, ``width`` columns wide; with ANSI colours only when ``colour`` is true.

    With ``every`` all findings by asset; without, the ``TOP`` root causes where there are more than that.
    """
    return on_console(lambda console: write(console, result, every=every), width=width, colour=colour)


def svg(result: ScanResult, *, width: int = 100, title: str = "undercroft scan .") -> str:
    """The whole report as a picture of a terminal."""
    return as_svg(lambda console: write(console, result), width=width, title=title)


def write(console: Console, result: ScanResult, *, every: bool = True) -> None:
    """Prints the report on ``console``."""
    if result.attack_paths:
        _paths(console, result.attack_paths)
    found = causes(result.findings)
    if every or len(found) <= TOP:
        for group in by_asset(result.findings):
            console.print(_group(group))
            console.print()
    else:
        _top(console, found)
    for heading, body in (
        ("Could not be decided", [_open(q) for q in open_questions(result.findings)]),
        ("Could not be read", [_unread(u) for u in result.could_not_read]),
        ("Inventory", [_inventory(result.inventory)] if result.inventory else []),
        ("Taken for one", [_marked("=", "cyan", Text(shown(sentence))) for sentence in result.joined]),
    ):
        if body:
            console.print(Text(heading, "bold underline"))
            for part in body:
                console.print(part)
            console.print()
    console.print(Text(in_a_sentence(result), "bold"))


def _paths(console: Console, paths: tuple[AttackPath, ...]) -> None:
    """The worst paths, each on a line of its own with the places its steps rest on."""
    console.print(Text("Attack paths", "bold underline"))
    for path in paths[:PATHS]:
        head = Text("  ").append(f" {path.severity.value.upper()} ", STYLES[path.severity])
        head.append(f" {', '.join(r.value for r in path.risks)}", "dim")
        first, *rest = [shown(step.what, 120) for step in path.steps]
        walk = Text().append(first, "bold").append("".join(f" → {what}" for what in rest))
        console.print(head)
        console.print(Padding(walk, (0, 0, 0, 4)))
        places = dict.fromkeys(shown(step.evidence[0].where, 80) for step in path.steps if step.evidence)
        console.print(Padding(Text(f"rests on {listed(tuple(places), 6)}", "dim"), (0, 0, 1, 4)))
    if len(paths) > PATHS:
        console.print(
            Text(f"{counted(len(paths) - PATHS, 'more attack path')}: --format html or json shows them", "bold")
        )
        console.print()


def _top(console: Console, found: tuple[Cause, ...]) -> None:
    """The root causes that matter most, each with its worst finding in full and the places of the others."""
    shown_here = found[:TOP]
    covered, total = sum(len(c.findings) for c in shown_here), sum(len(c.findings) for c in found)
    console.print(
        Text(f"{TOP} root causes of {len(found)}; they account for {covered} of {total} findings", "bold underline")
    )
    for cause in shown_here:
        first = cause.first
        console.print(_finding(first, first.exposure))
        where = Text().append(shown(first.asset.name, 60)).append(f" · {reach_in_words(first.exposure)}", "dim")
        others = [f.evidence[0].where for f in cause.findings[1:] if f.evidence]
        if others:
            where.append(
                f"\nand {counted(len(others), 'more place')}: {listed([shown(o, 80) for o in others], 3)}", "dim"
            )
        console.print(Padding(where, (0, 0, 0, 4)))
    console.print(Text(f"\n{len(found) - TOP} more root causes, {total - covered} findings: --all shows them", "bold"))
    console.print()


def _group(group: Group) -> RenderableType:
    asset = group.asset
    head = Text().append(shown(asset.name, 80), "bold")
    products = [f"{c.slug} {c.version or '(version unknown)'}" for c in asset.components]
    head.append(
        f"  {shown(asset.kind, 40)}"
        + (f" · {shown(listed(products), 80)}" if products else "")
        + f" · {shown(asset.key, 120)}",
        "dim",
    )
    return Block(
        head, Padding(_exposure(group.exposure), (0, 0, 0, 2)), *(_finding(f, group.exposure) for f in group.findings)
    )


def _exposure(exposure: Exposure) -> Text:
    text = Text().append(reach_in_words(exposure), "bold" if exposure.reach is Reach.INTERNET else "")
    if exposure.path:
        text.append(": " + " → ".join(_hop(h) for h in exposure.path))
    if exposure.reason:
        text.append(f" ({shown(exposure.reason)})", "dim")
    return text


def _hop(hop: Hop) -> str:
    place = f" [{shown(hop.evidence.where, 80)}]" if hop.evidence else ""
    return shown(hop.what, 120) + place


def _finding(finding: Finding, of_group: Exposure) -> RenderableType:
    head = Text("  ")
    head.append(f" {finding.severity.value.upper()} ", STYLES[finding.severity])
    head.append(f" {shown(finding.check, 80)}", "bold").append(f"  {finding.risk.value}", "dim")
    rows: list[RenderableType] = [Text(), head, Padding(Text(shown(finding.title), "bold"), (0, 0, 0, 4))]
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="dim", width=8)
    grid.add_column(ratio=1, overflow="fold")
    for evidence in finding.evidence[:3]:
        grid.add_row("at", _evidence(evidence))
    if len(finding.evidence) > 3:
        grid.add_row("", Text(f"and {counted(len(finding.evidence) - 3, 'more place')}", "dim"))
    if finding.exposure != of_group:
        grid.add_row("reach", _exposure(finding.exposure))
    grid.add_row("why", Text(shown(finding.why)))
    if (known := finding.vulnerability) is not None and known.id is not None:
        aliases = f" (also {shown(listed(known.aliases, 3), 120)})" if known.aliases else ""
        mended = f"fixed in {shown(known.fixed, 60)}" if known.fixed else "no fix exists"
        grid.add_row("known", Text(f"{shown(known.id, 60)}{aliases}: {mended}"))
    fix = Text().append(shown(finding.fix.summary), "green")
    if finding.fix.note:
        fix.append(f"; {shown(finding.fix.note)}", "dim")
    if finding.fix.edits:
        fix.append(" [undercroft harden writes it]", "dim")
    grid.add_row("fix", fix)
    return Block(*rows, Padding(grid, (0, 0, 0, 4)))


def _evidence(evidence: Evidence) -> Text:
    match evidence:
        case FileEvidence():
            place, said = evidence.where, evidence.text.strip()
        case EndpointEvidence():
            place, said = evidence.endpoint, f"{evidence.request} → {evidence.response}"
        case _:
            place, said = evidence.fact, f"{evidence.command}: {evidence.text}"
    return Text().append(shown(place, 160), "cyan").append(f"  {shown(said, 200)}")


def _open(question: Open) -> RenderableType:
    checks = sorted({f.check for f in question.findings})
    assets = sorted({shown(f.asset.name, 60) for f in question.findings})
    text = Text().append(f"{shown(listed(checks), 200)} on {listed(assets)}", "bold")
    text.append(f"\nsettled by: {shown(question.settled_by) or 'nothing known'}")
    return _marked("?", "yellow", text)


def _unread(unread: Unread) -> RenderableType:
    text = Text().append(shown(unread.place, 160), "bold").append(" (the rest was read)" if unread.partial else "")
    text.append(f"\n{shown(unread.reason)}")
    return _marked("!", "red", text.append(f"\n{shown(unread.remedy)}", "dim") if unread.remedy else text)


def _marked(mark: str, style: str, text: Text) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=3)
    grid.add_column(overflow="fold")
    grid.add_row(Text(f"  {mark}", style), text)
    return grid


def _inventory(seen: tuple[Seen, ...]) -> RenderableType:
    table = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False)
    for column in ("  asset", "component", "version", "checks", "reach", "at", "known from"):
        table.add_column(Text(column), overflow="fold")
    for one in seen:
        table.add_row(
            Text(f"  {shown(one.name, 60)}"),
            Text(shown(one.component, 40)),
            Text(shown(one.version, 40) if one.version else "unknown"),
            Text(shown(one.depth, 20)),
            Text(shown(one.exposure, 40)),
            Text(shown(listed(one.addresses, 2), 80) or "-"),
            Text(shown(" + ".join(one.sources), 40)),
        )
    return table
