"""The sections of the page, each a function from nouns to markup. A section without content is ``None`` and leaves no heading."""

from collections.abc import Sequence

from undercroft.model.alert import Alert
from undercroft.model.evidence import EndpointEvidence, Evidence, FileEvidence
from undercroft.model.exposure import Exposure
from undercroft.model.finding import Finding
from undercroft.model.result import Difference, DrillResult, ScanResult
from undercroft.model.risk import RISK_TITLES
from undercroft.model.verdict import Severity
from undercroft.report.alerts import when
from undercroft.report.drills import WORDS, pairs
from undercroft.report.order import Group, by_asset, open_questions, reach_in_words, severities
from undercroft.report.page.markup import Child, Markup, joined, tag
from undercroft.report.words import counted, listed, shown


def _section(anchor: str, heading: str, *content: Child) -> Markup:
    return tag(
        "section", tag("h2", heading, id=f"{anchor}-heading"), *content, id=anchor, aria_labelledby=f"{anchor}-heading"
    )


def _badge(word: str) -> Markup:
    return tag("span", word, class_=f"badge {word}")


def _table(columns: Sequence[str], rows: list[list[Child]]) -> Markup:
    head = tag("tr", *(tag("th", c, scope="col") for c in columns))
    body = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows]
    return tag("div", tag("table", tag("thead", head), tag("tbody", joined(body))), class_="scroll", tabindex=0)


def tiles(result: ScanResult) -> Markup:
    """The counts, large."""
    counts = severities(result.findings)
    unknown = sum(len(q.findings) for q in open_questions(result.findings))
    items = [(s.value, n, s.value) for s, n in counts.items()]
    items += [("unknown", unknown, "undecided"), ("unknown", len(result.could_not_read), "not read")]
    return tag(
        "ul",
        *(tag("li", tag("b", str(n)), tag("span", word), class_=tone if n else "none") for tone, n, word in items),
        class_="tiles",
    )


def findings(result: ScanResult) -> Markup | None:
    """A card for each asset, its findings folded in it; the urgent ones stand open."""
    groups = by_asset(result.findings)
    return _section("findings", "Findings", *(_card(g) for g in groups)) if groups else None


def _card(group: Group) -> Markup:
    asset = group.asset
    products = [f"{c.slug} {c.version or '(version unknown)'}" for c in asset.components]
    head = tag(
        "header",
        tag("h3", asset.name),
        tag("p", f"{asset.kind}{' · ' + listed(products) if products else ''} · ", tag("code", asset.key)),
        _path(group.exposure),
    )
    return tag("article", head, *(_finding(f, group.exposure) for f in group.findings), class_=f"card {group.worst}")


def _path(exposure: Exposure) -> Markup:
    parts = [tag("strong", reach_in_words(exposure))]
    for hop in exposure.path:
        where = hop.evidence.where if hop.evidence else None
        parts += [tag("span", "→", class_="to", aria_hidden="true"), tag("span", hop.what, class_="hop", title=where)]
    if exposure.reason:
        parts.append(tag("span", exposure.reason, class_="to"))
    return tag("div", *parts, class_="path")


def _finding(finding: Finding, of_card: Exposure) -> Markup:
    facts: list[tuple[str, Markup]] = (
        [("where", joined([_quote(e) for e in finding.evidence]))] if finding.evidence else []
    )
    if finding.exposure != of_card:
        facts.append(("reach", _path(finding.exposure)))
    facts.append(("why", tag("span", finding.why)))
    patch = (
        tag("span", " The change can be written by undercroft harden.", class_="quiet") if finding.fix.edits else None
    )
    note = tag("span", f"; {finding.fix.note}.", class_="quiet") if finding.fix.note else None
    facts.append(("fix", tag("span", tag("span", finding.fix.summary, class_="fix"), note, patch)))
    facts.append(("risk", tag("span", tag("span", finding.risk.value, class_="mono"), f" {RISK_TITLES[finding.risk]}")))
    facts.append(("sure", tag("span", f"confidence {finding.confidence}, for the {finding.persona.value} reader")))
    if finding.references:
        facts.append(("see", joined([_reference(r) for r in finding.references], ", ")))
    title = tag("span", finding.title, class_="title")
    summary = tag("summary", _badge(finding.severity.value), title, tag("span", finding.check, class_="id mono"))
    body = tag("dl", *(Markup(tag("dt", name) + tag("dd", said)) for name, said in facts))
    is_open = "open" if finding.severity >= Severity.HIGH else None
    return tag("details", summary, tag("div", body, class_="body"), class_=f"finding {finding.severity}", open=is_open)


