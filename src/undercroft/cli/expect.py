"""Draft an expected.yaml from what is there now, for somebody to read and correct.

What cannot be known stands in the draft as a comment with the reason. The same targets give the same text.

exit status: 0 drafted, 2 could not run
"""

import argparse
import sys

SUMMARY = "draft what is expected from what is there"


def configure(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument(
        "--from", dest="targets", nargs="+", required=True, metavar="TARGET", help="a path, URL, host:port or host"
    )
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")
    parser.add_argument(
        "--scope", action="append", default=[], metavar="CIDR", help="range that may be asked, beyond loopback"
    )


def run(args: argparse.Namespace) -> int:
    """Draft and print."""
    import secrets

    from undercroft.catalogue import loader
    from undercroft.cli import output
    from undercroft.loop.draft import draft
    from undercroft.loop.look import look
    from undercroft.report.words import shown
    from undercroft.scan.run import CannotRun, Request

    try:
        with output.progress("looking") as progress:
            request = Request(tuple(args.targets), tuple(args.scope), secrets.token_hex(8))
            graph, looked = look(request, loader.load().components, progress)
        for unread in looked.unread:
            print(f"undercroft expect: not looked at: {shown(unread.place)}: {shown(unread.reason)}", file=sys.stderr)
        output.write(draft(graph), args.output)
    except CannotRun as error:
        print(f"undercroft expect: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"undercroft expect: {args.output}: {error.strerror}; give a path that can be written", file=sys.stderr)
        return 2
    return 0
