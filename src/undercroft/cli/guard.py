"""Stand in front of a model server: keys, strict framing, typed bodies, limits, absolute deadlines, token budgets.

Every limit is first tried over a real socket; the port answers when all of them hold, and a line "ready" says so. A guard that
has no usable keys, or whose limits do not hold, does not serve.

examples:
  undercroft keys new --file keys.jsonl --owner me
  undercroft guard --upstream http://127.0.0.1:8000 --profile vllm --listen 127.0.0.1:8080 --keys keys.jsonl
  undercroft guard ... --mode observe --events guard.jsonl    # report what would be refused, forward all the same

exit status: 0 after SIGTERM, 2 when it will not serve
"""

import argparse
import sys
from pathlib import Path

SUMMARY = "guard an inference endpoint: keys, limits, deadlines, budgets"

_LIMITS = {
    "header-timeout": "seconds for a request's head",
    "body-timeout": "seconds for a request's body",
    "first-byte-timeout": "seconds until the model server begins to answer",
    "response-timeout": "seconds for a whole answer",
    "max-body": "bytes of a request body",
    "max-n": "completions of one request",
    "max-output-tokens": "output tokens of one completion",
    "default-output-tokens": "output cap put into requests that name none",
    "requests-per-minute": "requests of one key, unless the key says otherwise",
    "tokens-per-minute": "tokens of one key, unless the key says otherwise",
    "concurrency": "requests of one key in flight, unless the key says otherwise",
    "max-connections": "open client connections",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments to ``parser``."""
    parser.add_argument(
        "--upstream", required=True, metavar="URL", help="the model server, such as http://127.0.0.1:8000"
    )
    parser.add_argument(
        "--profile", required=True, metavar="NAME", help="what it speaks: openai, or a component such as vllm"
    )
    parser.add_argument(
        "--listen", required=True, metavar="HOST:PORT", help="where clients connect; port 0 picks a free one"
    )
    parser.add_argument(
        "--keys", required=True, type=Path, metavar="FILE", help="keys file, made by: undercroft keys new"
    )
    parser.add_argument("--events", type=Path, metavar="FILE", help="append an event for each request, as JSON lines")
    parser.add_argument(
        "--mode",
        choices=("enforce", "observe"),
        default="enforce",
        help="observe reports refusals and forwards all the same",
    )
    parser.add_argument(
        "--upstream-key-file",
        type=Path,
        metavar="FILE",
        help="file with the model server's own key, sent in place of the client's",
    )
    group = parser.add_argument_group("limits")
    for name, about in _LIMITS.items():
        group.add_argument(f"--{name}", type=float, metavar="N", help=about)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM; exit status 2 when it will not serve."""

    def say(line: str) -> None:
        print(line if line == "ready" else f"undercroft guard: {line}", file=sys.stderr, flush=True)

    try:
        import uvloop

        from undercroft.catalogue.loader import load
        from undercroft.guard.adapters.serve import NotServing, Settings, serve
        from undercroft.guard.adapters.upstream import Address
        from undercroft.guard.context import Mode
        from undercroft.guard.limits import Limits
        from undercroft.guard.profile import profile
    except ModuleNotFoundError as error:
        say(f"{error.name} is not installed; run: pip install 'undercroft[guard]'")
        return 2
    host, _, port = args.listen.rpartition(":")
    try:
        whole = {field.name for field in Limits.__dataclass_fields__.values() if field.type is int}
        given = {name.replace("-", "_"): getattr(args, name.replace("-", "_")) for name in _LIMITS}
        limits = Limits(
            **{name: int(value) if name in whole else value for name, value in given.items() if value is not None}
        )
        settings = Settings(
            Address.parse(args.upstream), profile(args.profile, load()), host.strip("[]") or "127.0.0.1", int(port), args.keys,
            args.events, Mode(args.mode), limits, args.upstream_key_file.read_text().strip() if args.upstream_key_file else "",
        )  # fmt: skip
    except (ValueError, OSError) as error:
        say(str(error))
        return 2
    try:
        uvloop.run(serve(settings, say))
    except NotServing as error:
        say(f"not serving: {error}")
        return 2
    return 0
