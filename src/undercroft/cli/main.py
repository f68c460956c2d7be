"""Finds the verbs and runs one. Only the chosen verb's room is imported, so that ``--help`` stays fast."""

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence

from undercroft import __version__, cli

_NOT_VERBS = frozenset({"main", "output"})
EXAMPLES = """\
examples:
  undercroft scan .                          what these files deploy, and what is wrong with it
  undercroft scan . 127.0.0.1:8888           the same, joined with what answers there
  undercroft guard --upstream http://127.0.0.1:8000 --profile vllm --listen 127.0.0.1:8080 --keys keys.jsonl
  undercroft watch /var/log/auth.log         who is trying to get in
  undercroft harden . --write                mend what can be mended, and prove it
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="undercroft",
        description="Secures the layer beneath a model: scan what is deployed, guard the endpoint, watch the logs, close the loop.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"undercroft {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for info in sorted(pkgutil.iter_modules(cli.__path__), key=lambda m: m.name):
        if info.name in _NOT_VERBS:
            continue
        module = importlib.import_module(f"{cli.__name__}.{info.name}")
        verb = verbs.add_parser(
            info.name.replace("_", "-"),
            help=module.SUMMARY,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.configure(verb)
        verb.set_defaults(run=module.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point. Exit status: see each verb; 2 is always "could not run"."""
    args = parser().parse_args(argv)
    try:
        status: int = args.run(args)
    except KeyboardInterrupt:
        print("undercroft: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader went away (`undercroft scan . | head`); nothing is lost that anyone wants
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:  # a traceback's exit status 1 would read as "findings": nothing ran to an end, so 2
        if os.environ.get("UNDERCROFT_TRACEBACK"):
            raise
        print(f"undercroft {args.verb}: {type(error).__name__}: {error}", file=sys.stderr)
        print(
            "this is a mistake of ours; UNDERCROFT_TRACEBACK=1 shows where it happened, for a report", file=sys.stderr
        )
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
