"""Which product answers, and how it is set, from read-only questions and recorded answers. Pure.

One generator holds the whole conversation: it yields a question, is sent the answer, and returns what was learnt. A socket
drives it in a scan, a dictionary of recordings drives it in a test; neither knows the catalogue.

Four rules keep it from claiming too much. A path nobody has is asked first: a server that answers it with a page answers
everything with a page, and an expectation that page also meets proves nothing. Only a ``product`` fingerprint names a
product; an API several products speak, or a hint, does not. Two products on one port mean that neither is claimed. A
version is text from a stranger: it is taken only where it looks like one.
"""

import re
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from undercroft.catalogue.schema import ComponentFact, Exchange, Expect, Fingerprint, VersionRead, WireSetting
from undercroft.model.asset import Certainty, Component
from undercroft.model.evidence import EndpointEvidence
from undercroft.model.setting import Origin, Setting, Value
from undercroft.scan.exchange import LATE, LOOKED_AT, Ask, Heard, Page, Reply, Silent, printable

SILENCES = 4
"""Questions without an answer after which no more are asked; two are enough where nothing was answered at all."""
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+!_\-]{0,63}")
_OPERATOR = re.compile(r"[<>=!~]")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a conversation taught."""

    component: Component | None
    """The product, where exactly one is certain."""
    fact: ComponentFact | None
    """The catalogue's knowledge of it."""
    observed: Mapping[str, Setting] = field(default_factory=dict)
    """What its answers tell of its settings."""
    reason: str = ""
    """Why no product is claimed; empty when one is."""
    conflict: tuple[str, ...] = ()
    """Slugs of several products that all seem to answer."""
    families: tuple[str, ...] = ()
    """Slugs whose API it speaks without being known to be them."""
    hints: tuple[str, ...] = ()
    """Slugs it faintly looks like."""
    answered: int = 0
    """Questions that were answered."""
    asked: int = 0
    first: EndpointEvidence | None = None
    """The first answer."""


def _about_the_path(expect: Expect) -> bool:
    """Whether an expectation says something about this path, not about the server: headers alone are the server's."""
    return bool(expect.status or expect.title or expect.body or expect.absent or expect.json)


@dataclass(slots=True)
class _Conversation:
    endpoint: str
    pages: dict[Ask, Page | Silent] = field(default_factory=dict)
    noise: Page | None = None
    """The answer to a path nobody has, where that answer is no refusal."""

    @property
    def answered(self) -> int:
        return sum(isinstance(page, Page) for page in self.pages.values())

    @property
    def over(self) -> bool:
        silent = len(self.pages) - self.answered
        return silent >= (SILENCES if self.answered else 2)

    def record(self, ask: Ask, reply: Reply) -> None:
        self.pages[ask] = Page(reply) if isinstance(reply, Heard) else reply

    def proves(self, expect: Expect) -> bool:
        """Whether meeting this expectation tells anything, given what a path nobody has answers."""
        if self.noise is None or not _about_the_path(expect):
            return bool(expect.header) or _about_the_path(expect)
        return not self.noise.meets(expect)

    def standing(self, fingerprint: Fingerprint) -> bool | Ask:
        """Whether the fingerprint holds, or the question that has to be asked next to know."""
        for exchange in fingerprint.exchanges:
            ask = Ask.of(exchange)
            page = self.pages.get(ask)
            if page is None:
                return ask
            if isinstance(page, Silent) or not page.meets(exchange.expect):
                return False
        return any(self.proves(exchange.expect) for exchange in fingerprint.exchanges)

    def evidence(self, ask: Ask, told: Iterable[str] = ()) -> EndpointEvidence:
        page = self.pages.get(ask)
        if not isinstance(page, Page):
            return EndpointEvidence(self.endpoint, ask.shown, page.reason if page else "not asked")
        parts = [str(page.heard.status)]
        parts += [f"server: {printable(value, 60)}" for value in page.named("server")[:1]]
        parts += [printable(text) for text in told]
        return EndpointEvidence(self.endpoint, ask.shown, ", ".join(parts))

    def proof(self, exchange: Exchange) -> EndpointEvidence:
        """The exchange with those parts of the answer that met the expectation, and no others: bodies hold secrets."""
        ask, expect = Ask.of(exchange), exchange.expect
        page = self.pages.get(ask)
        told: list[str] = []
        if isinstance(page, Page):
            told += [
                f"{name}: {value[:60]}" for name in expect.header for value in page.named(name)[:1] if name != "server"
            ]
            told += [f"title {page.title[:60]!r}"] if expect.title else []
            told += [f"{path or 'body'} = {(page.at(path) or '')[:60]}" for path in expect.json]
            found = re.search(expect.body, page.text) if expect.body else None
            told += [f"body has {found[0][:60]!r}"] if found else []
        return self.evidence(ask, told)


