"""Scan files and endpoints, and print what is wrong, worst first.

Targets are paths, URLs, host:port or bare hosts. Loopback is always in scope; anything else needs --scope. Scanning never
changes, executes or fetches anything.

examples:
  undercroft scan .
  undercroft scan deploy/ 127.0.0.1:8000 --format html --output report.html
  undercroft scan . --fail-on high --baseline .undercroft-baseline.json
  undercroft scan . --write-baseline .undercroft-baseline.json --reason "accepted in review, to be mended by March"

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
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="a path, URL, host:port or host")
    parser.add_argument(
        "--format",
        choices=("terminal", "json", "sarif", "html", "markdown", "cyclonedx"),
        default="terminal",
        help="how to print (default: terminal)",
    )
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")
    parser.add_argument(
        "--all", action="store_true", help="every finding by asset, not only the ten root causes that matter most"
    )
    parser.add_argument(
        "--scope",
        action="append",
        default=[],
        metavar="CIDR",
        help="network range that may be asked, beyond loopback; may be repeated",
    )
    parser.add_argument(
        "--environment",
        action="append",
        default=[],
        metavar="PYTHON",
        help="also look at the packages of this Python environment: its interpreter or folder, or . for the running one",
    )
    choice = parser.add_argument_group("what counts")
    choice.add_argument(
        "--persona",
        choices=("regular", "pedantic", "auditor"),
        default="regular",
        help="who is reading (default: regular)",
    )
    choice.add_argument("--select", action="append", default=[], metavar="CHECK,…", help="these checks only")
    choice.add_argument("--ignore", action="append", default=[], metavar="CHECK,…", help="all but these checks")
    choice.add_argument("--baseline", metavar="FILE", help="leave out what this file accepts")
    choice.add_argument(
        "--write-baseline", metavar="FILE", help="accept what is found now, for the reason given with --reason"
    )
    choice.add_argument("--reason", default="", help="why the baseline accepts it")
    choice.add_argument(
        "--fail-on",
        choices=_SEVERITIES,
        default="low",
        help="lowest severity that makes the exit status 1 (default: low)",
    )
    choice.add_argument("--fail-on-unknown", action="store_true", help="let unknown verdicts count like present ones")
    choice.add_argument("--strict", action="store_true", help="exit 3 when something asked for could not be looked at")


def run(args: argparse.Namespace) -> int:
    """Scan and print."""
    import os
    import secrets
    from dataclasses import replace
    from datetime import UTC, datetime
    from pathlib import Path

    from undercroft.catalogue import loader
    from undercroft.cli import output
    from undercroft.model.verdict import Persona, Severity
    from undercroft.scan import baseline
    from undercroft.scan.check import discover
    from undercroft.scan.run import CannotRun, Request, scan

    def fail(message: str) -> int:
        print(f"undercroft scan: {message}", file=sys.stderr)
        return 2

    if not args.targets and not args.environment:
        return fail("nothing to scan: give a path, a URL, host:port, or --environment")
    select, ignore = _checks(args.select), _checks(args.ignore)
    if unknown := sorted((select | ignore) - set(discover())):
        return fail(f"there is no check {unknown[0]}; undercroft list checks names them all")
    if args.write_baseline and not args.reason.strip():
        return fail("--write-baseline needs --reason: say why these findings are accepted")
    try:
        accepted = baseline.parse(Path(args.baseline).read_text(encoding="utf-8")) if args.baseline else {}
    except (OSError, UnicodeDecodeError, baseline.BaselineError) as error:
        return fail(f"{args.baseline}: {error}")
    personas = list(Persona)
    admitted = set(personas[: personas.index(Persona(args.persona)) + 1])
    try:
        with output.progress("scanning") as progress:
            request = Request(
                tuple(args.targets),
                tuple(args.scope),
                secrets.token_hex(8),
                tuple(args.environment),
                datetime.now(UTC).date(),
            )
            result = scan(request, dict(loader.load().components), progress).result
    except CannotRun as error:
        return fail(str(error))
    kept = (
        f
        for f in result.findings
        if f.persona in admitted and f.check not in ignore and (not select or f.check in select)
    )
    result = baseline.apply(replace(result, findings=tuple(kept)), accepted)
    try:
        if args.write_baseline:
            output.write(baseline.written(result.findings, args.reason.strip()), args.write_baseline)
        coloured = not args.output and output.colour(sys.stdout, os.environ)
        output.write(_render(result, args.format, colour=coloured, every=args.all), args.output)
    except OSError as error:
        return fail(f"{args.output or args.write_baseline}: {error.strerror}; give a path that can be written")
    if args.strict and result.could_not_read:
        return 3
    return 1 if result.at_least(Severity(args.fail_on), unknown=args.fail_on_unknown) else 0


def _checks(texts: list[str]) -> set[str]:
    return {check.strip() for text in texts for check in text.split(",") if check.strip()}


def _render(result: "ScanResult", form: str, *, colour: bool, every: bool) -> str:
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
        case "cyclonedx":
            from undercroft.report import cyclonedx

            return cyclonedx.render(result)
        case "markdown":
            from undercroft.report import markdown

            return markdown.render(result)
        case _:
            from undercroft.cli import output
            from undercroft.report import terminal

            return terminal.render(result, width=output.width(), colour=colour, every=every)
