"""Compare what is there with what was expected: files, live endpoints, or both.

Each service in the expected file is looked for by its addresses, failing that by its name. What nobody can know counts as a
difference: take the field out of the file, or give a target that settles it. undercroft expect drafts the file.

exit status: 0 as expected, 1 something differs or cannot be known, 2 could not run
"""

import argparse
import sys

SUMMARY = "compare what is there with what was expected"


def configure(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="a path, URL, host:port or host")
    parser.add_argument("--expected", required=True, metavar="FILE", help="what ought to be there (expected.yaml)")
    parser.add_argument("--format", choices=("terminal", "json"), default="terminal", help="how to print")
    parser.add_argument(
        "--scope", action="append", default=[], metavar="CIDR", help="range that may be asked, beyond loopback"
    )


def run(args: argparse.Namespace) -> int:
    """Compare and print."""
    import os
    import secrets
    from pathlib import Path

    from undercroft.catalogue import loader
    from undercroft.cli import output
    from undercroft.loop import expected, show
    from undercroft.loop.drift import compare
    from undercroft.loop.look import look
    from undercroft.report.words import shown
    from undercroft.scan.run import CannotRun, Request

    try:
        wanted = expected.load(Path(args.expected))
        components = loader.load().components
        expected.require_components(wanted, components, args.expected)
        with output.progress("looking") as progress:
            request = Request(tuple(args.targets), tuple(args.scope), secrets.token_hex(8))
            graph, looked = look(request, components, progress)
    except (CannotRun, expected.ExpectedError) as error:
        print(f"undercroft drift: {shown(str(error), 1000)}", file=sys.stderr)
        return 2
    differences = compare(wanted, graph, looked)
    for unread in looked.unread:
        print(f"undercroft drift: not looked at: {shown(unread.place)}: {shown(unread.reason)}", file=sys.stderr)
    if args.format == "json":
        output.write(show.drift_json(differences), None)
    else:
        colour = output.colour(sys.stdout, os.environ)
        output.write(show.drift_text(differences, width=output.width(), colour=colour), None)
    return 1 if differences else 0
