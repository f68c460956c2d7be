"""Scan files and endpoints, and print what is wrong, worst first.

Targets are paths, URLs, host:port or bare hosts. Loopback is always in scope; anything else needs --scope. Scanning never
changes, executes or fetches anything.

exit status: 0 nothing at or above --fail-on, 1 findings, 2 could not run, 3 something could not be looked at and --strict is on
"""

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undercroft.model.result import ScanResult

SUMMARY = "find what is wrong with what is deployed: files and endpoints"

_SEVERITIES = ("info", "low", "medium", "high", "critical")


def configure(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="a path, URL, host:port or host")
    parser.add_argument(
        "--format",
        choices=("terminal", "json", "sarif", "html"),
        default="terminal",
        help="how to print (default: terminal)",
    )
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")
    parser.add_argument(
        "--fail-on",
        choices=_SEVERITIES,
        default="low",
        help="lowest severity that makes the exit status 1 (default: low)",
    )
    parser.add_argument("--fail-on-unknown", action="store_true", help="let unknown verdicts count like present ones")
    parser.add_argument("--strict", action="store_true", help="exit 3 when something asked for could not be looked at")
    parser.add_argument(
        "--persona",
        choices=("regular", "pedantic", "auditor"),
        default="regular",
        help="who is reading (default: regular)",
    )
    parser.add_argument(
        "--scope",
        action="append",
        default=[],
        metavar="CIDR",
        help="network range that may be asked, beyond loopback; may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    """Scan and print."""
    import os
    import secrets
    from dataclasses import replace

    from undercroft.catalogue import loader
    from undercroft.cli import output
    from undercroft.model.verdict import Persona, Severity
    from undercroft.scan.run import CannotRun, Request, scan

    personas = list(Persona)
    admitted = set(personas[: personas.index(Persona(args.persona)) + 1])
    try:
        with output.progress("scanning") as progress:
            request = Request(tuple(args.targets), tuple(args.scope), secrets.token_hex(8))
            result = scan(request, dict(loader.load().components), progress).result
    except CannotRun as error:
        print(f"undercroft scan: {error}", file=sys.stderr)
        return 2
    result = replace(result, findings=tuple(f for f in result.findings if f.persona in admitted))
    try:
        coloured = not args.output and output.colour(sys.stdout, os.environ)
        output.write(_render(result, args.format, colour=coloured), args.output)
    except OSError as error:
        print(f"undercroft scan: {args.output}: {error.strerror}; give a path that can be written", file=sys.stderr)
        return 2
    if args.strict and result.could_not_read:
        return 3
    return 1 if result.at_least(Severity(args.fail_on), unknown=args.fail_on_unknown) else 0


def _render(result: "ScanResult", form: str, *, colour: bool) -> str:
    match form:
        case "json":
            from undercroft.report import json

            return json.render(result)
        case "sarif":
            from undercroft.report import sarif
            from undercroft.scan.check import discover

            return sarif.render(
                result, {r.id: sarif.About(r.check.title, r.documentation) for r in discover().values()}
            )
        case "html":
            from undercroft.report import html

            return html.render(result)
        case _:
            from undercroft.cli import output
            from undercroft.report import terminal

            return terminal.render(result, width=output.width(), colour=colour)
