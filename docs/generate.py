"""Makes the pages that say what the code says: a page a check, one for the catalogue, one for the risks, and two pictures.

``generate.py`` writes them, ``generate.py --check`` fails when one is not what it would write. Only ``docs/checks``,
``docs/components.md``, ``docs/risks.md`` and the pictures are made here; everything else in ``docs`` is written by people.
"""

import sys
import tomllib
from dataclasses import replace
from html import escape
from pathlib import Path

from undercroft.catalogue import loader
from undercroft.model.risk import RISK_TITLES, Risk
from undercroft.model.verdict import Persona
from undercroft.report import terminal
from undercroft.scan.check import Example, Registered, discover
from undercroft.scan.run import Request, scan

HERE = Path(__file__).parent
STYLE = """rect{fill:#f4f1ea;stroke:#6b6459}text{fill:#2b2721;text-anchor:middle;dominant-baseline:central}
@media (prefers-color-scheme: dark){rect{fill:#2b2721;stroke:#a39a8a}text{fill:#f4f1ea}}"""
MADE = "<!-- made by docs/generate.py; change the source it names -->\n"


def _example(example: Example) -> str:
    files = "\n".join(
        f"`{name}`\n\n```\n{text.rstrip()}\n```\n" for name, text in ((example.file, example.text), *example.more)
    )
    return f"**{example.verdict}**: {example.name}\n\n{files}"


def _sections(documentation: str) -> str:
    """A check's docstring as Markdown: unindented lines that head an indented block become headings."""
    out = []
    lines = documentation.splitlines()
    for i, line in enumerate(lines):
        following = next((later for later in lines[i + 1 :] if later.strip()), "")
        if i and line and not line.startswith(" ") and following.startswith("    "):
            out.append(f"## {line}\n")
        else:
            out.append(line.strip())
    return "\n".join(out)


def check_page(registered: Registered) -> str:
    """The page of one check."""
    check = registered.check
    first, _, rest = _sections(registered.documentation).partition("\n")
    weighed = "brought down to who can reach the asset" if check.weighed else "wherever it stands"
    facts = (
        f"`{registered.id}` · **{check.severity}** ({weighed}) · confidence {check.confidence} · persona {check.persona.value} · "
        f"risk [{check.risk.value}](../risks.md#{check.risk.value.lower()})"
    )
    examples = (
        "\n".join(_example(example) for example in check.examples)
        or "Needs a live endpoint beside the files: see `tests/scan/test_scan_join.py`.\n"
    )
    return (
        f"{MADE}# {check.title}\n\n{first}\n\n{facts}\n{rest}\n\n## References\n\n{', '.join(check.references)}\n\n## Examples\n\n{examples}"
        f"\n## Suppress\n\n`# undercroft: ignore[{registered.id}] reason` on the line; without a reason it does not count.\n"
    )


def components_page() -> str:
    """What the catalogue knows, a line a component."""
    rows = []
    for slug, fact in loader.load().components.items():
        verified = "; ".join(v.version for v in fact.verified) or "–"
        counts = (len(fact.settings) + len(fact.derived), len(fact.endpoints), len(fact.fingerprints))
        rows.append(
            f"| {fact.name} | `{slug}` | {fact.kind} | {fact.depth} | {verified} | {counts[0]} | {counts[1]} | {counts[2]} |"
        )
    head = "| component | id | kind | depth | verified on | settings | endpoints | fingerprints |\n|---|---|---|---|---|---|---|---|"
    return (
        f"{MADE}# Components\n\n{len(rows)} products. *Deep*: settings, endpoints, wire and logs were worked through. *Basic*: recognised, with the "
        f"generic facts. Each fact names its source in `src/undercroft/catalogue/components/<id>/component.yaml`.\n\n{head}\n"
        + "\n".join(rows)
        + "\n"
    )


def risks_page() -> str:
    """The register, with what finds and sees each row today."""
    checks: dict[Risk, list[str]] = {risk: [] for risk in Risk}
    for registered in discover().values():
        checks[registered.check.risk].append(f"[{registered.id}](checks/{registered.id}.md)")
    seen: dict[Risk, list[str]] = {risk: [] for risk in Risk}
    for slug, text in loader.load().detections.items():
        for risk in Risk:
            if risk.value in text:
                seen[risk].append(f"`{slug}`")
    parts = [
        f"{MADE}# The risk register\n\nThe rows every finding, policy and detection points at, with what covers them today.\n"
    ]
    for risk in Risk:
        found, watched = ", ".join(checks[risk]) or "nothing yet", ", ".join(seen[risk]) or "nothing yet"
        parts.append(f"## {risk.value}\n\n{RISK_TITLES[risk]}.\n\n- found by: {found}\n- seen by: {watched}\n")
    return "\n".join(parts)


def house() -> str:
    """The import contract as a picture: its layers, top to bottom."""
    contract = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ][0]
    layers = [[room.strip("( )") for room in layer.split("|")] for layer in contract["layers"]]
    width, height, gap = 720, 44, 14
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {len(layers) * (height + gap) + gap}" font-family="sans-serif" font-size="15" role="img">',
        f"<title>{escape(' over '.join(' beside '.join(layer) for layer in layers))}</title>",
        f"<style>{STYLE}</style>",
    ]
    for row, layer in enumerate(layers):
        each = (width - gap * (len(layer) + 1)) / len(layer)
        for column, room in enumerate(layer):
            x, y = gap + column * (each + gap), gap + row * (height + gap)
            parts.append(f'<rect x="{x:.0f}" y="{y}" width="{each:.0f}" height="{height}" rx="6"/>')
            parts.append(f'<text x="{x + each / 2:.0f}" y="{y + height / 2:.0f}">{escape(room)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def picture() -> str:
    """What a terminal shows of a scan of one folder of the demo, as the program draws it."""
    result = scan(Request((str(HERE.parent / "demo" / "stack" / "kubernetes"),)), dict(loader.load().components)).result
    regular = tuple(f for f in result.findings if f.persona is Persona.REGULAR)
    return terminal.svg(replace(result, findings=regular), width=110, title="undercroft scan demo/stack/kubernetes")


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    made = {HERE / "checks" / f"{slug}.md": check_page(registered) for slug, registered in discover().items()}
    return made | {
        HERE / "components.md": components_page(),
        HERE / "risks.md": risks_page(),
        HERE / "house.svg": house(),
        HERE / "scan.svg": picture(),
    }


def main(*, check: bool) -> int:
    """Write, or say what is stale."""
    made = pages()
    stale = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    orphans = [path for path in (HERE / "checks").glob("*.md") if path not in made]
    if check:
        for path in (*stale, *orphans):
            print(f"docs/{path.relative_to(HERE)} is not what the code says; run `make docs`", file=sys.stderr)
        return 1 if stale or orphans else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path], encoding="utf-8")
    for path in orphans:
        path.unlink()
    print(f"{len(made)} pages, {len(stale)} written, {len(orphans)} removed")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
