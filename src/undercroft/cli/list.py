"""List the checks, the components the catalogue knows, or the rows of the risk register.

examples:
  undercroft list checks
  undercroft list components --format json

exit status: 0 listed
"""

import argparse

SUMMARY = "list checks, components or risks"


def configure(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("what", choices=("checks", "components", "risks"))
    parser.add_argument(
        "--format", choices=("terminal", "json"), default="terminal", help="how to print (default: terminal)"
    )


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    import json

    from undercroft.cli import output

    rows = {"checks": _checks, "components": _components, "risks": _risks}[args.what]()
    if args.format == "json":
        output.write(json.dumps(rows, indent=2), None)
        return 0
    widths = [max((len(str(row[key])) for row in rows), default=0) for key in rows[0]] if rows else []
    lines = [
        "  ".join(str(value).ljust(width) for value, width in zip(row.values(), widths, strict=True)).rstrip()
        for row in rows
    ]
    output.write("\n".join(lines), None)
    return 0


def _checks() -> list[dict[str, str]]:
    from undercroft.scan.check import discover

    return [
        {
            "id": r.id,
            "severity": str(r.check.severity),
            "risk": r.check.risk.value,
            "persona": r.check.persona.value,
            "title": r.check.title,
        }
        for r in discover().values()
    ]


def _components() -> list[dict[str, str]]:
    from undercroft.catalogue import loader

    return [
        {"id": slug, "depth": f.depth, "kind": f.kind, "name": f.name} for slug, f in loader.load().components.items()
    ]


def _risks() -> list[dict[str, str]]:
    from undercroft.model.risk import RISK_TITLES

    return [{"id": risk.value, "title": title} for risk, title in RISK_TITLES.items()]
