"""Run bounded drills against your own endpoint, and say which defences held.

Only loopback and what --scope names are drilled. Inputs are bounded: one header of 64 KiB, one drip of --seconds, one
request for n=1000 completions; one connection at a time, except drips, which wait side by side. A legitimate request goes
first: where that is not served, refusals prove nothing and verdicts are unknown. The key comes from --key-file or from the
variable UNDERCROFT_KEY, never from the command line.

exit status: 0 everything held, 1 something did not hold or stayed unknown, 2 could not run, 130 interrupted
"""

import argparse
import sys

SUMMARY = "drill your own endpoint: what holds, what does not"


def configure(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("url", metavar="URL", help="the endpoint, such as http://127.0.0.1:8000")
    parser.add_argument(
        "--drills",
        default="no-key,large-header,header-drip,huge-n",
        metavar="NAME,…",
        help="which drills (default: %(default)s); also many-headers, huge-output, deep-json, ambiguous-framing, "
        "unknown-path, body-drip",
    )
    parser.add_argument("--key-file", metavar="FILE", help="file that holds one key (default: $UNDERCROFT_KEY)")
    parser.add_argument(
        "--path",
        default="/v1/chat/completions",
        help="path of the endpoint, unless the URL has one (default: %(default)s)",
    )
    parser.add_argument(
        "--model", default="demo", metavar="NAME", help="model named in requests (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=20.0, metavar="N", help="how long drips last, up to 120 (default: 20)"
    )
    parser.add_argument(
        "--scope", action="append", default=[], metavar="CIDR", help="range that is yours to drill, beyond loopback"
    )
    parser.add_argument("--format", choices=("terminal", "json"), default="terminal", help="how to print")


def _key(path: str | None) -> str:
    import os
    from pathlib import Path

    if path is None:
        return os.environ.get("UNDERCROFT_KEY", "")
    return Path(path).read_text(encoding="utf-8")


def run(args: argparse.Namespace) -> int:
    """Drill and print."""
    import asyncio
    import os

    from undercroft.cli import output
    from undercroft.model.verdict import Verdict

    def fail(message: str) -> int:
        print(f"undercroft prove: {message}", file=sys.stderr)
        return 2

    try:
        from undercroft.guard.adapters.drive import play
        from undercroft.loop import prove, show
    except ModuleNotFoundError as error:
        return fail(f"drills need the guard extra: pip install 'undercroft[guard]' ({error.name} is missing)")
    try:
        key = prove.checked_key(_key(args.key_file))
        names = tuple(name.strip() for name in args.drills.split(",") if name.strip())
        where = prove.endpoint(args.url, args.path, args.scope)
        drill = prove.Drill(where, play, key, args.model, names, args.seconds)
    except prove.CannotDrill as error:
        return fail(str(error))
    except (OSError, UnicodeDecodeError) as error:
        return fail(
            f"{args.key_file}: {getattr(error, 'strerror', None) or 'no UTF-8 text'}; give a file that holds one key"
        )
    interrupted = False
    try:
        done = asyncio.run(drill.run())
    except KeyboardInterrupt:
        done, interrupted = drill.done(interrupted=True), True
    if args.format == "json":
        text = show.drilled_json(done)
    else:
        text = show.drilled_text(done, width=output.width(), colour=output.colour(sys.stdout, os.environ))
    output.write(text, None)
    if interrupted:
        return 130
    if not done.served and not any(result.sent for result in done.results):
        return fail(f"{done.endpoint} could not be drilled: {done.control}")
    return 0 if all(result.verdict is Verdict.ABSENT for result in done.results) else 1
