"""A scan, and what was done about it, as one page to hand around.

The page is a single file that loads nothing and runs nothing: its content security policy admits one style sheet by digest and
forbids everything else, so a report about hostile files stays harmless even if an escape were ever missed.
"""

from undercroft import __version__
from undercroft.model.alert import Alert
from undercroft.model.result import Difference, DrillResult, ScanResult
from undercroft.report.order import by_asset, in_a_sentence, severities
from undercroft.report.page import paths, picture, sections
from undercroft.report.page.markup import Markup, escaped, tag
from undercroft.report.page.style import POLICY, STYLE
from undercroft.report.words import counted, listed


def render(
    result: ScanResult,
    *,
    drills_before: tuple[DrillResult, ...] = (),
    drills_after: tuple[DrillResult, ...] = (),
    alerts: tuple[Alert, ...] = (),
    differences: tuple[Difference, ...] = (),
    made_at: str = "",
) -> str:
    """The page. ``made_at`` is the time to print on it, as text; the renderer has no clock."""
    shows_reach = bool(result.inventory or by_asset(result.findings))
    reach = (
        tag(
            "section",
            tag("h2", "Who can reach what"),
            tag("div", picture.picture(result), class_="picture"),
            id="reach",
        )
        if shows_reach
        else None
    )
    parts: list[tuple[str, str, Markup | None]] = [
        ("reach", "Reach", reach),
        ("paths", "Attack paths", paths.attack_paths(result)),
        ("findings", "Findings", sections.findings(result)),
        ("drills", "Drills", sections.drills(drills_before, drills_after)),
        ("alerts", "Alerts", sections.alerts(alerts)),
        ("drift", "Drift", sections.drift(differences)),
        ("undecided", "Undecided", sections.undecided(result)),
        ("unread", "Not read", sections.unread(result)),
        ("inventory", "Inventory", sections.inventory(result)),
    ]
    links = [tag("li", tag("a", name, href=f"#{anchor}")) for anchor, name, part in parts if part is not None]
    top = tag(
        "header",
        tag("p", "Undercroft", class_="brand"),
        tag("h1", headline(result)),
        tag("p", in_a_sentence(result), class_="lede"),
        sections.tiles(result),
        tag("nav", tag("ul", *links), aria_label="Sections") if links else None,
        class_="top wrap",
    )
    asked = f"Asked for: {listed(result.targets, 8)}." if result.targets else ""
    scope = f" Network scope: {listed(result.scope, 8)}." if result.scope else ""
    footer = tag(
        "footer", f"{asked}{scope} Undercroft {__version__}{', ' + made_at if made_at else ''}.".strip(), class_="wrap"
    )
    body = tag(
        "body",
        tag("a", "Skip to the content", class_="skip", href="#content"),
        top,
        tag("main", *(part for _, _, part in parts), class_="wrap", id="content"),
        footer,
    )
    head = (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escaped(POLICY)}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">'
        f"<title>{escaped(headline(result))} · Undercroft</title><style>{STYLE}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>{body}</html>\n'


def headline(result: ScanResult) -> str:
    """The one sentence that matters most."""
    counts = severities(result.findings)
    worst = next((s for s, n in counts.items() if n), None)
    if worst is not None:
        assets = sum(g.worst is worst for g in by_asset(result.findings))
        return f"{counted(counts[worst], f'{worst} finding')} on {counted(assets, 'asset')}"
    return "Nothing found in what could be read" if result.could_not_read else "Nothing found"