def _quote(evidence: Evidence) -> Markup:
    match evidence:
        case FileEvidence():
            place, said = evidence.where, evidence.text.strip()
        case EndpointEvidence():
            place, said = f"{evidence.endpoint} · {evidence.request}", evidence.response
        case _:
            place, said = f"{evidence.fact} · {evidence.command}", evidence.text
    return tag("figure", tag("figcaption", tag("code", place)), tag("pre", tag("code", said)), class_="quote")


def _reference(reference: str) -> Markup:
    if not reference.startswith("https://"):
        return tag("span", reference)
    return tag("a", shown(reference.removeprefix("https://"), 70), href=reference, rel="noreferrer noopener")


def undecided(result: ScanResult) -> Markup | None:
    """What could not be decided, by the question that would settle it."""
    questions = open_questions(result.findings)
    rows: list[list[Child]] = [
        [
            q.settled_by or "nothing known",
            listed(sorted({f.check for f in q.findings})),
            listed(sorted({shown(f.asset.name, 60) for f in q.findings})),
        ]
        for q in questions
    ]
    return (
        _section("undecided", "Could not be decided", _table(("Would settle it", "Check", "Asset"), rows))
        if rows
        else None
    )


def unread(result: ScanResult) -> Markup | None:
    """What was asked for and not looked at. Never the same as clean."""
    items = [
        tag(
            "li",
            tag("code", u.place),
            " (the rest was read)" if u.partial else None,
            tag("div", u.reason),
            tag("div", u.remedy, class_="quiet") if u.remedy else None,
        )
        for u in result.could_not_read
    ]
    return _section("unread", "Could not be read", tag("ul", *items, class_="plain")) if items else None


def inventory(result: ScanResult) -> Markup | None:
    """Everything recognised, with how much the catalogue knows about it, and what was taken for one thing."""
    rows: list[list[Child]] = [
        [
            s.name,
            s.component,
            s.version or "unknown",
            s.depth,
            s.exposure,
            listed(s.addresses) or "-",
            " + ".join(s.sources),
            s.reason,
        ]
        for s in result.inventory
    ]
    if not rows:
        return None
    columns = ("Asset", "Component", "Version", "Checks", "Reach", "At", "Known from", "Recognised by")
    joins = tag("ul", *(tag("li", sentence) for sentence in result.joined), class_="quiet") if result.joined else None
    return _section("inventory", "Inventory", _table(columns, rows), joins)


def drills(before: tuple[DrillResult, ...], after: tuple[DrillResult, ...]) -> Markup | None:
    """Drills before and after, side by side."""
    rows: list[list[Child]] = []
    for pair in pairs(before, after):
        name = tag("span", tag("span", pair.drill), tag("div", pair.either.risk.value, class_="quiet mono"))
        rows.append([name, pair.either.about, _drill(pair.before), *([_drill(pair.after)] if after else [])])
    columns = ("Drill", "What was sent", "Before" if after else "Result", *(("After",) if after else ()))
    return _section("drills", "Drills", _table(columns, rows)) if rows else None


def _drill(result: DrillResult | None) -> Markup:
    if result is None:
        return tag("span", "not run", class_="quiet")
    spent = f"{result.sent} bytes, {result.elapsed:.1f} s at {result.endpoint}"
    return tag("div", _badge(WORDS[result.verdict]), tag("div", result.reason), tag("div", spent, class_="quiet"))


def alerts(found: tuple[Alert, ...]) -> Markup | None:
    """What the watch raised, worst first."""
    items = [
        tag(
            "li",
            tag("div", _badge(a.severity.value), " ", tag("strong", a.title)),
            tag(
                "div",
                f"{a.detection} · {a.risk.value} · {counted(a.count, 'event')} · {when(a.first_seen)} to {when(a.last_seen)}",
                class_="quiet",
            ),
            *(tag("div", f"{kind}: {listed(names)}", class_="quiet") for kind, names in a.entities.items()),
            tag("figure", *(tag("pre", tag("code", one)) for one in a.evidence[:3]), class_="quote")
            if a.evidence
            else None,
            tag("div", a.response, class_="fix") if a.response else None,
        )
        for a in sorted(found, key=lambda a: (-a.severity.rank, a.first_seen, a.detection))
    ]
    return _section("alerts", "Alerts", tag("ul", *items, class_="plain")) if items else None


def drift(differences: tuple[Difference, ...]) -> Markup | None:
    """What is not as it was expected."""
    rows: list[list[Child]] = [
        [d.subject, _badge(d.severity.value), f"{d.kind} {d.field}", d.expected or "-", d.found or "-", d.path]
        for d in sorted(differences, key=lambda d: (-d.severity.rank, d.subject, d.field))
    ]
    columns = ("Service", "", "What", "Expected", "Found", "Known by")
    return _section("drift", "Drift", _table(columns, rows)) if rows else None
