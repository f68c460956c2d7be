"""What is expected against what is there. Pure.

A service is found by its addresses, failing that by its name. What was not looked at is never called missing, and what cannot
be known is never called equal: both are differences of the kind ``unknown``, with what would settle them.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from undercroft.loop.expected import REACHES, UNRECOGNISED, Expected, Service
from undercroft.loop.services import Found, found
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.finding import weigh
from undercroft.model.result import Difference, Unread
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin
from undercroft.model.verdict import Severity
from undercroft.scan.graph import Graph
from undercroft.scan.join import place
from undercroft.versions.pep440 import satisfies


@dataclass(frozen=True, slots=True)
class Looked:
    """What the scan behind a graph looked at."""

    files: bool
    """Whether declarations were read."""
    addresses: frozenset[str] = frozenset()
    """``host:port`` that were asked over the network."""
    unread: tuple[Unread, ...] = ()
    """What could not be looked at."""

    def at(self, address: str) -> bool:
        return place(address) in {place(a) for a in self.addresses}

    def silent(self, address: str) -> Unread | None:
        """The entry for an address that was asked and did not answer."""
        return next(
            (u for u in self.unread if not u.partial and ":" in u.place and place(u.place) == place(address)), None
        )

    def hidden(self, wanted: AbstractSet[str]) -> list[Unread]:
        """Addresses that were asked, that no expected service has, and of which nobody can say whether something is there."""
        asked = {place(a) for a in self.addresses}
        return [
            u
            for u in self.unread
            if not u.partial
            and ":" in u.place
            and place(u.place) in asked - wanted
            and "refused" not in u.reason.lower()
        ]


def _path(exposure: Exposure) -> str:
    hops = "; ".join(hop.what for hop in exposure.path)
    return ": ".join(part for part in (hops, exposure.reason) if part) or "nothing read so far says who can reach it"


def _difference(
    kind: str,
    subject: str,
    field: str,
    expected: str,
    seen: str,
    severity: Severity,
    path: str,
    evidence: Sequence[Evidence] = (),
) -> Difference:
    return Difference(
        kind, subject, field, expected, seen, Risk.TTP_DRIFT, severity, path, tuple(dict.fromkeys(evidence))
    )


def _unknown(subject: str, field: str, expected: str, path: str, evidence: Sequence[Evidence] = ()) -> Difference:
    return _difference("unknown", subject, field, expected, "unknown", Severity.LOW, path, evidence)


def _component(name: str, want: Service, service: Found) -> Iterator[Difference]:
    have = service.slug or UNRECOGNISED
    if have == want.component:
        return
    if service.running is None:
        if service.answered or not service.workload.image:
            why = (
                "something answers there, and no product is recognised"
                if service.answered
                else "the declaration names no product"
            )
            yield _unknown(name, "component", want.component, why, service.evidence)
            return
        yield _unknown(
            name,
            "component",
            want.component,
            f"image {service.workload.image.value} is no product the catalogue knows",
            service.evidence,
        )
        return
    yield _difference(
        "changed", name, "component", want.component, have, weigh(Severity.CRITICAL, service.workload.exposure)[0],
        service.running.component.reason, service.running.component.evidence or service.evidence,
    )  # fmt: skip


def _version(name: str, want: Service, service: Found) -> Iterator[Difference]:
    if want.version is None or service.slug != want.component:
        return
    version, reason = service.version
    verdict = satisfies(version, want.specifier)
    evidence = service.running.component.evidence if service.running else service.evidence
    if verdict is None:
        yield _unknown(name, "version", want.version, reason, evidence)
    elif not verdict:
        yield _difference("changed", name, "version", want.version, version or "", Severity.MEDIUM, reason, evidence)


def _exposure(name: str, want: Service, service: Found) -> Iterator[Difference]:
    if want.exposure is None:
        return
    exposure, allowed = service.workload.exposure, REACHES[want.exposure]
    evidence = [hop.evidence for hop in exposure.path if hop.evidence] or list(service.evidence)
    if exposure.reach is None:
        yield _unknown(name, "exposure", f"at most {want.exposure}", _path(exposure), evidence)
    elif exposure.reach > allowed:
        severity = weigh(Severity.CRITICAL, exposure)[0]
        yield _difference(
            "changed", name, "exposure", f"at most {want.exposure}", exposure.label, severity, _path(exposure), evidence
        )


def _switch(name: str, field: str, wanted: bool | str | None, service: Found) -> Iterator[Difference]:
    if wanted is None:
        return
    want = wanted in (True, "on")
    have, setting = service.switch(field)
    evidence = (setting.evidence if setting else ()) or service.evidence
    if have is None:
        reason = (
            setting.reason if setting and setting.reason else "nothing read so far tells; scan the running endpoint"
        )
        yield _unknown(name, field, _word(want), reason, evidence)
    elif have != want:
        severity = weigh(Severity.CRITICAL if field == "authentication" else Severity.HIGH, service.workload.exposure)[
            0
        ]
        assert setting is not None
        how = {Origin.EXPLICIT: "written so, or answered so", Origin.DEFAULT: "nobody sets it"}[setting.origin]
        lowered = severity if want else Severity.LOW  # more protection than was expected is worth a note
        yield _difference("changed", name, field, _word(want), _word(have), lowered, setting.reason or how, evidence)


def _word(on: bool) -> str:
    return "on" if on else "off"


def _image(name: str, want: Service, service: Found) -> Iterator[Difference]:
    if want.image is None:
        return
    image = service.workload.image
    if image is None or image.value is None:
        why = image.reason if image is not None and image.reason else "which image runs is not visible from here"
        yield _unknown(name, "image", want.image, why, service.evidence)
    elif service.digest is None:
        yield _unknown(
            name, "image", want.image, f"{image.value} names no digest, so any image may run under it", service.evidence
        )
    elif service.digest != want.image:
        evidence = (image.evidence,) if image.evidence else service.evidence
        yield _difference(
            "changed", name, "image", want.image, service.digest, Severity.HIGH, f"image {image.value}", evidence
        )


def _addresses(name: str, want: Service, services: Sequence[Found], looked: Looked) -> Iterator[Difference]:
    if not want.addresses:
        return
    wanted = {place(address) for address in want.addresses}
    for service in services:
        for listener in service.workload.listeners:
            for address in listener.addresses:
                if place(address) not in wanted:
                    yield _difference(
                        "unexpected", name, "address", ", ".join(want.addresses), address, weigh(Severity.HIGH, listener.exposure)[0],
                        _path(listener.exposure), (listener.evidence,) if listener.evidence else service.evidence,
                    )  # fmt: skip
    answering = frozenset().union(*(s.places for s in services if s.answered))
    for address in want.addresses:
        silent = looked.silent(address)
        if silent is not None and place(address) not in answering:
            yield _silence(name, "address", address, silent)


def _silence(name: str, field: str, expected: str, silent: Unread) -> Difference:
    if "refused" in silent.reason.lower():
        return _difference(
            "missing", name, field, expected, "nothing", Severity.MEDIUM, f"{silent.place}: {silent.reason}"
        )
    remedy = f"; {silent.remedy}" if silent.remedy else ""
    return _unknown(name, field, expected, f"{silent.place}: {silent.reason}{remedy}")


def _absent(name: str, want: Service, looked: Looked) -> Difference:
    expected = f"{want.component} at {', '.join(want.addresses)}" if want.addresses else want.component
    for address in want.addresses:
        silent = looked.silent(address)
        if silent is not None:
            return _silence(name, "service", expected, silent)
    if looked.files:
        doubts = [u.place for u in looked.unread if not u.partial and ":" not in u.place]
        if doubts:
            return _unknown(
                name,
                "service",
                expected,
                f"no file that was read declares it; {', '.join(doubts[:3])} could not be read",
            )
        return _difference(
            "missing", name, "service", expected, "nothing", Severity.MEDIUM, "no file that was read declares it"
        )
    asked = [address for address in want.addresses if looked.at(address)]
    if asked:
        return _difference(
            "missing", name, "service", expected, "nothing", Severity.MEDIUM, f"nothing answered at {', '.join(asked)}"
        )
    where = want.addresses[0] if want.addresses else "its manifests"
    return _unknown(name, "service", expected, f"it was not looked at; give {where} as a target")


def _matched(name: str, want: Service, services: Sequence[Found]) -> list[Found]:
    """The services of this name, by address first. A second component in one workload is left to its own entry."""
    wanted = {place(address) for address in want.addresses}
    same = [s for s in services if s.places & wanted]
    if not same:
        same = [s for s in services if name in s.names and not (s.places and wanted)]
        right = [s for s in same if (s.slug or UNRECOGNISED) == want.component]
        return right or same
    right = [s for s in same if (s.slug or UNRECOGNISED) == want.component]
    assets = {s.workload.asset.key for s in right}
    return right + [s for s in same if s.workload.asset.key not in assets]


def compare(expected: Expected, graph: Graph, looked: Looked) -> tuple[Difference, ...]:
    """Every difference between what is expected and what the graph holds, worst first."""
    services = list(found(graph))
    differences: list[Difference] = []
    accounted: set[tuple[str, str | None]] = set()
    for name, want in expected.services.items():
        matched = _matched(name, want, services)
        accounted |= {(s.workload.asset.key, s.slug) for s in matched}
        if not matched:
            differences.append(_absent(name, want, looked))
            continue
        for service in matched:
            differences += _component(name, want, service)
            differences += _version(name, want, service)
            differences += _exposure(name, want, service)
            differences += _image(name, want, service)
            if want.component in {service.slug, UNRECOGNISED}:
                differences += _switch(name, "authentication", want.authentication, service)
                differences += _switch(name, "tls", want.tls, service)
        differences += _addresses(name, want, matched, looked)
    wanted = {place(address) for want in expected.services.values() for address in want.addresses}
    differences += [_unseen(unread) for unread in looked.hidden(wanted)]
    differences += [_unexpected(s) for s in services if (s.workload.asset.key, s.slug) not in accounted]
    return tuple(sorted(dict.fromkeys(differences), key=lambda d: (-d.severity.rank, d.subject, d.field, d.found)))


def _unseen(unread: Unread) -> Difference:
    remedy = f"; {unread.remedy}" if unread.remedy else ""
    return _unknown(unread.place, "service", "nothing", f"it could not be looked at: {unread.reason}{remedy}")


def _unexpected(service: Found) -> Difference:
    exposure = service.workload.exposure
    where = f" at {', '.join(service.addresses)}" if service.addresses else ""
    how = "it answers" if service.answered else "a file declares it"
    return _difference(
        "unexpected", service.name, "service", "nothing", f"{service.product}{where}", weigh(Severity.CRITICAL, exposure)[0],
        f"{how}; {_path(exposure)}", service.evidence,
    )  # fmt: skip
