"""What a component is set to, from how it is started. Pure.

Every spelling the catalogue lists is looked for, in its order of precedence. Nothing written: the default of the version
applies; a version that cannot be read leaves the default unknown only where it changed between versions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from undercroft.catalogue.schema import ComponentFact, Derivation, SettingFact, Spelling
from undercroft.model.evidence import Evidence
from undercroft.model.setting import Origin, Setting, Value
from undercroft.scan.graph import Text
from undercroft.versions.pep440 import satisfies

_BOOLEANS = dict.fromkeys(("true", "yes", "on", "1", "y", "t"), True) | dict.fromkeys(
    ("false", "no", "off", "0", "n", "f", ""), False
)


@dataclass(frozen=True, slots=True)
class Invocation:
    """How a component is started: what stands behind its own words, its environment, its configuration."""

    arguments: Sequence[Text] = ()
    """Words behind the catalogue's command."""
    environment: Mapping[str, Text] = field(default_factory=dict)
    config: Mapping[str, Text] = field(default_factory=dict)
    """Dotted key → value from the component's configuration file."""
    complete: bool = True
    """Whether the command line is known whole. When it is not, what was not found may still be set: unknown, not default."""
    head: Evidence | None = None
    """The place that starts it: evidence for defaults."""


@dataclass(frozen=True, slots=True)
class _Found:
    value: Value
    text: Text
    resolved: bool


def _typed(raw: str, fact: SettingFact) -> Value:
    try:
        match fact.type:
            case "boolean":
                return _BOOLEANS.get(raw.strip().lower(), raw)
            case "integer":
                return urlsplit(raw).port or raw if "://" in raw else int(raw)
            case "address":
                return urlsplit(raw).hostname or raw if "://" in raw else raw
            case "number":
                return float(raw)
            case "list":
                stripped = raw.strip().strip("[]")
                return tuple(part.strip().strip("\"'") for part in stripped.split(",") if part.strip())
            case _:
                return raw
    except ValueError:
        return raw  # "auto", "1e5": kept as written, checks compare what they understand


