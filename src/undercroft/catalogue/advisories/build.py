"""Makes the snapshot that ships.

Run as ``python -m undercroft.catalogue.advisories.build --osv EXPORT --index index.csv --output FILE``. Prints what was wrong
with the sources: bounds that were rejected or repaired, ranges that contradict themselves, sources that disagree.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from undercroft.catalogue import store
from undercroft.catalogue.advisories import index
from undercroft.catalogue.advisories.assemble import assemble, collect
from undercroft.catalogue.advisories.draft import Report
from undercroft.catalogue.advisories.facts import BadFeed, Facts
from undercroft.catalogue.advisories.snapshot import BadSnapshot, Snapshot


def build(osv: Path, facts_csv: Path | None, today: date, complete: Sequence[str] = ()) -> tuple[bytes, Report]:
    """The snapshot of an export and the index of facts, and what was wrong with them. Raises :class:`BadFeed`."""
    report, facts = Report(), Facts()
    drafts = collect(store.documents(osv), report)
    if facts_csv is not None:
        lines = index.rows(store.text(facts_csv))
        index.note_facts(lines, facts)
        products, second = index.products(lines, report)
        return assemble([*drafts, *products], facts, report, today, complete, second=second), report
    return assemble(drafts, facts, report, today, complete), report


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Exit status: 0 written, 2 nothing could be built."""
    top = argparse.ArgumentParser(prog="python -m undercroft.catalogue.advisories.build", description=__doc__)
    top.add_argument("--osv", type=Path, required=True, help="OSV export: a zip, a folder or one JSON file")
    top.add_argument("--index", type=Path, help="index of facts (CSV)")
    top.add_argument("--output", type=Path, required=True, help="the snapshot to write")
    top.add_argument(
        "--complete", action="append", default=[], metavar="ECOSYSTEM", help="the export holds all of this ecosystem"
    )
    top.add_argument("--date", type=date.fromisoformat, help="day of the build (default: today)")
    args = top.parse_args(argv)
    try:
        data, report = build(args.osv, args.index, args.date or datetime.now(tz=UTC).date(), args.complete)
        store.write(args.output, data)
    except (BadFeed, BadSnapshot, OSError) as error:
        print(f"build: {error}", file=sys.stderr)
        return 2
    for line in sorted(report.lines):
        print("\t".join(line))
    header = Snapshot(data).header
    packages = {ecosystem: len(names) for ecosystem, names in header.index.items()}
    print(f"{args.output.name}: {len(data)} bytes, {header.vulnerabilities} vulnerabilities, packages {packages}")
    print(f"newest change {header.date}, withdrawn and left out {header.withdrawn}, sha256 {header.digest}")
    print("report: " + ", ".join(f"{kind} {count}" for kind, count in sorted(report.counts().items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
