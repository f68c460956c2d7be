"""Scores a labelled tree of real deployment files: how many known problems are found, and what is said of files that are sound.

``python bench/corpus/score.py TREE [--misses] [--false] [--sample N]``. The tree has

``files/``
    the files, one folder a repository.
``labels.csv``
    problems a careful reader saw: file, line, class, severity, tier, evidence, reason.
``clean_files.csv``
    files with few or no problems: file, tolerated_classes (separated by ``|``), note.

Recall counts labels of tier ``core``: a label is found when a finding of its class has evidence in its file within eight lines.
Findings count at persona ``regular`` and above severity ``info``. ``classes.toml`` says which of the tree's classes each check speaks of.
"""

import argparse
import csv
import random
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from undercroft.catalogue import loader
from undercroft.model.evidence import FileEvidence
from undercroft.model.finding import Finding
from undercroft.model.verdict import Persona, Severity, Verdict
from undercroft.scan.run import Request, scan

NEAR = 8
"""Lines a finding may be away from its label: a reader points at the port, a check at the service."""
CLASSES = Path(__file__).with_name("classes.toml")


@dataclass(frozen=True, slots=True)
class Label:
    """One line of ``labels.csv``."""

    file: str
    line: int
    cls: str
    severity: str
    tier: str
    evidence: str
    reason: str


def labels(tree: Path) -> list[Label]:
    """The labels of a tree."""
    with (tree / "labels.csv").open(encoding="utf-8", newline="") as rows:
        return [
            Label(r["file"], int(r["line"]), r["class"], r["severity"], r["tier"], r["evidence"], r["reason"])
            for r in csv.DictReader(rows)
        ]


def sound(tree: Path) -> dict[str, set[str]]:
    """Sound file → classes that may be raised there all the same."""
    with (tree / "clean_files.csv").open(encoding="utf-8", newline="") as rows:
        return {r["file"]: set(filter(None, r["tolerated_classes"].split("|"))) for r in csv.DictReader(rows)}


def classes(path: Path = CLASSES) -> dict[str, list[str]]:
    """Check → classes it speaks of, at most two."""
    found: dict[str, list[str]] = tomllib.loads(path.read_text(encoding="utf-8"))["classes"]
    crowded = [check for check, names in found.items() if len(names) > 2]
    if crowded:
        raise SystemExit(f"{path.name}: {crowded[0]} speaks of more than two classes; split the check")
    return found


def counted(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that count."""
    return [
        f
        for f in findings
        if f.verdict is Verdict.PRESENT and f.persona is Persona.REGULAR and f.severity > Severity.INFO
    ]


def places(finding: Finding) -> list[FileEvidence]:
    return [e for e in finding.evidence if isinstance(e, FileEvidence)]


def share(hit: int, of: int) -> str:
    return f"{hit:4}/{of:<4} {hit / of:6.1%}" if of else "   -"


def main(tree: Path, *, misses: bool, false: bool, sample: int) -> int:
    """Print the scores. Exit status 0 always: this measures, the reader judges."""
    speaks = classes()
    result = scan(Request((str(tree / "files"),)), dict(loader.load().components)).result
    findings = counted(result.findings)
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for finding in findings:
        for place in places(finding):
            for cls in speaks.get(finding.check, []):
                found[place.file, cls].append(place.line)
    core = [label for label in labels(tree) if label.tier == "core"]
    missed = [
        label
        for label in core
        if not any(abs(line - label.line) <= NEAR for line in found.get((label.file, label.cls), []))
    ]
    gone = {id(label) for label in missed}
    by_class: dict[str, list[bool]] = defaultdict(list)
    by_severity: dict[str, list[bool]] = defaultdict(list)
    for label in core:
        by_class[label.cls].append(id(label) not in gone)
        by_severity[label.severity].append(id(label) not in gone)
    for cls, hits in sorted(by_class.items()):
        print(f"{cls:28}{share(sum(hits), len(hits))}")
    print(f"\n{'recall, tier core':28}{share(len(core) - len(missed), len(core))}")
    grave = by_severity["critical"] + by_severity["high"]
    print(f"{'recall, critical and high':28}{share(sum(grave), len(grave))}")
    print(
        f"{'macro-recall over classes':28}{'':10}{sum(sum(h) / len(h) for h in by_class.values()) / len(by_class):6.1%}"
    )
    clean = sound(tree)
    wrong = [
        (finding, place.file)
        for finding in findings
        for place in places(finding)[:1]
        if place.file in clean and not set(speaks.get(finding.check, [finding.check])) & clean[place.file]
    ]
    print(
        f"{'false on sound files':28}{len(wrong):4} findings in {len({file for _, file in wrong})} of {len(clean)} files"
    )
    print(
        f"{'findings in all':28}{len(findings):4} in {result.files} files read, {len(result.could_not_read)} not read"
    )
    if misses:
        for label in missed:
            print(f"missed  {label.cls} {label.severity} {label.file}:{label.line}  {label.evidence}  ({label.reason})")
    if false:
        for finding, file in wrong:
            print(f"false   {finding.check} {file}  {finding.title}")
    if sample:
        labelled = {label.file for label in labels(tree)}
        pool = [f for f in findings if not {p.file for p in places(f)} & labelled]
        for finding in random.Random(1).sample(pool, min(sample, len(pool))):
            place = places(finding)[0]
            print(
                f"sample  {finding.severity!s:8} {finding.check:24} {finding.title}  {place.where}  {place.text[:120]}"
            )
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("--misses", action="store_true", help="list the labels that were not found")
    parser.add_argument("--false", action="store_true", help="list what is said of sound files")
    parser.add_argument(
        "--sample",
        type=int,
        default=0,
        metavar="N",
        help="draw findings in files without labels, to be judged one by one",
    )
    asked = parser.parse_args()
    sys.exit(main(asked.tree, misses=asked.misses, false=asked.false, sample=asked.sample))
