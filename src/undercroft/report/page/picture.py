"""Who can reach what, as a picture: one lane for each circle of clients, the widest on top, the assets in them.

Drawn as SVG inside the page. The same facts stand as text below it, so the picture carries a label and nothing more.
"""

from dataclasses import dataclass

from undercroft.model.exposure import Reach
from undercroft.model.result import ScanResult
from undercroft.model.verdict import Severity
from undercroft.report.order import by_asset
from undercroft.report.page.markup import Markup, joined, tag
from undercroft.report.words import counted, shown

_WIDTH, _LABEL, _BOX, _HIGH, _GAP, _PAD = 1040, 168, 204, 56, 12, 14
_ACROSS = (_WIDTH - _LABEL - _PAD) // (_BOX + _GAP)
_LANES: tuple[tuple[Reach | None, str], ...] = (
    (Reach.INTERNET, "internet"),
    (Reach.PRIVATE, "private network"),
    (Reach.CLUSTER, "cluster"),
    (Reach.HOST, "host"),
    (Reach.LOOPBACK, "loopback"),
    (None, "unknown"),
)


@dataclass(frozen=True, slots=True)
class Box:
    """One asset in the picture."""

    name: str
    component: str
    findings: int
    worst: Severity | None
    """``None`` for an asset without findings."""


def boxes(result: ScanResult) -> dict[str, list[Box]]:
    """The assets by label of their reach, worst first. Inventory and findings are joined by the asset's key."""
    groups = {g.asset.key: g for g in by_asset(result.findings)}
    lanes: dict[str, dict[str, Box]] = {name: {} for _, name in _LANES}
    for seen in result.inventory:
        group = groups.pop(seen.asset, None)
        text = f"{seen.component} {seen.version or ''}".strip()
        box = Box(seen.name, text, len(group.findings) if group else 0, group.worst if group else None)
        lanes.get(seen.exposure, lanes["unknown"]).setdefault(seen.asset, box)
    for key, group in groups.items():
        text = group.asset.components[0].slug if group.asset.components else group.asset.kind
        lanes[group.exposure.label][key] = Box(group.asset.name, text, len(group.findings), group.worst)
    return {
        lane: sorted(found.values(), key=lambda b: (-1 if b.worst is None else -b.worst.rank - 1, -b.findings, b.name))
        for lane, found in lanes.items()
    }


def picture(result: ScanResult) -> Markup:
    """The lanes as one ``<svg>``."""
    drawn: list[Markup] = []
    y = 0
    lanes = boxes(result)
    for reach, name in _LANES:
        found = lanes[name]
        if reach is None and not found:
            continue
        rows = max(1, -(-len(found) // _ACROSS))
        height = 2 * _PAD + rows * _HIGH + (rows - 1) * _GAP if found else 40
        lane = "lane-unknown" if reach is None else f"lane{reach.value}"
        drawn.append(tag("rect", class_=lane, x=1, y=y + 1, width=_WIDTH - 2, height=height - 2, rx=8))
        middle = y + height / 2
        drawn.append(tag("text", name, class_="lane-name", x=18, y=middle if found else middle + 4))
        if found:
            drawn.append(tag("text", counted(len(found), "asset"), class_="count", x=18, y=middle + 17))
        drawn.extend(
            _box(box, _LABEL + (i % _ACROSS) * (_BOX + _GAP), y + _PAD + (i // _ACROSS) * (_HIGH + _GAP))
            for i, box in enumerate(found)
        )
        y += height + 6
    label = "Assets by who can reach them, from the internet to loopback"
    return tag("svg", joined(drawn), viewBox=f"0 0 {_WIDTH} {max(1, y - 6)}", role="img", aria_label=label)


def _box(box: Box, x: int, y: int) -> Markup:
    worst = f"{counted(box.findings, 'finding')}, worst {box.worst}" if box.worst else "no findings"
    return tag(
        "g",
        tag("title", f"{box.name}: {box.component}, {worst}"),
        tag("rect", class_="box", x=x, y=y, width=_BOX, height=_HIGH, rx=6),
        tag("rect", class_="bar", x=x, y=y, width=6, height=_HIGH, rx=3),
        tag("text", shown(box.name, 24), x=x + 16, y=y + 23, font_weight=650),
        tag(
            "text",
            f"{shown(box.component, 18)} · {counted(box.findings, 'finding') if box.findings else 'none'}",
            class_="small",
            x=x + 16,
            y=y + 42,
        ),
        class_=str(box.worst or "unflagged"),
    )
