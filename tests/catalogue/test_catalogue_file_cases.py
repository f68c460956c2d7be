"""The catalogue's proof: every case beside a component is decided as written, and no positive sample is taken for another product."""

import pytest

from undercroft.catalogue import compiler, loader
from undercroft.catalogue.proof import RecogniseCase, SettingCase
from undercroft.model.setting import Origin
from undercroft.scan import recognise
from undercroft.scan.graph import Text
from undercroft.scan.identify import Started, identify
from undercroft.scan.settings import Invocation, resolve

COMPONENTS = dict(loader.load().components)
CASES = {slug: compiler.cases(slug) for slug in COMPONENTS}
RECOGNISE = [(slug, case) for slug, cases in CASES.items() for case in cases.recognise]
SETTINGS = [(slug, case) for slug, cases in CASES.items() for case in cases.settings]
UNKNOWN = "unknown!"


def _recognised(case: RecogniseCase) -> tuple[str | None, str | None]:
    """(slug, version) of what the sample is taken for."""
    if case.package:
        ecosystem, _, name = case.package.partition(":")
        matched = recognise.package(ecosystem, name, COMPONENTS)
        return (matched[0].slug if matched else None), None
    if case.image and not case.argv:
        found = recognise.image(case.image, COMPONENTS)
        return (found[0].slug, found[0].version) if found else (None, None)
    image = Text(case.image) if case.image else None
    _, running = identify(Started(None, image, [Text(word) for word in case.argv], None), COMPONENTS)
    return (running[0].component.slug, running[0].component.version) if running else (None, None)


@pytest.mark.parametrize(("slug", "case"), RECOGNISE, ids=[f"{s}: {c.name}" for s, c in RECOGNISE])
def test_a_sample_is_recognised_as_its_case_says(slug: str, case: RecogniseCase) -> None:
    found, version = _recognised(case)
    if case.recognised:
        assert found == slug
        if not case.package:
            assert version == case.version
    else:
        assert found != slug


def _invocation(slug: str, case: SettingCase) -> tuple[Invocation, str | None]:
    environment = {
        name: Text(value, reason="" if value is not None else "cannot be resolved") for name, value in case.env.items()
    }
    config = {key: Text(str(value)) for key, value in case.config.items()}
    argv = [Text(word) for word in case.argv]
    if case.image:
        found = recognise.image(case.image, COMPONENTS)
        assert found is not None, f"the image of this case is not recognised: {case.image}"
        component, entry = found
        if entry.command_prefix and entry.entrypoint and not recognise.command([w.value for w in argv], COMPONENTS):
            argv = [*(Text(word) for word in entry.command_prefix), *argv]
        elif entry.command_prefix and not argv:
            argv = [Text(word) for word in entry.command_prefix]
        config = {key: Text(str(value)) for key, value in entry.config.items()} | config
        version = case.version or component.version
    else:
        version = case.version
    matched = recognise.command([word.value for word in argv], COMPONENTS)
    arguments = argv[matched[2][0] : matched[2][1]] if matched and matched[0].slug == slug else argv
    complete = all(word.value is not None for word in arguments)
    return Invocation(arguments, environment, config, complete), version


@pytest.mark.parametrize(("slug", "case"), SETTINGS, ids=[f"{s}: {c.name}" for s, c in SETTINGS])
def test_a_component_started_so_has_these_settings(slug: str, case: SettingCase) -> None:
    how, version = _invocation(slug, case)
    settings = resolve(COMPONENTS[slug], version, how)
    for name, wanted in case.expect.items():
        setting = settings[name]
        shown = (
            UNKNOWN
            if not setting.known
            else (list(setting.value) if isinstance(setting.value, tuple) else setting.value)
        )
        assert shown == wanted, f"{name}: {setting}"
    for name, origin in case.origin.items():
        assert settings[name].origin is Origin(origin), name


POSITIVE = [(slug, case) for slug, case in RECOGNISE if case.recognised]


@pytest.mark.parametrize(("slug", "case"), POSITIVE, ids=[f"{s}: {c.name}" for s, c in POSITIVE])
def test_no_other_component_claims_the_sample(slug: str, case: RecogniseCase) -> None:
    others = {other: fact for other, fact in COMPONENTS.items() if other != slug}
    if case.image:
        assert recognise.image(case.image, others) is None
    if case.argv:
        assert recognise.command(list(case.argv), others) is None


@pytest.mark.parametrize("slug", COMPONENTS)
def test_every_component_ships_a_near_miss(slug: str) -> None:
    assert any(case.recognised for case in CASES[slug].recognise), "nothing shows that it is recognised in a file"
    assert any(not case.recognised for case in CASES[slug].recognise), "nothing shows what is not it"


@pytest.mark.parametrize("slug", [s for s, fact in COMPONENTS.items() if fact.depth == "deep"])
def test_a_deep_component_shows_a_set_a_default_and_an_unknown(slug: str) -> None:
    wanted = [value for case in CASES[slug].settings for value in case.expect.values()]
    origins = {origin for case in CASES[slug].settings for origin in case.origin.values()}
    assert UNKNOWN in wanted
    assert {"explicit", "default"} <= origins
