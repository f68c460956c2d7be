"""Writes the sshd log of the demo: a working day of a small team, and two strangers at the door.

The lines have OpenSSH's wording and addresses from the documentation ranges (RFC 5737). What is in them is made up and seeded; what
``undercroft watch`` says about them is not.
"""

import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

STAFF = ("ana", "bogdan", "chidi", "dolores", "emre", "fatima", "goran", "hana")
TRIED = (
    "root",
    "admin",
    "ubuntu",
    "jupyter",
    "mlflow",
    "ray",
    "deploy",
    "ana",
    "git",
    "hana",
    "backup",
    "test",
    "oracle",
    "emre",
)
START = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)


def lines(seed: int = 7) -> list[str]:
    """The log, in order of time."""
    chance = random.Random(seed)
    events: list[tuple[datetime, str]] = []

    def add(minutes: float, text: str) -> None:
        events.append((START + timedelta(minutes=minutes), text))

    for name in STAFF:  # people: most get in at once, some mistype first
        at, source, port = chance.uniform(30, 540), f"192.0.2.{chance.randint(10, 60)}", chance.randint(40000, 60000)
        for slip in range(chance.choice((0, 0, 1, 2))):
            add(at - 0.3 * (slip + 1), f"Failed password for {name} from {source} port {port} ssh2")
        add(at, f"Accepted password for {name} from {source} port {port} ssh2")
    for i, name in enumerate(TRIED):  # a sprayer: one password a quarter of an hour, another account each time
        invalid = "" if name in {*STAFF, "root"} else "invalid user "
        add(60 + 15 * i, f"Failed password for {invalid}{name} from 203.0.113.50 port {41000 + i} ssh2")
    for i in range(40):  # a hammer: one account, a try a second
        add(300 + i / 60, f"Failed password for root from 198.51.100.23 port {52000 + i} ssh2")
    events.sort(key=lambda event: event[0])
    return [
        f"{when.isoformat(timespec='seconds')} gpu-01 sshd[{2000 + i}]: {text}" for i, (when, text) in enumerate(events)
    ]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("\n".join(lines()) + "\n", encoding="utf-8")
