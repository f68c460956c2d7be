"""A scan as a Markdown summary: for a pull request's comment or a job's summary page. Root causes, then what could not be decided."""

from undercroft.model.result import ScanResult
from undercroft.report.order import causes, in_a_sentence, open_questions, reach_in_words
from undercroft.report.words import counted, listed, shown

TOP = 10
"""Root causes in the table."""
PATHS = 5
"""Attack paths in the list."""


def _cell(text: str) -> str:
    """Text that cannot leave its cell, start a link or become HTML."""
    clean = shown(text, 200)
    for sign in "\\`*_[]<>|":
        clean = clean.replace(sign, f"&#{ord(sign)};")
    return clean


def render(result: ScanResult) -> str:
    """The summary."""
    found = causes(result.findings)
    parts = ["## Undercroft", "", _cell(in_a_sentence(result)), ""]
    if found:
        parts += ["| severity | what | where | reach | fix |", "|---|---|---|---|---|"]
        for cause in found[:TOP]:
            first = cause.first
            place = first.evidence[0].where if first.evidence else first.asset.name
            more = f" and {counted(len(cause.findings) - 1, 'more place')}" if len(cause.findings) > 1 else ""
            cells = (first.title, place + more, reach_in_words(first.exposure), first.fix.summary)
            parts.append(f"| **{first.severity}** | {' | '.join(_cell(c) for c in cells)} |")
        if len(found) > TOP:
            parts.append(f"\n{counted(len(found) - TOP, 'more root cause')}, not shown here.")
        parts.append("")
    if result.attack_paths:
        parts += ["### Attack paths", ""]
        for path in result.attack_paths[:PATHS]:
            parts.append(f"- **{path.severity}** {' → '.join(_cell(step.what) for step in path.steps)}")
        if len(result.attack_paths) > PATHS:
            parts.append(f"\n{counted(len(result.attack_paths) - PATHS, 'more attack path')}, not shown here.")
        parts.append("")
    questions = open_questions(result.findings)
    if questions:
        parts += ["<details><summary>Could not be decided</summary>", ""]
        parts += [f"- {_cell(listed(sorted({f.check for f in q.findings})))}: {_cell(q.settled_by)}" for q in questions]
        parts += ["", "</details>", ""]
    if result.could_not_read:
        parts += ["<details><summary>Could not be read</summary>", ""]
        parts += [f"- {_cell(u.place)}: {_cell(u.reason)}" for u in result.could_not_read]
        parts += ["", "</details>", ""]
    return "\n".join(parts).rstrip() + "\n"
