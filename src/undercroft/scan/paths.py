"""Attack paths: from who can reach something to what is worth stealing, each step with its evidence. Pure.

A finding says that one thing is wrong; a path says what it leads to. The search goes breadth-first from every entry, so each
path is a shortest one, and every bound is written below: the result is the same for the same graph, and small for any.
"""

from collections import deque
from collections.abc import Iterator

from undercroft.model.exposure import Reach
from undercroft.model.finding import weigh
from undercroft.model.redact import redact
from undercroft.model.result import AttackPath, Step
from undercroft.scan import ways_cloud, ways_in, ways_pipelines
from undercroft.scan.addresses import Ground
from undercroft.scan.graph import Graph
from undercroft.scan.ways import GOALS, Entry, Kind, Place, Way
from undercroft.scan.ways_out import onward

HOPS = 6
"""Steps of a path behind its entry: a longer one convinces nobody and can hardly be walked unseen."""
PATHS = 50
"""Paths of one scan."""
ENTRIES = 200
"""Entries that are followed, those of the internet first."""
PLACES = 1_000
"""Places that are visited from one entry."""
EVIDENCE = 4
"""Places quoted for one step."""

_Trail = tuple[Way, ...]


def entries(ground: Ground) -> list[Entry]:
    """Every way in, the widest first, each component once."""
    found = [*ways_in.components(ground), *ways_cloud.entries(ground), *ways_pipelines.entries(ground)]
    best: dict[Place, Entry] = {}
    for each in sorted(found, key=_breadth):
        if each.opening and each.way.evidence:
            best.setdefault(each.way.to, each)
    return list(best.values())[:ENTRIES]


def _breadth(entry: Entry) -> tuple[int, bool, str, str]:
    reach = entry.exposure.reach
    return -(Reach.LOOPBACK if reach is None else reach), entry.leaked, entry.way.to.kind, entry.way.to.key


def trails(ground: Ground, entry: Entry, known: dict[Place, _Trail]) -> Iterator[_Trail]:
    """The shortest trail from an entry to each goal. No place is visited twice, so no trail loops.

    ``known`` keeps the ways from a place, so that the next entry does not ask for them again.
    """
    if entry.way.to.kind in GOALS:
        yield (entry.way,)
    seen = {entry.way.to}
    waiting: deque[_Trail] = deque([(entry.way,)])
    while waiting:
        trail = waiting.popleft()
        if len(trail) == HOPS:
            continue
        here = trail[-1].to
        if here not in known:
            known[here] = tuple(way for way in onward(ground, here) if way.evidence)
        for way in known[here]:
            if way.to in seen:
                continue
            if len(seen) == PLACES:
                return
            seen.add(way.to)
            if way.to.kind in GOALS:
                yield (*trail, way)
            waiting.append((*trail, way))


def _path(entry: Entry, trail: _Trail) -> AttackPath:
    severity, sentence = (
        weigh(entry.base, entry.exposure) if entry.weighed else (entry.base, f"{entry.base} wherever it stands")
    )
    if entry.leaked:
        severity = severity.lowered(1)
        sentence += f"; it takes a password that stands in the files, so {severity}"
    first = Step(entry.who, entry.exposure.reason, entry.opening[:EVIDENCE])
    steps = (first, *(Step(redact(way.to.what), redact(way.how), way.evidence[:EVIDENCE]) for way in trail))
    number = "One step leads" if len(trail) == 1 else f"{len(trail)} steps lead"
    start = entry.who if entry.exposure.reach is None else f"the {entry.who}"
    why = f"{number} from {start} to {steps[-1].what}. {sentence[0].upper()}{sentence[1:]}."
    return AttackPath(steps, tuple(dict.fromkeys(way.risk for way in trail)), severity, why)


def _stays(trail: _Trail) -> bool:
    """Whether a trail ends where it began: at the own data of the component that is entered."""
    first, last = trail[0].to, trail[-1].to
    return first.workload is not None and first.workload is last.workload


def attack_paths(graph: Graph) -> tuple[AttackPath, ...]:
    """At most :data:`PATHS` paths, worst first. Of equals, one of each entry comes before a second of any; then those that join
    several things come before those that stay at one, what ends in data before what ends in control, the shorter before the longer.

    A path that only leads a part of the way of another from the same entry is left out.
    """
    ground = Ground.of(graph)
    found: list[tuple[tuple[int, int, bool, int, int, str], AttackPath]] = []
    known: dict[Place, _Trail] = {}
    for entry in entries(ground):
        those = list(trails(ground, entry, known))
        passed = {way.to for trail in those for way in trail[:-1]}  # shortest trails from one place are a tree
        whole = [trail for trail in those if trail[-1].to not in passed]
        for turn, trail in enumerate(sorted(whole, key=lambda t: (_worth(t), len(t), _name(t)))):
            path = _path(entry, trail)
            rank = (-path.severity.rank, turn, _stays(trail), _worth(trail), len(trail), _name(trail))
            found.append((rank, path))
    found.sort(key=lambda each: each[0])
    return tuple(path for _, path in found[:PATHS])


def _worth(trail: _Trail) -> int:
    return {Kind.DATA: 0, Kind.ACCOUNT: 1}.get(trail[-1].to.kind, 2)


def _name(trail: _Trail) -> str:
    return "\x1f".join(f"{way.to.kind}:{way.to.key}" for way in trail)
