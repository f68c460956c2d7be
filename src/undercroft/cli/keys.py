"""Make, list and revoke the keys of a guard. The file holds digests only; a key is shown once, when it is made.

examples:
  undercroft keys new --file keys.jsonl --owner team-a > team-a.key
  undercroft keys list --file keys.jsonl

exit status: 0 done, 2 could not run
"""

import argparse
import sys
from pathlib import Path

SUMMARY = "make, list and revoke the API keys of a guard"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments to ``parser``."""
    verbs = parser.add_subparsers(dest="keys_verb", required=True, metavar="new|list|revoke")
    new = verbs.add_parser("new", help="make a key and print it: it is shown this once")
    new.add_argument("--owner", required=True, metavar="NAME", help="the person or service responsible")
    new.add_argument("--expires", type=float, metavar="DAYS", help="days until it stops working; never, unless given")
    new.add_argument("--requests-per-minute", type=float, metavar="N", help="in place of the guard's default")
    new.add_argument("--tokens-per-minute", type=float, metavar="N", help="in place of the guard's default")
    new.add_argument("--concurrency", type=int, metavar="N", help="requests in flight, in place of the guard's default")
    new.add_argument(
        "--budget", type=int, metavar="TOKENS", help="tokens in all while the guard runs; not bounded, unless given"
    )
    show = verbs.add_parser("list", help="list the keys: ids, owners, limits")
    revoke = verbs.add_parser("revoke", help="revoke a key; a running guard refuses it within seconds")
    revoke.add_argument("id", help="the six characters after uc_")
    for verb in (new, show, revoke):
        verb.add_argument("--file", required=True, type=Path, metavar="FILE", help="keys file")


def run(args: argparse.Namespace) -> int:
    """Exit status 0, or 2 when the file cannot be used or holds no such key."""
    from undercroft.guard.state import KeysFileError, add_key, read_keys, revoke_key

    try:
        if args.keys_verb == "new":
            print(add_key(args.file, args.owner, **_limits(args)))
        elif args.keys_verb == "list":
            for record in read_keys(args.file):
                state = (
                    "revoked" if record.revoked else f"expires {_day(record.expires)}" if record.expires else "in force"
                )
                print(f"{record.id}  {record.owner}  made {_day(record.created)}  {state}")
        elif not revoke_key(args.file, args.id):
            print(
                f"undercroft keys: no key {args.id!r} in {args.file.name}; undercroft keys list shows the ids",
                file=sys.stderr,
            )
            return 2
    except (KeysFileError, OSError, ValueError) as error:
        print(f"undercroft keys: {error}", file=sys.stderr)
        return 2
    return 0


def _limits(args: argparse.Namespace) -> dict[str, float]:
    import time

    given = {
        name: getattr(args, name) for name in ("requests_per_minute", "tokens_per_minute", "concurrency", "budget")
    }
    limits = {name: value for name, value in given.items() if value is not None}
    if args.expires is not None:
        limits["expires"] = round(time.time() + args.expires * 86_400, 3)
    return limits


def _day(epoch: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d")
