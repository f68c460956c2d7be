"""Where attack paths start: components that ask nobody or let a known password in, open stores of a cloud, pipelines that run
a stranger's code. Pure.

Who can reach a thing has to be known. An exposure that is unknown, or an identity asked for on the way in, starts no path.
"""

import re
from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure, Reach
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.scan.addresses import Ground
from undercroft.scan.credentials import written
from undercroft.scan.graph import Graph, Listener, Running, Workload
from undercroft.scan.passwords import Strength
from undercroft.scan.reachable import STORES, answering, places
from undercroft.scan.ways import Entry, Place, Way
from undercroft.scan.ways_out import RUNS_CODE, head, service

_ASIDE = frozenset({"metrics", "internal"})
_LOGIN = re.compile(r"(?:^|-)(?:password|api-key|token|requirepass|auth)$")
_OPENS = STORES | RUNS_CODE | {"tracking", "gateway"}


def _reached(graph: Graph, workload: Workload, running: Running) -> tuple[Exposure, tuple[Evidence, ...]] | None:
    """The widest way in to a component from outside its machine, and where that is written."""
    widest: Listener | None = None
    for listener in workload.listeners:
        reach = listener.exposure.reach
        if (
            reach is None
            or reach < Reach.PRIVATE
            or listener.role in _ASIDE
            or answering(workload, listener) is not running
        ):
            continue
        if widest is None or reach > (widest.exposure.reach or Reach.LOOPBACK):
            widest = listener
    if widest is None:
        return None
    guards = {f"{route.kind}/{route.name}" for route in graph.routes if route.identity}
    if guards and any(hop.what.partition(" ")[0] in guards for hop in widest.exposure.path):
        return None
    hops = tuple(hop.evidence for hop in widest.exposure.path if hop.evidence is not None)
    return widest.exposure, tuple(dict.fromkeys((*hops, *places(widest)))) or head(workload)


def _asks_nobody(workload: Workload, running: Running) -> tuple[Place, tuple[Evidence, ...]] | None:
    setting = running.setting("authentication")
    if not setting.known or setting.value != "off":
        return None
    return service(workload, running, "without authentication"), setting.evidence or running.component.evidence


def _default_login(workload: Workload, running: Running) -> tuple[Place, tuple[Evidence, ...]] | None:
    """The login a fresh installation has, where it is known that nothing replaces it."""
    for each in running.fact.credentials:
        setting = running.settings.get(each.setting)
        if (
            each.active
            and not each.versions
            and setting is not None
            and setting.known
            and setting.value in {None, each.secret}
        ):
            evidence = setting.evidence if setting.origin is Origin.EXPLICIT else running.component.evidence
            return service(workload, running, "with its documented default login"), evidence or head(workload)
    return None


def _password(workload: Workload, running: Running) -> tuple[Place, tuple[Evidence, ...], bool] | None:
    """A store's own password where it stands in the files: place, evidence, and whether it cannot be guessed."""
    own = {
        str(setting.value)
        for name, setting in running.settings.items()
        if _LOGIN.search(name)
        and not name.startswith("client-")
        and setting.known
        and setting.origin is Origin.EXPLICIT
        and setting.value
    }
    for each in written(Graph(workloads=(workload,))) if own and running.fact.kind in STORES else ():
        if each.url or each.value.strip("\"'") not in own or each.strength is Strength.EMPTY:
            continue
        if each.strength is Strength.UNKNOWN:
            return service(workload, running, f"with the password that stands in {each.name}"), each.evidence, True
        return service(workload, running, f"with the guessable password in {each.name}"), each.evidence, False
    return None


def components(ground: Ground) -> Iterator[Entry]:
    """Components that let in whoever reaches them."""
    for workload, running in ground.graph.components():
        if running.fact.kind not in _OPENS:
            continue
        reached = _reached(ground.graph, workload, running)
        if reached is None:
            continue
        exposure, opening = reached
        found = _asks_nobody(workload, running) or _default_login(workload, running)
        if found is not None:
            place, evidence = found
            risk, leaked, how = Risk.MIS_ADMIN, False, "it lets in whoever reaches it"
            if running.fact.kind in STORES:
                risk = Risk.SYS_STORE
        elif (password := _password(workload, running)) is not None:
            (place, evidence, leaked), risk, how = password, Risk.MIS_CRED, "its password is no secret"
        else:
            continue
        yield Entry(exposure.label, exposure, opening, Way(place, how, evidence, risk), leaked)
