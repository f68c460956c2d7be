"""A scan report read back: JSON as the nouns it was written from. A report that does not fit is refused with the place.

The other half of :mod:`undercroft.report.json`; a round trip through both is tested, so that the two cannot drift apart.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from undercroft.model.asset import Asset, Certainty, Component
from undercroft.model.evidence import EndpointEvidence, Evidence, FileEvidence, HostEvidence
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.finding import Finding, Vulnerability
from undercroft.model.fix import Edit, Fix
from undercroft.model.result import AttackPath, Held, ScanResult, Seen, Step, Suppressed, Unread
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Persona, Severity, Verdict

_T = TypeVar("_T")

SCHEMA = "urn:undercroft:scan:1"
"""Name of this shape. The number changes when a field changes its meaning or goes; new fields keep it."""


class UnreadableReport(ValueError):
    """The text is not a scan report of this version; the message says where it differs."""


def parse(text: str) -> ScanResult:
    """The scan a report tells of. Raises :class:`UnreadableReport` with the place of the first difference."""
    try:
        document = json.loads(text)
    except RecursionError:
        raise UnreadableReport("nested too deeply to be a scan report") from None
    except ValueError as error:
        raise UnreadableReport(f"not JSON: {error}; give the file that `undercroft scan --format json` wrote") from None
    top = _Node(document, "report")
    if (schema := top.get("schema")) != SCHEMA:
        raise UnreadableReport(
            f"report.schema is {str(schema)[:60]!r}, this version reads {SCHEMA!r}; scan again with this version"
        )
    summary = top.node("summary")
    return ScanResult(
        top.texts("targets"),
        top.texts("scope"),
        tuple(_read_finding(n) for n in top.nodes("findings")),
        tuple(_read_seen(n) for n in top.nodes("inventory")),
        tuple(
            Unread(n.text("place"), n.text("reason"), n.flag("partial"), n.text("remedy"))
            for n in top.nodes("could_not_read")
        ),
        summary.number("files"),
        summary.number("endpoints"),
        top.texts("joined"),
        tuple(
            Suppressed(n.text("check"), n.text("asset"), n.text("fingerprint"), n.text("reason"), n.text("by"))
            for n in (top.nodes("suppressed") if top.get("suppressed") is not None else ())
        ),
        tuple(_read_attack_path(n) for n in (top.nodes("attack_paths") if top.get("attack_paths") is not None else ())),
        packages=tuple(
            Held(
                n.text("ecosystem"),
                n.text("package"),
                n.maybe_text("version"),
                n.text("asset"),
                n.text("where"),
                n.text("reason"),
            )
            for n in (top.nodes("packages") if top.get("packages") is not None else ())
        ),
    )


class _Node:
    """A JSON object that knows its place, so that an error can say it."""

    __slots__ = ("place", "value")

    def __init__(self, value: object, place: str) -> None:
        self.place = place
        if not isinstance(value, Mapping):
            self.fail("", "an object", value)
        self.value: Mapping[str, Any] = value

    def fail(self, name: str, wanted: str, value: object) -> NoReturn:
        where = f"{self.place}.{name}" if name else self.place
        raise UnreadableReport(
            f"{where} is {type(value).__name__}, not {wanted}; the file is damaged or another program wrote it"
        )

    def get(self, name: str) -> Any:
        return self.value.get(name)

    def text(self, name: str) -> str:
        value = self.get(name)
        return value if isinstance(value, str) else self.fail(name, "text", value)

    def maybe_text(self, name: str) -> str | None:
        return None if self.get(name) is None else self.text(name)

    def number(self, name: str) -> int:
        value = self.get(name)
        return (
            value
            if isinstance(value, int) and not isinstance(value, bool)
            else self.fail(name, "a whole number", value)
        )

    def maybe_decimal(self, name: str) -> float | None:
        value = self.get(name)
        if value is None:
            return None
        return (
            float(value)
            if isinstance(value, int | float) and not isinstance(value, bool)
            else self.fail(name, "a number", value)
        )

    def flag(self, name: str) -> bool:
        value = self.get(name)
        return value if isinstance(value, bool) else self.fail(name, "true or false", value)

    def _list(self, name: str) -> list[Any]:
        value = self.get(name)
        return value if isinstance(value, list) else self.fail(name, "a list", value)

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(v if isinstance(v, str) else self.fail(name, "a list of texts", v) for v in self._list(name))

    def node(self, name: str) -> "_Node":
        return _Node(self.get(name), f"{self.place}.{name}")

    def nodes(self, name: str) -> "list[_Node]":
        return [_Node(v, f"{self.place}.{name}[{i}]") for i, v in enumerate(self._list(name))]

    def one_of(self, name: str, words: Mapping[str, _T]) -> _T:
        value = self.get(name)
        if not isinstance(value, str) or value not in words:
            raise UnreadableReport(f"{self.place}.{name} is none of {', '.join(words)}")
        return words[value]


_REACHES: dict[str, Reach | None] = {r.label: r for r in Reach} | {"unknown": None}


def _read_finding(node: _Node) -> Finding:
    asset, exposure = node.node("asset"), node.node("exposure")
    return Finding(
        node.text("check"),
        node.text("title"),
        node.one_of("verdict", {v.value: v for v in Verdict}),
        node.one_of("severity", {s.value: s for s in Severity}),
        node.one_of("confidence", {c.value: c for c in Confidence}),
        node.one_of("persona", {p.value: p for p in Persona}),
        node.one_of("risk", {r.value: r for r in Risk}),
        Asset(
            asset.text("key"),
            asset.text("kind"),
            asset.text("name"),
            tuple(_read_component(n) for n in asset.nodes("components")),
        ),
        Exposure(
            exposure.one_of("reach", _REACHES),
            tuple(_read_hop(n) for n in exposure.nodes("path")),
            exposure.text("reason"),
        ),
        node.text("why"),
        _read_fix(node.node("fix")),
        tuple(_read_evidence(n) for n in node.nodes("evidence")),
        node.text("fingerprint"),
        node.texts("references"),
        node.text("settled_by"),
        _read_vulnerability(node) if "package" in node.value else None,
    )


def _read_vulnerability(node: _Node) -> Vulnerability:
    return Vulnerability(
        node.text("ecosystem"),
        node.text("package"),
        node.maybe_text("version"),
        node.maybe_text("id"),
        node.texts("aliases"),
        node.maybe_text("fixed"),
        node.maybe_text("upgrade"),
        node.maybe_decimal("score"),
        node.text("cvss"),
        node.maybe_decimal("epss"),
        node.flag("exploited"),
        node.texts("exploits"),
        node.text("published"),
        node.text("source"),
    )


def _read_attack_path(node: _Node) -> AttackPath:
    steps = tuple(
        Step(n.text("what"), n.text("how"), tuple(_read_evidence(e) for e in n.nodes("evidence")))
        for n in node.nodes("steps")
    )
    known = {r.value: r for r in Risk}
    risks = node.texts("risks")
    if any(risk not in known for risk in risks):
        raise UnreadableReport(f"{node.place}.risks holds a row that the register does not have")
    severity = node.one_of("severity", {s.value: s for s in Severity})
    return AttackPath(steps, tuple(known[risk] for risk in risks), severity, node.text("why"))


def _read_component(node: _Node) -> Component:
    return Component(
        node.text("component"),
        node.maybe_text("version"),
        node.one_of("certainty", {c.value: c for c in Certainty}),
        node.text("reason"),
        tuple(_read_evidence(n) for n in node.nodes("evidence")),
    )


def _read_hop(node: _Node) -> Hop:
    return Hop(node.text("what"), None if node.get("evidence") is None else _read_evidence(node.node("evidence")))


def _read_fix(node: _Node) -> Fix:
    edits = tuple(
        Edit(
            n.text("file"),
            n.number("line"),
            n.text("digest"),
            n.number("start"),
            n.number("end"),
            n.text("new"),
            n.number("remove_lines"),
        )
        for n in node.nodes("edits")
    )
    return Fix(node.text("summary"), edits, node.text("note"))


def _read_evidence(node: _Node) -> Evidence:
    if "file" in node.value:
        return FileEvidence(node.text("file"), node.number("line"), node.number("column"), node.text("text"))
    if "endpoint" in node.value:
        return EndpointEvidence(node.text("endpoint"), node.text("request"), node.text("response"))
    return HostEvidence(node.text("fact"), node.text("command"), node.text("text"))


def _read_seen(node: _Node) -> Seen:
    return Seen(
        node.text("asset"),
        node.text("name"),
        node.text("component"),
        node.maybe_text("version"),
        node.text("reason"),
        node.text("depth"),
        node.text("exposure"),
        node.texts("addresses"),
        node.texts("sources"),
    )
