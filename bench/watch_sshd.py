"""Lines of an sshd log parsed and judged, per second of CPU time, beside fail2ban-regex where that is installed.

    python bench/watch_sshd.py [PATH | --lines N]

Without a path a seeded file of N lines is made (default 1,000,000): attempts, accepted logins, ended sessions and PAM lines in
the proportions of an internet-facing host. CPU time counts this process alone; for the peer, its own children.
"""

import argparse
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from undercroft.watch.follow import Tally, events, lines
from undercroft.watch.source import Clock, discover

WRITTEN = datetime(2026, 3, 1, tzinfo=UTC).timestamp()


def made(count: int) -> Iterator[str]:
    """The seeded log."""
    rng = random.Random(20260101)
    now = datetime(2026, 1, 2, tzinfo=UTC).timestamp()
    staff = [(f"staff{n}", f"198.51.100.{n}") for n in range(1, 60)]
    for _ in range(count):
        now += rng.expovariate(1 / 4)
        stamp = datetime.fromtimestamp(now, UTC).strftime("%b %e %H:%M:%S")
        head = f"{stamp} gpu{rng.randrange(4)} sshd[{rng.randrange(900, 60000)}]: "
        source, port = f"203.0.{rng.randrange(90, 140)}.{rng.randrange(256)}", rng.randrange(1024, 65536)
        user, address = rng.choice(staff)
        kind = rng.random()
        if kind < 0.25:
            yield f"{head}Failed password for root from {source} port {port} ssh2"
        elif kind < 0.45:
            yield f"{head}Failed password for invalid user u{rng.randrange(5000)} from {source} port {port} ssh2"
        elif kind < 0.55:
            yield f"{head}Invalid user u{rng.randrange(5000)} from {source} port {port}"
        elif kind < 0.70:
            yield f"{head}pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={source}  user=root"
        elif kind < 0.80:
            yield f"{head}Connection closed by authenticating user root {source} port {port} [preauth]"
        elif kind < 0.87:
            yield f"{head}Accepted publickey for {user} from {address} port {port} ssh2: ED25519 SHA256:{'A' * 43}"
        elif kind < 0.94:
            yield f"{head}pam_unix(sshd:session): session opened for user {user}(uid=1000) by (uid=0)"
        else:
            yield f"{head}Disconnected from user {user} {address} port {port}"


def peer(path: Path, count: int) -> str:
    """The same file through fail2ban-regex."""
    program = shutil.which("fail2ban-regex")
    if program is None:
        return "fail2ban-regex: not installed"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([program, str(path), "sshd"], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"fail2ban-regex: {count / spent:,.0f} lines per CPU-second"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("path", nargs="?", type=Path)
    arguments.add_argument("--lines", type=int, default=1_000_000)
    args = arguments.parse_args()
    with nullcontext() if args.path else tempfile.TemporaryDirectory() as folder:
        path = args.path or Path(str(folder)) / "auth.log"
        if not args.path:
            path.write_text("".join(f"{line}\n" for line in made(args.lines)), encoding="utf-8")
        tally, reader = Tally(str(path)), discover()["sshd"].reader(Clock(WRITTEN))
        start = time.process_time()
        with path.open("rb") as stream:
            for _ in events(reader, lines(stream, tally), tally):
                pass
        parsed = time.process_time() - start
        command = [
            sys.executable,
            "-m",
            "undercroft.cli.main",
            "watch",
            str(path),
            "--source",
            "sshd",
            "--format",
            "json",
        ]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, check=False, capture_output=True)
        if done.returncode not in {0, 1} or (done.returncode == 1) != bool(done.stdout):
            sys.exit(
                f"undercroft watch ended with {done.returncode}; there is no figure\n{done.stderr.decode(errors='replace')}"
            )
        alerts = done.stdout.count(b"\n")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        judged = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"{path.name}: {tally.lines:,} lines, {path.stat().st_size / 1e6:.1f} MB, {tally.events:,} events, {alerts:,} alerts"
        )
        print(f"undercroft, parsed: {tally.lines / parsed:,.0f} lines per CPU-second")
        print(
            f"undercroft watch, from start to end with the shipped detections: {tally.lines / judged:,.0f} lines per CPU-second, "
            f"peak {after.ru_maxrss / 1024:,.0f} MiB"
        )
        print(peer(path, tally.lines))


if __name__ == "__main__":
    main()