def _plain(value: Any) -> Value:
    if isinstance(value, list | tuple):
        return tuple(str(item) for item in value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _mapped(raw: str, spelling: Spelling, fact: SettingFact) -> Value:
    if raw in spelling.values:
        return _plain(spelling.values[raw])
    if "*" in spelling.values:
        return _plain(spelling.values["*"])
    return _typed(raw, fact)


def _flag(spelling: Spelling, fact: SettingFact, arguments: Sequence[Text]) -> tuple[int, _Found] | None:
    """The last occurrence of a flag, as argparse, click and traitlets take it, with its position."""
    found: tuple[int, _Found] | None = None
    # argparse-based servers accept underscores for dashes; comparing on dashes costs nothing elsewhere.
    wanted = spelling.flag.replace("_", "-")
    for i, word in enumerate(arguments):
        if word.value is None or not word.value.startswith("-"):
            continue
        name, equals, rest = word.value.partition("=")
        if name.replace("_", "-") != wanted:
            continue
        if spelling.takes == "nothing":
            means = True if spelling.means is None else _plain(spelling.means)
            if equals and isinstance(means, bool):
                written = _BOOLEANS.get(rest.strip().lower())
                means = means if written is None else means is written
            found = i, _Found(means, word, resolved=True)
        elif equals:
            found = i, _Found(_mapped(rest, spelling, fact), word, resolved=True)
        elif spelling.takes == "list":
            found = i, _several(word, arguments[i + 1 :], spelling, fact)
        elif i + 1 < len(arguments):
            following = _written(arguments[i + 1], spelling, fact)
            found = (i, following) if following is not None else found
    return found


def _several(word: Text, following: Sequence[Text], spelling: Spelling, fact: SettingFact) -> _Found:
    """The values behind a flag that takes several, up to the next flag. One that does not resolve leaves the whole unknown."""
    values: list[str] = []
    for each in following:
        if each.value is None:
            return _Found(None, each, resolved=False)
        if each.value.startswith("--"):
            break
        values.append(each.value)
    return _Found(_mapped(",".join(values), spelling, fact), following[0] if values else word, resolved=True)


def _written(text: Text | None, spelling: Spelling, fact: SettingFact) -> _Found | None:
    if text is None:
        return None
    return (
        _Found(None, text, resolved=False)
        if text.value is None
        else _Found(_mapped(text.value, spelling, fact), text, resolved=True)
    )


def _positional(spelling: Spelling, fact: SettingFact, arguments: Sequence[Text]) -> _Found | None:
    bare = []
    for word in arguments:
        if word.value is not None and word.value.startswith("-"):
            break  # behind the first flag a bare word may be that flag's value
        bare.append(word)
    return _written(bare[spelling.positional - 1], spelling, fact) if len(bare) >= spelling.positional else None


def _look(spelling: Spelling, fact: SettingFact, how: Invocation) -> _Found | None:
    if spelling.flag:
        # A switch and its negation are one choice: the last on the command line decides. Flags with values keep their precedence.
        rivals = (
            [s for s in fact.spellings if s.flag and s.takes == "nothing"]
            if spelling.takes == "nothing"
            else [spelling]
        )
        seen = [found for rival in rivals if (found := _flag(rival, fact, how.arguments)) is not None]
        return max(seen, key=lambda place: place[0])[1] if seen else None
    if spelling.env:
        return _written(how.environment.get(spelling.env), spelling, fact)
    if spelling.config:
        return _written(how.config.get(spelling.config), spelling, fact)
    return _positional(spelling, fact, how.arguments)


def _default(name: str, fact: SettingFact, version: str | None, how: Invocation) -> Setting:
    evidence = (how.head,) if how.head else ()
    if not how.complete:
        return Setting(
            name, None, Origin.UNKNOWN, evidence, "part of the command line cannot be resolved, so it may be set there"
        )
    holding, undecided = [], []
    for default in fact.defaults:
        verdict = satisfies(version, default.versions)
        if verdict:
            holding.append(default)
        elif verdict is None:
            undecided.append(default)
    values = {repr(d.value) for d in (*holding, *undecided)}
    if len(values) == 1:
        default = (*holding, *undecided)[0]
        span = f" ({default.versions})" if default.versions else ""
        return Setting(name, _plain(default.value), Origin.DEFAULT, evidence, f"default{span}, nobody sets it")
    if not values:
        return Setting(name, None, Origin.UNKNOWN, evidence, f"the catalogue has no default for version {version}")
    return Setting(
        name, None, Origin.UNKNOWN, evidence, "the default changed between versions, and the version is unknown"
    )


def _one(name: str, fact: SettingFact, version: str | None, how: Invocation) -> Setting:
    for spelling in fact.spellings:
        found = _look(spelling, fact, how)
        if found is None:
            continue
        where = found.text.evidence or how.head
        evidence = (where,) if where else ()
        if not found.resolved:
            return Setting(
                name, None, Origin.UNKNOWN, evidence, found.text.reason or "its value cannot be resolved from the files"
            )
        return Setting(name, found.value, Origin.EXPLICIT, evidence)
    return _default(name, fact, version, how)


def _holds(setting: Setting, wanted: Any) -> bool | None:
    if not setting.known:
        return None
    empty = setting.value in ("", (), False) and setting.value is not None
    match wanted:
        case "set":
            return setting.value is not None and not empty
        case "empty":
            return empty
        case "unset":
            return setting.value is None
        case "off":
            return setting.value is None or empty
        case list() | tuple():
            return setting.value in [_plain(w) for w in wanted]
        case _:
            return bool(setting.value == _plain(wanted))


def _derive(name: str, derivation: Derivation, settings: Mapping[str, Setting]) -> Setting:
    """Three-valued: an undecided rule leaves the result unknown, unless every rule that may apply says the same."""
    possible: list[tuple[Value, tuple[Setting, ...]]] = []
    decided = False
    doubts: list[str] = []
    for rule in derivation.rules:
        used = tuple(settings[n] for n in rule.when)
        verdicts = [_holds(setting, wanted) for setting, wanted in zip(used, rule.when.values(), strict=True)]
        if False in verdicts:
            continue
        possible.append((_plain(rule.value), used))
        if None in verdicts:
            doubts += [s.reason or f"{s.name} is unknown" for s, v in zip(used, verdicts, strict=True) if v is None]
            continue
        decided = True
        break
    named = [settings[n] for rule in derivation.rules for n in rule.when]
    if decided and len({repr(value) for value, _ in possible}) == 1:
        value, used = possible[-1]
        basis = used or tuple(named)
        explicit = tuple(s for s in basis if s.origin is Origin.EXPLICIT)
        origin = Origin.EXPLICIT if explicit else Origin.DEFAULT
        evidence = tuple(dict.fromkeys(e for s in (explicit or basis) for e in s.evidence))
        return Setting(name, value, origin, evidence, "" if explicit else "by default, nobody sets it")
    evidence = tuple(dict.fromkeys(e for s in named if not s.known for e in s.evidence))
    return Setting(
        name, None, Origin.UNKNOWN, evidence, "; ".join(dict.fromkeys(doubts)) or "no rule of the catalogue applies"
    )


def resolve(fact: ComponentFact, version: str | None, how: Invocation) -> dict[str, Setting]:
    """Every setting of the component, declared, default or unknown; derived ones last."""
    settings = {name: _one(name, setting, version, how) for name, setting in fact.settings.items()}
    for name, derivation in fact.derived.items():
        settings[name] = _derive(name, derivation, settings)
    return settings