@dataclass(frozen=True, slots=True)
class _Version:
    text: str | None
    certainty: Certainty
    reason: str


def _version(talk: _Conversation, fingerprint: Fingerprint, read: VersionRead) -> _Version:
    try:
        ask = Ask.of(fingerprint.exchanges[read.exchange])
    except IndexError:
        return _Version(
            None, Certainty.UNKNOWN, f"{fingerprint.name} reads its version from an exchange it does not have"
        )
    page = talk.pages.get(ask)
    if not isinstance(page, Page):
        return _Version(None, Certainty.UNKNOWN, f"{ask.shown} was not answered")
    where = f"{ask.shown}, {read.json or read.header or 'body'}"
    if read.json:
        text = page.at(read.json)
    elif read.header:
        text = next(iter(page.named(read.header)), None)
    else:
        text = page.text
    if text is not None and read.pattern:
        found = re.search(read.pattern, text[:LOOKED_AT])
        text = (found[1] if found.re.groups else found[0]) if found else None
    text = (text or "").strip()
    if not _VERSION.fullmatch(text.lstrip("<>=!~") if read.certainty == "range" else text):
        return _Version(None, Certainty.UNKNOWN, f"{where} holds no version")
    if read.certainty == "unknown":
        return _Version(None, Certainty.UNKNOWN, f"{where} says {text}: {read.note or 'it cannot be trusted'}")
    if read.certainty == "range":
        span = text if _OPERATOR.match(text) else f"=={text}.*"
        return _Version(span, Certainty.RANGE, f"{where}: {read.note or 'it tells only part of the version'}")
    return _Version(text, Certainty.EXACT, where)


def _component(talk: _Conversation, fact: ComponentFact, held: list[Fingerprint]) -> Component:
    readings = [_version(talk, f, f.version) for f in held if f.version is not None]
    exact = [r for r in readings if r.certainty is Certainty.EXACT]
    evidence = tuple(dict.fromkeys(talk.proof(e) for f in held for e in f.exchanges))
    names = " and ".join(f.name for f in held if f.specificity == "product")
    if len({r.text for r in exact}) > 1:
        said = " and ".join(f"{r.text} ({r.reason})" for r in exact)
        chosen = _Version(None, Certainty.UNKNOWN, f"its answers disagree: {said}")
    elif readings:
        chosen = (exact or [r for r in readings if r.certainty is Certainty.RANGE] or readings)[0]
    else:
        chosen = _Version(None, Certainty.UNKNOWN, "none of the answers that identify it tells a version")
    told = "version from" if chosen.text else "version unknown:"
    return Component(
        fact.slug,
        chosen.text,
        chosen.certainty,
        f"answers as only {fact.name} does ({names}); {told} {chosen.reason}",
        evidence,
    )


