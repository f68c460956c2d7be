"""The page's attack paths: each a row of boxes with arrows between them, the places a step rests on inside its box.

An ordered list, styled: it wraps on a narrow screen, prints, and is read out in its order, which a drawing would not be.
"""

from undercroft.model.result import AttackPath, ScanResult, Step
from undercroft.report.page.markup import Markup, tag
from undercroft.report.words import counted, shown

SHOWN = 20
"""Paths drawn; the rest is counted."""
PLACES = 3
"""Places named in one box."""


def attack_paths(result: ScanResult) -> Markup | None:
    """What the findings lead to, worst first; ``None`` without any path."""
    if not result.attack_paths:
        return None
    rest = len(result.attack_paths) - SHOWN
    return tag(
        "section",
        tag("h2", "Attack paths", id="paths-heading"),
        *(_path(path) for path in result.attack_paths[:SHOWN]),
        tag("p", f"{counted(rest, 'more path')}; the JSON report holds them.", class_="quiet") if rest > 0 else None,
        id="paths",
        aria_labelledby="paths-heading",
    )


def _path(path: AttackPath) -> Markup:
    head = tag(
        "p",
        tag("span", path.severity.value, class_=f"badge {path.severity}"),
        " ",
        tag("span", path.why),
        " ",
        tag("span", ", ".join(risk.value for risk in path.risks), class_="mono quiet"),
    )
    return tag("article", head, tag("ol", *(_step(step) for step in path.steps)), class_=f"walk {path.severity}")


def _step(step: Step) -> Markup:
    places = tuple(dict.fromkeys(shown(evidence.where, 90) for evidence in step.evidence))
    quoted = "\n".join(shown(getattr(evidence, "text", ""), 200) for evidence in step.evidence[:PLACES]) or None
    more = f" and {len(places) - PLACES} more" if len(places) > PLACES else None
    return tag(
        "li",
        tag("strong", step.what),
        tag("span", step.how, class_="quiet") if step.how else None,
        *(tag("code", place) for place in places[:PLACES]),
        tag("span", more, class_="quiet") if more else None,
        title=quoted,
    )
