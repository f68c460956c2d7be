"""Show a check's page: what it finds, why that matters, how to mend it, and the files it is decided on.

examples:
  undercroft explain no-authentication
  undercroft list checks

exit status: 0 shown, 2 no such check
"""

import argparse
import sys

SUMMARY = "show what a check finds, why that matters, and how to mend it"


def configure(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("check", metavar="CHECK", help="id of the check, as findings show it")


def run(args: argparse.Namespace) -> int:
    """Print the page."""
    import difflib
    import textwrap

    from undercroft.cli import output
    from undercroft.model.risk import RISK_TITLES
    from undercroft.scan.check import discover

    registered = discover().get(args.check)
    if registered is None:
        near = difflib.get_close_matches(args.check, discover(), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; undercroft list checks names them all"
        print(f"undercroft explain: there is no check {args.check}{hint}", file=sys.stderr)
        return 2
    check = registered.check
    weighed = "brought down to who can reach the asset" if check.weighed else "wherever it stands"
    parts = [
        f"{registered.id}: {check.title}",
        f"{check.severity}, {weighed} · confidence {check.confidence} · persona {check.persona.value}",
        f"{check.risk.value} {RISK_TITLES[check.risk]}",
        "",
        registered.documentation,
        "",
        f"References: {', '.join(check.references)}",
        f"Suppress:   # undercroft: ignore[{registered.id}] reason",
    ]
    for example in check.examples:
        parts += [
            "",
            f"{example.verdict}: {example.name} ({example.file})",
            textwrap.indent(example.text.rstrip(), "    "),
        ]
    output.write("\n".join(parts), None)
    return 0
