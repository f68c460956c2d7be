"""Read log files, recognise their kind, and print the alerts that the shipped Sigma rules (and your own) raise.

Files may be gzipped; - is standard input. What could not be understood is counted by shape on standard error, never dropped
in silence. An alert of severity info is an operational note.

examples:
  undercroft watch /var/log/auth.log guard.jsonl
  journalctl -u ssh -o short-iso | undercroft watch - --source sshd
  undercroft watch auth.log* --rules my-rules --format json

exit status: 0 no alerts, 1 alerts, 2 could not run
"""

import argparse
import gc
import json
import sys
import time
from io import BufferedReader
from typing import cast

SUMMARY = "read logs and raise alerts"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="log file, plain or gzip; - for standard input")
    parser.add_argument(
        "--format",
        choices=("terminal", "json"),
        default="terminal",
        help="json writes one object a line for each alert",
    )
    parser.add_argument("--rules", metavar="DIR", help="run the Sigma rules in this folder as well")
    parser.add_argument("--source", metavar="NAME", help="read every file as this source instead of recognising it")
    parser.add_argument(
        "--year",
        type=int,
        metavar="N",
        help="year of the first line, for stamps without one (default: from the file's time)",
    )


def run(args: argparse.Namespace) -> int:
    """0 without alerts, 1 with, 2 when it could not run. Alerts go to standard output, everything else to standard error."""

    def say(sentence: str) -> None:
        print(sentence, file=sys.stderr)

    try:
        from undercroft.catalogue.compiler import CatalogueError
        from undercroft.catalogue.loader import CatalogueMissing
        from undercroft.watch import follow
        from undercroft.watch.alerts import to_dict, to_text
        from undercroft.watch.engine.rules import RuleError
    except ModuleNotFoundError as error:
        say(f"undercroft watch: {error.name} is not installed; install undercroft[watch]")
        return 2
    if args.year is not None and not 1970 <= args.year <= 9998:
        say(f"undercroft watch: --year {args.year} is no year from 1970 to 9998")
        return 2
    # What is remembered lives long and holds no cycles; walking it over and over would be a quarter of the time.
    gc.set_threshold(100_000, 50, 100)
    alerts = 0
    try:
        rules = follow.shipped_rules() + (follow.own_rules(args.rules) if args.rules else [])
        found = follow.watch(
            args.files,
            rules,
            stdin=cast("BufferedReader", sys.stdin.buffer),
            now=time.time(),
            say=say,
            source=args.source,
            year=args.year,
        )
        for alert in found:
            alerts += 1
            print(json.dumps(to_dict(alert)) if args.format == "json" else to_text(alert) + "\n", flush=True)
    except (follow.CouldNotRun, RuleError, CatalogueError, CatalogueMissing) as error:
        say(f"undercroft watch: {error}")
        return 2
    if args.format == "terminal":
        print(f"{alerts} alert{'s' if alerts != 1 else ''}" if alerts else "no alerts")
    return 1 if alerts else 0
