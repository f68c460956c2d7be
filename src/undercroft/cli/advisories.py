"""Look after the advisory snapshot that vulnerabilities are found with.

Undercroft ships a snapshot. update takes in a newer one from an OSV export: a zip as osv.dev offers for each ecosystem, a folder
of records, one record, or a URL of either. Nothing is fetched unless a URL is given. A broken export changes nothing.

examples:
  undercroft advisories status
  undercroft advisories update PyPI-all.zip --complete PyPI
  undercroft advisories update osv/ --epss epss_scores.csv --kev known_exploited_vulnerabilities.json
  undercroft advisories update https://mirror.example/PyPI/all.zip --complete PyPI

exit status: 0 done (status says so where the snapshot is stale) · 2 the export or the snapshot cannot be used; the snapshot in
use is as it was
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undercroft.catalogue.advisories.schema import Header

SUMMARY = "update the advisory snapshot, or say how old it is"
_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    update = acts.add_parser("update", help="take in an OSV export")
    update.add_argument("source", metavar="SOURCE", help="zip, folder, JSON file, or a file, http or https URL")
    update.add_argument("--epss", type=Path, metavar="CSV", help="FIRST's EPSS scores, unpacked")
    update.add_argument("--kev", type=Path, metavar="JSON", help="CISA's catalogue of known exploited vulnerabilities")
    update.add_argument(
        "--complete",
        action="append",
        default=[],
        metavar="ECOSYSTEM",
        help="the export holds every advisory of this ecosystem, so a package it does not name has none",
    )
    status = acts.add_parser("status", help="age, counts, sources and digest")
    status.add_argument(
        "--format", choices=("terminal", "json"), default="terminal", help="how to print (default: terminal)"
    )
    for one in (update, status):
        one.add_argument("--data", type=Path, metavar="DIR", help="data folder (default: $XDG_DATA_HOME/undercroft)")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    import sys

    from undercroft.catalogue.advisories.facts import BadFeed
    from undercroft.catalogue.advisories.snapshot import BadSnapshot

    try:
        return _update(args) if args.act == "update" else _status(args)
    except (BadFeed, BadSnapshot, OSError) as error:
        kept = "; the snapshot in use is as it was" if args.act == "update" else ""
        print(f"undercroft advisories: {error}{kept}", file=sys.stderr)
        return 2


def _packages(header: "Header") -> str:
    counts = {ecosystem: len(names) for ecosystem, names in header.index.items()}
    return ", ".join(f"{ecosystem} {count} packages" for ecosystem, count in sorted(counts.items()))


def _update(args: argparse.Namespace) -> int:
    import sys
    from datetime import UTC, datetime

    from undercroft.catalogue import store
    from undercroft.catalogue.advisories.update import update
    from undercroft.cli import output

    folder = args.data or store.data_folder()
    done = update(args.source, folder, datetime.now(tz=UTC).date(), args.epss, args.kev, args.complete)
    wrong = sorted(line for line in done.report.lines if line[0] != "disagreement")
    for line in wrong[:_SHOWN]:
        print(": ".join(line), file=sys.stderr)
    if len(wrong) > _SHOWN:
        print(f"… and {len(wrong) - _SHOWN} more", file=sys.stderr)
    lines = [
        f"{done.path}",
        f"  {done.header.vulnerabilities} vulnerabilities; {_packages(done.header)}; newest change {done.header.date or 'unknown'}",
        f"  withdrawn and left out: {done.header.withdrawn}",
        f"  sha256 {done.header.digest}",
    ]
    old = done.before
    if old is not None:
        lines.append(f"  before: {old.vulnerabilities} vulnerabilities; {_packages(old)}; newest change {old.date}")
        fewer = [e for e, names in old.index.items() if len(done.header.index.get(e, {})) * 2 < len(names)]
        if fewer:
            lines.append(f"  note: far fewer packages than before in {', '.join(sorted(fewer))}; is the export whole?")
        if old.date > done.header.date:
            lines.append(f"  note: older than the one before, whose newest change was {old.date}")
    output.write("\n".join(lines), None)
    return 0


def _status(args: argparse.Namespace) -> int:
    import json
    import sys
    from datetime import UTC, datetime

    from undercroft.catalogue import store
    from undercroft.catalogue.advisories.match import STALE_DAYS
    from undercroft.cli import output

    today = datetime.now(tz=UTC).date()
    opened = store.load(args.data)
    advisories = opened.advisories
    advisories.snapshot.verify()
    header = advisories.header
    stale = advisories.stale(today)
    facts = {
        "path": str(opened.path),
        "shipped": opened.shipped,
        "date": header.date,
        "age_days": advisories.age_days(today),
        "stale": stale,
        "built": header.built,
        "vulnerabilities": header.vulnerabilities,
        "withdrawn_left_out": header.withdrawn,
        "ecosystems": {
            ecosystem: {
                "packages": len(names),
                "date": header.dates.get(ecosystem, ""),
                "complete": ecosystem in header.complete,
            }
            for ecosystem, names in header.index.items()
        },
        "sources": [{"name": s.name, "licence": s.licence, "records": s.records} for s in header.sources],
        "digest": header.digest,
    }
    if opened.note:
        print(f"undercroft advisories: {opened.note}", file=sys.stderr)
    if args.format == "json":
        output.write(json.dumps(facts, indent=2), None)
        return 0
    age = facts["age_days"]
    lines = [
        f"{'shipped snapshot' if opened.shipped else opened.path}: newest change {header.date or 'unknown'}"
        + (f", {age} days ago" if age is not None else ""),
        f"  {header.vulnerabilities} vulnerabilities; withdrawn and left out: {header.withdrawn}",
        *(
            f"  {ecosystem}: {len(names)} packages{' (complete)' if ecosystem in header.complete else ''},"
            f" newest change {header.dates.get(ecosystem) or 'unknown'}"
            for ecosystem, names in sorted(header.index.items())
        ),
        *(f"  source: {s.name}, {s.licence or 'licence not stated'}, {s.records} records" for s in header.sources),
        f"  sha256 {header.digest}",
    ]
    if stale:
        lines.append(
            f"  stale: older than {STALE_DAYS} days. undercroft advisories update SOURCE takes in a newer one."
        )
    output.write("\n".join(lines), None)
    return 0
