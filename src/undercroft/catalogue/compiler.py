"""Turns the component folders into one artefact, and says what is wrong with a folder that does not fit.

Run as ``python -m undercroft.catalogue.compiler``; the wheel's build does so too.
"""

import hashlib
import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from undercroft.catalogue.proof import Cases
from undercroft.catalogue.schema import ApiFact, ComponentFact, Snapshot, Strict

HERE = Path(__file__).parent
ARTEFACT = HERE / "compiled.msgpack"
T = TypeVar("T", bound=Strict)


class CatalogueError(ValueError):
    """A catalogue folder that does not fit the schema or contradicts itself. The message names file, field and remedy."""


def _loader() -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path, shape: type[T]) -> T:
    """``path`` as a ``shape``. Raises :class:`CatalogueError` with the file and the field that does not fit."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_loader())  # noqa: S506 - a SafeLoader
        return msgspec.convert(document, shape)
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path.parent.name}/{path.name}: {error}") from error


def _cited(fact: ComponentFact) -> list[tuple[str, str]]:
    """Every (place, source key) in a component."""
    places: list[tuple[str, str]] = []
    groups = ("packages", "images", "commands", "config_files", "resources", "charts", "credentials")
    for group in (*groups, "ports", "endpoints", "fingerprints", "wire_settings", "logs"):
        places += [(f"{group}[{i}]", entry.source) for i, entry in enumerate(getattr(fact, group))]
    for name, setting in fact.settings.items():
        places += [(f"settings.{name}.spellings[{i}]", s.source) for i, s in enumerate(setting.spellings)]
        places += [(f"settings.{name}.defaults[{i}]", d.source) for i, d in enumerate(setting.defaults)]
    places += [(f"derived.{name}", derivation.source) for name, derivation in fact.derived.items()]
    if fact.profile:
        places.append(("profile", fact.profile.source))
    return places


def _patterns(fact: ComponentFact) -> list[tuple[str, str]]:
    """Every (place, regular expression) in a component."""
    found: list[tuple[str, str]] = [(f"logs.{log.name}", log.pattern) for log in fact.logs]
    expects = [(f"fingerprints.{p.name}", e.expect) for p in fact.fingerprints for e in p.exchanges]
    expects += [(f"wire_settings.{w.setting}", a.expect) for w in fact.wire_settings for a in w.answers]
    for place, expect in expects:
        texts = [expect.title, expect.body, expect.absent, *expect.header.values(), *expect.json.values()]
        found += [(place, text) for text in texts if text]
    found += [
        (f"fingerprints.{p.name}.version", p.version.pattern)
        for p in fact.fingerprints
        if p.version and p.version.pattern
    ]
    return found


def check(fact: ComponentFact, folder: str) -> list[str]:
    """What contradicts itself in a component, as sentences; empty when it is sound."""
    wrong = []
    if fact.slug != folder:
        wrong.append(f"slug is {fact.slug!r} but the folder is {folder!r}: the slug is the id everywhere, rename one")
    wrong += [f"{place}: source {key!r} is not in sources" for place, key in _cited(fact) if key not in fact.sources]
    for place, pattern in _patterns(fact):
        try:
            re.compile(pattern)
        except re.error as error:
            wrong.append(f"{place}: {pattern!r} is no regular expression: {error}")
    for name, setting in fact.settings.items():
        if not setting.defaults:
            wrong.append(f"settings.{name}: no default; say null with its source when it is simply not set")
        for i, s in enumerate(setting.spellings):
            if sum(map(bool, (s.flag, s.env, s.config, s.positional))) != 1:
                wrong.append(f"settings.{name}.spellings[{i}]: give exactly one of flag, env, config, positional")
    known = set(fact.settings) | set(fact.derived)
    for name, derivation in fact.derived.items():
        wrong += [
            f"derived.{name}: {used!r} is not a setting of this component"
            for rule in derivation.rules
            for used in rule.when
            if used not in known
        ]
    if fact.depth == "deep":
        wanted = (
            "verified",
            "commands",
            "ports",
            "settings",
            "derived",
            "endpoints",
            "fingerprints",
            "wire_settings",
            "logs",
        )
        wrong += [f"depth is deep but {group} is empty" for group in wanted if not getattr(fact, group)]
        if not fact.images and not fact.packages:
            wrong.append("depth is deep but neither images nor packages say how it is recognised in files")
    return wrong


def sources_digest(root: Path = HERE) -> str:
    """A digest that changes when any source file does. Reads names, sizes and times, not contents: it runs at every start."""
    digest = hashlib.sha256()
    for path in sorted(
        [
            *root.glob("components/*/component.yaml"),
            *root.glob("detections/*/rule.yaml"),
            *root.glob("apis/*.yaml"),
            root / "schema.py",
        ]
    ):
        stat = path.stat()
        digest.update(f"{path.relative_to(root)}:{stat.st_size}:{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def compile_catalogue(root: Path = HERE) -> Snapshot:
    """All folders below ``root`` as one snapshot. Raises :class:`CatalogueError` listing everything that is wrong."""
    components: dict[str, ComponentFact] = {}
    wrong: list[str] = []
    for path in sorted(root.glob("components/*/component.yaml")):
        try:
            fact = read(path, ComponentFact)
        except CatalogueError as error:
            wrong.append(str(error))
            continue
        wrong += [f"{path.parent.name}/component.yaml: {sentence}" for sentence in check(fact, path.parent.name)]
        if not (path.parent / "cases.yaml").exists():
            wrong.append(
                f"{path.parent.name}: cases.yaml is missing; every fact ships with what fires and what nearly does"
            )
        components[fact.slug] = fact
    apis: dict[str, ApiFact] = {}
    for path in sorted(root.glob("apis/*.yaml")):
        try:
            api = read(path, ApiFact)
        except CatalogueError as error:
            wrong.append(str(error))
            continue
        wrong += [
            f"apis/{path.name}: source {e.source!r} is not in sources"
            for e in api.endpoints
            if e.source not in api.sources
        ]
        if api.slug != path.stem:
            wrong.append(f"apis/{path.name}: slug is {api.slug!r}: the slug is the file's name, rename one")
        apis[api.slug] = api
    if wrong:
        raise CatalogueError("\n".join(wrong))
    detections = {
        path.parent.name: path.read_text(encoding="utf-8") for path in sorted(root.glob("detections/*/rule.yaml"))
    }
    return Snapshot(digest=sources_digest(root), components=components, detections=detections, apis=apis)


def cases(slug: str, root: Path = HERE) -> Cases:
    """The cases beside a component. Present in a checkout only: they stay out of the wheel."""
    return read(root / "components" / slug / "cases.yaml", Cases)


def write(root: Path = HERE, artefact: Path = ARTEFACT) -> Snapshot:
    """Compile and store. The artefact is replaced in one step, so that a reader never sees half of it."""
    snapshot = compile_catalogue(root)
    partial = artefact.with_suffix(".partial")
    partial.write_bytes(msgspec.msgpack.encode(snapshot))
    partial.replace(artefact)
    return snapshot


if __name__ == "__main__":
    made = write()
    print(f"{len(made.components)} components, {len(made.detections)} detections → {ARTEFACT.name}")
