"""Write the patches of findings: shown as a diff, applied with --write, proved by scanning again.

Without --write nothing is changed: patches are tried in a copy, and the diff shown is one that a scan has already agreed to.
With --write each changed file is replaced in one step and its old content kept beside it (.NAME.undercroft-backup); a patch
that does not remove its finding, or brings another, is put back. A line that changed since the scan is never touched.

exit status: 0 nothing to do or everything applied, 1 patches shown but not applied or some rejected, 2 could not run
"""

import argparse
import sys

SUMMARY = "mend what was found, and prove it"


def configure(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file or folder")
    parser.add_argument("--write", action="store_true", help="change the files instead of showing the change")
    parser.add_argument(
        "--select", action="append", default=[], metavar="CHECK,…", help="only the findings of these checks"
    )
    parser.add_argument(
        "--format",
        choices=("terminal", "diff", "json"),
        default="terminal",
        help="how to print (default: terminal); diff prints the diff alone",
    )


def run(args: argparse.Namespace) -> int:
    """Harden and print."""
    import os

    from undercroft.catalogue import loader
    from undercroft.cli import output
    from undercroft.loop.harden import CannotHarden, State, harden
    from undercroft.scan.check import discover
    from undercroft.scan.run import CannotRun, Observed, Request, is_path, scan

    def fail(message: str) -> int:
        print(f"undercroft harden: {message}", file=sys.stderr)
        return 2

    select = frozenset(check.strip() for text in args.select for check in text.split(",") if check.strip())
    if unknown := sorted(select - set(discover())):
        return fail(f"--select: there is no check {unknown[0]}; there are {', '.join(sorted(discover()))}")
    for path in args.paths:
        if not is_path(path):
            return fail(f"{path}: only files can be hardened; give a path")
    components = dict(loader.load().components)

    def scan_paths(targets: tuple[str, ...]) -> Observed:
        with output.progress("scanning") as progress:
            return scan(Request(targets), components, progress)

    try:
        done = harden(args.paths, scan_paths, write=args.write, select=select)
    except (CannotRun, CannotHarden) as error:
        return fail(str(error))
    from undercroft.loop import show

    colour = output.colour(sys.stdout, os.environ)
    forms = {"json": show.hardening_json, "diff": show.hardening_diff}
    output.write(forms[args.format](done) if args.format in forms else show.hardening(done, colour=colour), None)
    return 0 if all(outcome.state is State.APPLIED for outcome in done.outcomes) else 1
