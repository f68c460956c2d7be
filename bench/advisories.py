"""Agreement, speed and memory of the advisory matching, on a corpus folder that holds ``osv-ml.zip`` (and ``index.csv``).

    python bench/advisories.py CORPUS/advisories

Agreement: an oracle of a few lines, on ``packaging`` and the OSV records alone, answers every (package, version) pair; versions are
the records' bounds, their neighbours and the listed versions. What the oracle says is affected must be exactly what the
snapshot says. Pairs whose verdict the records leave open (bounds that are no version) are counted apart.

Speed: opening the shipped snapshot, 5,000 packages as an SBOM would list them, 10,000 images' server versions; this process's
CPU time, the best of some runs. pip-audit has no figure here: it sends each package to a server and matches nothing itself.
"""

import json
import random
import resource
import sys
import time
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from undercroft.catalogue import store
from undercroft.catalogue.advisories.build import build
from undercroft.catalogue.advisories.match import Advisories
from undercroft.catalogue.advisories.snapshot import Snapshot
from undercroft.model.verdict import Verdict

MOST = 250
"""Versions looked at of one package: a package with 400 records has thousands of bounds and neighbours."""


def parsed(text: str) -> Version | None:
    """``text`` as a version or ``None``."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


class Oracle:
    """The OSV schema's evaluation of one record's package, word by word."""

    def __init__(self, affected: dict[str, Any]) -> None:
        self.listed = {parsed(text) for text in affected.get("versions", ())} - {None}
        self.spans: list[list[tuple[Version, str]]] = []
        self.readable = bool(affected.get("ranges") or affected.get("versions"))
        for span in affected.get("ranges", ()):
            if span["type"] == "GIT":
                continue
            events = [(kind, text) for event in span["events"] for kind, text in event.items()]
            bounds = [(Version("0.dev0") if text == "0" else parsed(text), kind) for kind, text in events]
            known = [(bound, kind) for bound, kind in bounds if bound is not None]
            if len(known) == len(bounds):
                self.spans.append(sorted(known, key=lambda bound: bound[0]))
            else:
                self.readable = False

    def says(self, version: Version) -> bool | None:
        """Affected, not affected, or ``None`` where a bound is no version."""
        if version in self.listed:
            return True
        for events in self.spans:
            inside = False
            for bound, kind in events:
                if kind == "introduced" and version >= bound:
                    inside = True
                elif (kind == "fixed" and version >= bound) or (kind == "last_affected" and version > bound):
                    inside = False
            if inside:
                return True
        return False if self.readable else None


def neighbours(version: Version) -> list[str]:
    """Versions just beside ``version``."""
    release = list(version.release)
    head = f"{version.epoch}!" if version.epoch else ""
    up, down = [*release[:-1], release[-1] + 1], [*release[:-1], max(0, release[-1] - 1)]
    base = head + ".".join(map(str, release))
    return [
        str(version), base, f"{base}rc1", f"{base}.dev0", f"{base}.post1", f"{base}.0.1",
        head + ".".join(map(str, up)), head + ".".join(map(str, down)),
    ]  # fmt: skip


def agreement(folder: Path) -> tuple[int, int, int, int]:
    """Pairs, pairs that agree, pairs left open, withdrawn records that were reported."""
    data, _ = build(folder / "osv-ml.zip", None, store_day())
    advisories = Advisories(Snapshot(data))
    records: dict[str, list[tuple[str, Oracle]]] = defaultdict(list)
    versions: dict[str, set[str]] = defaultdict(set)
    withdrawn: set[str] = set()
    with zipfile.ZipFile(folder / "osv-ml.zip") as archive:
        for name in archive.namelist():
            record = json.loads(archive.read(name))
            for affected in record["affected"]:
                if affected["package"]["ecosystem"] != "PyPI":
                    continue
                package = str(canonicalize_name(affected["package"]["name"]))
                if record.get("withdrawn"):
                    withdrawn.add(record["id"])
                else:
                    records[package].append((record["id"], Oracle(affected)))
                bounds = [
                    t for r in affected.get("ranges", ()) if r["type"] != "GIT" for e in r["events"] for t in e.values()
                ]
                for text in bounds:
                    bound = parsed(text)
                    versions[package].update(neighbours(bound) if bound is not None else ())
                versions[package].update(t for t in affected.get("versions", ()) if parsed(t) is not None)
    chance = random.Random(20)
    pairs = agree = open_ = leaked = 0
    for package, some in sorted(versions.items()):
        chosen = sorted(some)
        for text in chance.sample(chosen, min(len(chosen), MOST)):
            version = parsed(text)
            assert version is not None
            said = [(record, oracle.says(version)) for record, oracle in records[package]]
            got = advisories.match("PyPI", package, text)
            doubted = {name for one in got.undecided for name in (one.id, *one.aliases)}
            want = {record for record, verdict in said if verdict}
            loose = {record for record, verdict in said if verdict is None} | doubted
            have = {record for one in got.affected for record in one.records}
            have_vulnerabilities = {
                name for one in got.affected for name in (one.vulnerability.id, *one.vulnerability.aliases)
            }
            leaked += len(have & withdrawn)
            pairs += 1
            open_ += bool(loose & {record for record, _ in said})
            same = want <= have_vulnerabilities and not {
                record for one in got.affected for record in one.records if not want & set(one.records)
            } - loose  # fmt: skip
            agree += same
            if not same:
                print("differs:", package, text, sorted(want - have)[:3], sorted(have - want - loose)[:3])
    return pairs, agree, open_, leaked


def store_day() -> Any:
    """A day for the build; the figure does not depend on it."""
    from datetime import date

    return date(2026, 12, 31)


def best(work: Any, times: int = 5) -> float:
    """Least CPU seconds of some runs."""
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def peak() -> float:
    """This process's largest memory so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def speed() -> None:
    """Times of the shipped snapshot."""
    print(f"open the shipped snapshot: {best(lambda: store.read(store.SHIPPED)) * 1e3:.1f} ms; memory {peak():.0f} MiB")
    advisories = Advisories(store.read(store.SHIPPED))
    chance = random.Random(5)
    known = [("PyPI", name) for name in advisories.header.index["PyPI"]] + [
        ("Go", n) for n in advisories.header.index["Go"]
    ]
    digits = [f"{chance.randrange(5)}.{chance.randrange(30)}.{chance.randrange(10)}" for _ in range(400)]
    sbom = [(*chance.choice(known), chance.choice(digits)) for _ in range(1000)]
    sbom += [("PyPI", f"package-{i}", chance.choice(digits)) for i in range(4000)]
    chance.shuffle(sbom)
    servers = ["vllm", "mlflow", "ray", "jupyter-server", "bentoml", "gradio", "litellm", "tensorflow"]
    images = [("PyPI", chance.choice(servers), chance.choice(digits)) for _ in range(10_000)]

    def fresh(wanted: list[tuple[str, str, str]]) -> int:
        asked = Advisories(store.read(store.SHIPPED))
        return sum(asked.match(*one).verdict is Verdict.PRESENT for one in wanted)

    print(
        f"5,000 packages of an SBOM (1,000 with advisories), snapshot opened anew: {best(lambda: fresh(sbom), 3):.2f} s CPU"
    )
    print(f"10,000 image versions of 8 servers, snapshot opened anew: {best(lambda: fresh(images), 3):.2f} s CPU")
    print(f"largest memory: {peak():.0f} MiB")


def main() -> int:
    """Prints the figures."""
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "osv-ml.zip").is_file():
        print("usage: python bench/advisories.py FOLDER (which holds osv-ml.zip)", file=sys.stderr)
        return 2
    speed()
    start = time.process_time()
    pairs, agree, loose, leaked = agreement(Path(sys.argv[1]))
    print(f"agreement with the oracle: {agree} of {pairs} (package, version) pairs, {agree / pairs:.4%}")
    print(f"pairs with a record whose bounds are left open: {loose}; withdrawn records reported: {leaked}")
    print(f"(oracle and matching took {time.process_time() - start:.0f} s CPU)")
    return 0 if agree == pairs and not leaked else 1


if __name__ == "__main__":
    sys.exit(main())