def _plain(value: Any) -> Value:
    if isinstance(value, list | tuple):
        return tuple(str(item) for item in value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _setting(talk: _Conversation, wire: WireSetting) -> Setting:
    ask = Ask.of(wire.exchange)
    page = talk.pages.get(ask)
    if not isinstance(page, Page):
        reason = f"{ask.shown}: {page.reason if page else 'not asked, the endpoint left too many questions unanswered'}"
        return Setting(wire.setting, None, Origin.UNKNOWN, (talk.evidence(ask),), reason)
    doubt = ""
    for answer in wire.answers:
        if not page.meets(answer.expect):
            continue
        if not talk.proves(answer.expect) and talk.noise is not None and _about_the_path(answer.expect):
            doubt = f"{ask.shown} is answered like any unknown path"
            continue
        proof = talk.proof(msgspec.structs.replace(wire.exchange, expect=answer.expect))
        return Setting(wire.setting, _plain(answer.value), Origin.EXPLICIT, (proof,), answer.note)
    reason = doubt or f"{ask.shown} answered {page.heard.status}, which is none of the answers whose meaning is known"
    return Setting(wire.setting, None, Origin.UNKNOWN, (talk.evidence(ask),), reason)


def _settings(talk: _Conversation, fact: ComponentFact) -> dict[str, Setting]:
    """The first question that tells a setting decides; several may try."""
    found: dict[str, Setting] = {}
    for wire in fact.wire_settings:
        known = found.get(wire.setting)
        if known is None or not known.known:
            setting = _setting(talk, wire)
            found[wire.setting] = setting if setting.known or known is None else known
    return found


def _next(talk: _Conversation, fingerprints: list[tuple[ComponentFact, Fingerprint]]) -> Ask | None:
    """The question most fingerprints wait for; ``None`` when none is worth asking."""
    wanted: Counter[Ask] = Counter()
    waiting: list[tuple[ComponentFact, Ask]] = []
    products: dict[str, list[Fingerprint]] = {}
    for fact, fingerprint in fingerprints:
        standing = talk.standing(fingerprint)
        if isinstance(standing, Ask):
            wanted[standing] += 1
            waiting.append((fact, standing))
        elif standing and fingerprint.specificity == "product":
            products.setdefault(fact.slug, []).append(fingerprint)
    early = [(ask, count) for ask, count in wanted.items() if ask.path != LATE]
    if early:
        return max(early, key=lambda entry: entry[1])[0]
    for fact, ask in waiting:
        # Only the late question is left. Where the product is known, it is worth its cost for that product's version alone.
        held = products.get(fact.slug, [])
        if not products or (held and _component(talk, fact, held).certainty is not Certainty.EXACT):
            return ask
    return None


def read_calls(components: Mapping[str, ComponentFact]) -> frozenset[Ask]:
    """The POST questions the catalogue has as documented read calls. A client sends no other POST."""
    exchanges = [e for c in components.values() for f in c.fingerprints for e in f.exchanges]
    exchanges += [w.exchange for c in components.values() for w in c.wire_settings]
    return frozenset(ask for ask in map(Ask.of, exchanges) if ask.method == "POST")


def _none_claimed(
    talk: _Conversation, components: Mapping[str, ComponentFact], held: dict[str, list[Fingerprint]]
) -> Identity:
    def named(slugs: Iterable[str]) -> str:
        return " and ".join(components[slug].name for slug in slugs)

    def having(specificity: str) -> tuple[str, ...]:
        return tuple(slug for slug, prints in held.items() if any(f.specificity == specificity for f in prints))

    products, families, hints = having("product"), having("family"), having("hint")
    if products:
        reason = f"it answers as {named(products)} do; one port holds one product, so none is claimed"
    elif families:
        reason = f"it speaks an API that {named(families)} {'speak' if len(families) > 1 else 'speaks'}; no answer says which product it is"
    elif talk.answered:
        reason = "no product of the catalogue answers like this" + (
            f"; it has something of {named(hints)}" if hints else ""
        )
    else:
        silence = next((page.reason for page in talk.pages.values() if isinstance(page, Silent)), "nothing was asked")
        reason = f"no readable answer: {silence}"
    first = next(iter(talk.pages), None)
    return Identity(
        None,
        None,
        {},
        reason,
        products,
        families,
        hints,
        talk.answered,
        len(talk.pages),
        talk.evidence(first) if first else None,
    )


def converse(components: Mapping[str, ComponentFact], token: str, endpoint: str) -> Generator[Ask, Reply, Identity]:
    """The conversation with one endpoint: yields questions, takes their replies, returns what they tell.

    ``token`` makes the path nobody has; it must be random, of letters and digits. ``endpoint`` is the address evidence names,
    such as ``http://127.0.0.1:8888``.
    """
    talk = _Conversation(endpoint)
    nobody = Ask("GET", f"/undercroft-{token}")
    talk.record(nobody, (yield nobody))
    page = talk.pages[nobody]
    if isinstance(page, Page) and 200 <= page.heard.status < 400:
        talk.noise = page
    fingerprints = [(fact, f) for fact in components.values() for f in fact.fingerprints if f.exchanges]
    while not talk.over and (ask := _next(talk, fingerprints)) is not None:
        talk.record(ask, (yield ask))
    held: dict[str, list[Fingerprint]] = {}
    for fact, fingerprint in fingerprints:
        if talk.standing(fingerprint) is True:
            held.setdefault(fact.slug, []).append(fingerprint)
    products = [slug for slug, prints in held.items() if any(f.specificity == "product" for f in prints)]
    if len(products) != 1:
        return _none_claimed(talk, components, held)
    fact = components[products[0]]
    for wire in sorted(fact.wire_settings, key=lambda w: w.exchange.path == LATE):
        ask = Ask.of(wire.exchange)
        if ask not in talk.pages and not talk.over:
            talk.record(ask, (yield ask))
    component = _component(talk, fact, held[fact.slug])
    return Identity(
        component, fact, _settings(talk, fact), "", (), tuple(s for s in held if s != fact.slug), (), talk.answered, len(talk.pages),
        talk.evidence(nobody),
    )  # fmt: skip


def replay(
    components: Mapping[str, ComponentFact], replies: Mapping[Ask, Reply], otherwise: Reply, token: str, endpoint: str
) -> Identity:
    """The conversation against recorded answers; a question that was not recorded gets ``otherwise``."""
    talk = converse(components, token, endpoint)
    ask = next(talk)
    while True:
        try:
            ask = talk.send(replies.get(ask, otherwise))
        except StopIteration as end:
            learnt: Identity = end.value
            return learnt
