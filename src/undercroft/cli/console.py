"""Shows a report in the browser, served to this machine only.

Exit status: 0 after Ctrl-C, 2 when the report cannot be shown.
"""

import argparse
import sys
from pathlib import Path

SUMMARY = "show a report in the browser, on this machine only"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "report", nargs="?", type=Path, metavar="REPORT.json", help="what `undercroft scan --format json` wrote"
    )
    source.add_argument("--html", type=Path, metavar="FILE", help="a page that was written before")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0, the default, takes a free one")


def run(args: argparse.Namespace) -> int:
    """Serves until interrupted. Prints the link on standard output; it holds a token, so it is not for others."""
    from undercroft.console import report
    from undercroft.console.server import Console

    def page() -> str:
        return report.from_json(args.report) if args.report is not None else report.from_html(args.html)

    try:
        page()
        console = Console(page, port=args.port)
    except (OSError, ValueError, OverflowError) as error:
        print(f"undercroft console: {error}", file=sys.stderr)
        return 2
    with console:
        print(console.url, flush=True)
        print("The link works on this machine only. Ctrl-C ends it.", file=sys.stderr)
        try:
            console.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0
