"""Every recorded conversation of the catalogue, read by the code that reads live ones."""

import pytest

from undercroft.catalogue import compiler
from undercroft.catalogue.proof import WireCase
from undercroft.catalogue.schema import ComponentFact, Expect
from undercroft.scan.collect.network import client
from undercroft.scan.exchange import Ask, Heard, meets
from undercroft.scan.wire import read_calls, replay

FACTS = {
    fact.slug: fact
    for fact in (compiler.read(p, ComponentFact) for p in sorted(compiler.HERE.glob("components/*/component.yaml")))
}
CASES = {slug: compiler.cases(slug).wire for slug in FACTS}
EVERY = [pytest.param(slug, case, id=f"{slug}: {case.name}") for slug, cases in CASES.items() for case in cases]
POSITIVE = [p for p in EVERY if p.values[1].recognised]
PRODUCTS = [
    pytest.param(slug, f, id=f"{slug}: {f.name}")
    for slug, fact in FACTS.items()
    for f in fact.fingerprints
    if f.specificity == "product"
]
NOT_FOUND = Heard(404)


def heard(reply) -> Heard:
    return Heard(reply.status, tuple((k.lower(), v) for k, v in reply.headers.items()), reply.body.encode())


def recorded(slug: str, case: WireCase) -> dict[Ask, Heard]:
    """The recording as replies to the questions the catalogue asks: a recording names method and path, a question headers as well."""
    by_path = {(r.method, r.path): heard(r) for r in case.replies}
    exchanges = [e for fact in FACTS.values() for f in fact.fingerprints for e in f.exchanges]
    exchanges += [w.exchange for fact in FACTS.values() for w in fact.wire_settings]
    return {Ask.of(e): by_path[e.method, e.path] for e in exchanges if (e.method, e.path) in by_path}


def reading(facts, slug, case):
    otherwise = heard(case.otherwise) if case.otherwise else NOT_FOUND
    return replay(facts, recorded(slug, case), otherwise, "k3v9x2", "http://127.0.0.1:1")


@pytest.mark.parametrize(("slug", "case"), EVERY)
def test_a_recorded_conversation_is_read_as_its_case_says(slug, case):
    identity = reading({slug: FACTS[slug]}, slug, case)
    if case.recognised and case.specificity in {"", "product"}:
        assert identity.component is not None, identity.reason
        assert (identity.component.slug, identity.component.version) == (slug, case.version)
    else:
        assert identity.component is None
        if case.specificity:
            assert slug in {"family": identity.families, "hint": identity.hints}[case.specificity]
    told = {name: s.value if s.known else "unknown!" for name, s in identity.observed.items()}
    wanted = {name: tuple(v) if isinstance(v, list) else v for name, v in case.settings.items()}
    assert {name: told.get(name, "unknown!") for name in wanted} == wanted


@pytest.mark.parametrize(("slug", "case"), EVERY)
def test_a_recorded_conversation_is_never_taken_for_another_product(slug, case):
    identity = reading(FACTS, slug, case)
    claimed = case.recognised and case.specificity in {"", "product"}
    assert identity.conflict == ()
    assert (identity.component.slug if identity.component else None) == (slug if claimed else None)


def answers(fingerprint, slug, case):
    """Every exchange's expectation with the answer the recording gives."""
    replies = recorded(slug, case)
    otherwise = heard(case.otherwise) if case.otherwise else NOT_FOUND
    return [(e.expect, replies.get(Ask.of(e), otherwise)) for e in fingerprint.exchanges]


def met(fingerprint, slug, case) -> bool:
    return all(meets(expect, reply) for expect, reply in answers(fingerprint, slug, case))


def conditions(expect: Expect) -> list[Expect]:
    """Each telling condition by itself. A status tells nothing: it is the same on half the servers there are."""
    single = [Expect(header={name: pattern}) for name, pattern in expect.header.items()]
    single += [Expect(json={path: pattern}) for path, pattern in expect.json.items()]
    return single + [Expect(**{name: getattr(expect, name)}) for name in ("title", "body") if getattr(expect, name)]


@pytest.mark.parametrize(("slug", "fingerprint"), PRODUCTS)
def test_every_product_fingerprint_has_a_recording_that_meets_it(slug, fingerprint):
    assert any(met(fingerprint, slug, case) for case in CASES[slug] if case.recognised)


@pytest.mark.parametrize(("slug", "fingerprint"), PRODUCTS)
def test_every_product_fingerprint_has_a_near_miss_that_answers_in_part(slug, fingerprint):
    near = [
        case.name
        for case in CASES[slug]
        if not met(fingerprint, slug, case)
        and not (case.recognised and case.specificity in {"", "product"})
        and any(meets(one, reply) for expect, reply in answers(fingerprint, slug, case) for one in conditions(expect))
    ]
    assert near, "no case that is not the product meets a condition of this fingerprint and fails another"


@pytest.mark.parametrize("slug", [slug for slug, fact in FACTS.items() if fact.fingerprints])
def test_the_same_answers_from_a_server_that_has_a_page_for_every_path_are_not_the_product(slug):
    for case in CASES[slug]:
        for reply in case.replies:
            everything = heard(reply)
            if 200 <= everything.status < 400 and "html" in dict(everything.headers).get("content-type", ""):
                assert replay({slug: FACTS[slug]}, {}, everything, "k3v9x2", "http://127.0.0.1:1").component is None


@pytest.mark.parametrize(("slug", "fingerprint"), PRODUCTS)
def test_every_exchange_of_a_product_fingerprint_expects_something(slug, fingerprint):
    for exchange in fingerprint.exchanges:
        expect = exchange.expect
        assert expect.header or expect.title or expect.body or expect.json or expect.status


@pytest.mark.parametrize("slug", list(FACTS))
def test_no_question_goes_to_an_endpoint_that_changes_state(slug):
    mutating = {(method, e.path) for e in FACTS[slug].endpoints if e.mutates for method in e.methods}
    fact = FACTS[slug]
    exchanges = [e for f in fact.fingerprints for e in f.exchanges] + [w.exchange for w in fact.wire_settings]
    assert not mutating & {(e.method, e.path.partition("?")[0]) for e in exchanges}


@pytest.mark.parametrize("slug", list(FACTS))
def test_every_question_is_one_the_client_sends(slug):
    fact = FACTS[slug]
    reads = read_calls({slug: fact})
    for exchange in [e for f in fact.fingerprints for e in f.exchanges] + [w.exchange for w in fact.wire_settings]:
        client.allow(Ask.of(exchange), reads)
        client.request(Ask.of(exchange), client.Peer("127.0.0.1", 80, "localhost"))
