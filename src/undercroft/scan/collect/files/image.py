"""Dockerfiles as stages, each with what it inherits. ``dockerfile-parse`` takes the file apart; here-documents are bridged for it.

Build arguments are filled in as the builder does (https://docs.docker.com/reference/dockerfile/): those before the first ``FROM`` count
in ``FROM`` alone, unless a stage asks for them again by name.
"""

import io
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dockerfile_parse import DockerfileParser

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Certainty, Component
from undercroft.model.evidence import Evidence, FileEvidence
from undercroft.model.redact import names_a_secret
from undercroft.model.setting import Origin, Setting
from undercroft.scan import recognise
from undercroft.scan.builds import Copied
from undercroft.scan.collect.files.interpolate import interpolate
from undercroft.scan.collect.files.places import behind_flags
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Text
from undercroft.scan.passwords import written_out
from undercroft.scan.words import split

MAX_LINES = 20_000
"""Lines of one file; those of the field stay below 1,000."""
_HEREDOC = re.compile(r"^(?:RUN|COPY|ADD)\b.*?<<-?\s*(?P<quote>[\"']?)(?P<word>\w+)(?P=quote)", re.IGNORECASE)
_INSTALL = re.compile(r"\b(?:pip3?(?:\.\d+)?|uv\s+pip|pipx)\s+install\b([^&|;\n]*)")
_REQUIREMENT = re.compile(r"""^["']?([A-Za-z0-9][\w.\-]*)(?:\[[^\]]*\])?(?:==([\w.!+*\-]+))?["']?$""")
_FLAG = re.compile(r"^--(?P<name>[\w\-]+)(?:=(?P<value>\S+))?$")


@dataclass(frozen=True, slots=True)
class Stage:
    """An image as one ``FROM`` and what follows make it."""

    name: str
    """Name behind ``AS``, lower case; empty when it has none."""
    head: FileEvidence
    base: Text
    """The image it is built on, as written after its arguments are filled in; unresolved where it is another stage."""
    origin: Text
    """The image that the chain of stages begins with."""
    entrypoint: tuple[Text, ...] | None = None
    command: tuple[Text, ...] | None = None
    environment: Mapping[str, Text] = field(default_factory=dict)
    arguments: Mapping[str, Text] = field(default_factory=dict)
    installed: tuple[Component, ...] = ()
    user: Setting = field(default_factory=lambda: Setting("user", None, Origin.DEFAULT, (), "no USER instruction"))
    ports: tuple[tuple[int, Evidence], ...] = ()
    copied: tuple[Copied, ...] = ()
    workdir: str = ""
    """Folder the command starts in; empty when no ``WORKDIR`` says so or it cannot be resolved."""
    commanded: bool = False
    """Whether the stage itself has a ``CMD``, which an ``ENTRYPOINT`` after it then leaves alone."""


def steps(source: Source) -> list[dict[str, Any]]:
    """Instructions with ``startline`` and ``endline`` from 0. The lines of a here-document belong to the instruction that opens it."""
    lines = list(source.lines[:MAX_LINES])
    last = {line.strip(): i for i, line in enumerate(lines)}
    bodies: dict[int, list[str]] = {}
    open_: tuple[int, str] | None = None
    for i, line in enumerate(lines):
        if open_ is not None:
            start, word = open_
            bodies[start].append(line)
            lines[i] = "#"
            open_ = None if line.strip() == word else open_
        elif (match := _HEREDOC.match(line.strip())) is not None and last.get(match["word"], 0) > i:
            open_ = (i, match["word"])
            bodies[i] = []
    found: list[dict[str, Any]] = DockerfileParser(fileobj=io.BytesIO("\n".join(lines).encode())).structure
    for step in found:
        body = bodies.get(step["startline"])
        if body is not None:
            step["endline"] = step["startline"] + len(body)
            step["value"] = "\n".join((str(step["value"]), *body))
    return found


def _words(source: Source, step: Mapping[str, Any]) -> tuple[Text, ...]:
    line, value = step["startline"] + 1, str(step["value"])
    if value.lstrip().startswith("["):
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, list):
            written = [str(word) for word in parsed]
            known = behind_flags(written)
            return tuple(_placed(source, line, step["endline"] + 1, word, known) for word in written)
    words = split(Text(value))
    known = behind_flags([word.value or "" for word in words])
    return tuple(replace(word, evidence=source.evidence(line, 1, known)) for word in words)


def _placed(source: Source, first: int, last: int, word: str, known: tuple[str, ...]) -> Text:
    """A word of an exec form, at its own place where a line shows it in quotes."""
    quoted = json.dumps(word, ensure_ascii=False)
    for line in range(first, min(last, first + 200) + 1):
        column = source.line(line).find(quoted) + 1
        if column:
            return Text(word, source.evidence(line, column, known), source.span(line, column, column + len(quoted)))
    return Text(word, source.evidence(first, 1, known))


def _place(source: Source, step: Mapping[str, Any], name: str) -> tuple[int, int]:
    """Line and column of a variable's assignment inside an instruction of several lines."""
    for line in range(step["startline"] + 1, min(step["endline"] + 1, step["startline"] + 500) + 1):
        match = re.search(rf"(?<![\w]){re.escape(name)}(?=[=\s]|$)", source.line(line))
        if match is not None:
            return line, match.start() + 1
    return step["startline"] + 1, 1


def _assigned(source: Source, step: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Text]:
    """The variables an ``ENV`` sets, filled in from those before."""
    parser = DockerfileParser(fileobj=io.BytesIO(f"FROM scratch\nENV {step['value']}\n".encode()), env_replace=False)
    try:
        assigned = dict(parser.envs)
    except (IndexError, ValueError):  # an ENV without a name or a value: the builder refuses it too
        return {}
    found = {}
    for name, value in assigned.items():
        masked = (value,) if names_a_secret(name) and written_out(value) else ()
        found[name] = interpolate(Text(value, source.evidence(*_place(source, step, name), masked)), known)
    return found


def _argument(
    source: Source, step: Mapping[str, Any], given: Mapping[str, str], outer: Mapping[str, Text]
) -> dict[str, Text]:
    found = {}
    for word in str(step["value"]).split():
        name, equals, value = word.partition("=")
        value = value.strip("\"'")
        masked = (value,) if names_a_secret(name) and written_out(value) else ()
        place = source.evidence(*_place(source, step, name), masked)
        if name in given:
            found[name] = Text(given[name], place, literal=False)
        elif equals:
            found[name] = Text(value, place)
        else:
            asked = outer.get(name)
            found[name] = replace(asked, literal=False) if asked is not None else Text("", place, literal=False)
    return found


def _installed(
    source: Source, step: Mapping[str, Any], known: Mapping[str, str], components: Mapping[str, ComponentFact]
) -> Iterator[Component]:
    for match in _INSTALL.finditer(str(step["value"])):
        for word in match[1].split():
            filled = interpolate(Text(word), known).value or word.partition("==")[0]
            requirement = _REQUIREMENT.match(filled)
            matched = recognise.package("PyPI", requirement[1], components) if requirement else None
            if matched is None or requirement is None:
                continue
            fact, entry = matched
            version = requirement[2] if entry.same_version else None
            pinned = f"=={requirement[2]}" if requirement[2] else ", newest at build time"
            certainty = Certainty.EXACT if version else Certainty.UNKNOWN
            line, column = _place(source, step, requirement[1])
            for at in range(step["startline"] + 1, min(step["endline"] + 1, step["startline"] + 500) + 1):
                if requirement[1] in source.line(at) and "install" not in requirement[1]:
                    line, column = at, source.line(at).find(requirement[1]) + 1
                    break
            yield Component(
                fact.slug, version, certainty, f"pip install {requirement[1]}{pinned}", (source.evidence(line, column),)
            )


def _copied(source: Source, step: Mapping[str, Any]) -> Iterator[Copied]:
    value = str(step["value"]).partition("\n")[0]
    words, verified = [], False
    try:
        parts = json.loads(value) if value.lstrip().startswith("[") else value.split()
    except (ValueError, RecursionError):
        parts = value.split()
    for word in map(str, parts):
        flag = _FLAG.match(word)
        if flag is None:
            words.append(word)
        elif flag["name"] == "from":
            return
        elif flag["name"] == "checksum":
            verified = True
    place = source.evidence(step["startline"] + 1)
    for word in words[:-1]:
        if not word.startswith("<<"):
            yield Copied(Text(word, place), words[-1], verified)


def stages(
    source: Source, components: Mapping[str, ComponentFact], given: Mapping[str, str] | None = None
) -> list[Stage]:
    """The stages of a Dockerfile in their order. ``given``: build arguments from outside."""
    handed = given or {}
    outer: dict[str, Text] = {}
    found: list[Stage] = []
    for step in steps(source):
        kind = step["instruction"]
        if kind == "FROM":
            found.append(_begun(source, step, outer, found))
        elif not found:
            outer |= _argument(source, step, handed, {}) if kind == "ARG" else {}
        else:
            found[-1] = _advanced(source, step, found[-1], handed, outer, components)
    return found


def _values(*sources: Mapping[str, Text]) -> dict[str, str]:
    return {
        name: text.value
        for each in sources
        for name, text in each.items()
        if text.value is not None and (text.value or text.literal)
    }


def _begun(source: Source, step: Mapping[str, Any], outer: Mapping[str, Text], before: list[Stage]) -> Stage:
    line = step["startline"] + 1
    head = source.evidence(line)
    words = [word for word in str(step["value"]).split() if not word.startswith("--")]
    written = words[0] if words else ""
    name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else ""
    column = source.line(line).find(written) + 1
    span = source.span(line, column, column + len(written)) if column else None
    base = interpolate(Text(written, source.evidence(line, column or 1), span), _values(outer))
    if base.value is None:
        base = replace(base, reason="the base image is a build argument without a default")
    parent = next((stage for stage in before if stage.name and stage.name == (base.value or "").lower()), None)
    if parent is None:
        return Stage(name, head, base, base, user=Setting("user", None, Origin.DEFAULT, (head,), "no USER instruction"))
    inherited = Text(None, base.evidence, None, f"built on stage {base.value}")
    return replace(parent, name=name, head=head, base=inherited, arguments={}, commanded=False)


def _advanced(
    source: Source,
    step: Mapping[str, Any],
    stage: Stage,
    given: Mapping[str, str],
    outer: Mapping[str, Text],
    components: Mapping[str, ComponentFact],
) -> Stage:
    """The stage after one more instruction."""
    known = _values(stage.arguments, stage.environment)
    match step["instruction"]:
        case "ARG":
            return replace(stage, arguments={**stage.arguments, **_argument(source, step, given, outer)})
        case "ENTRYPOINT":
            return replace(stage, entrypoint=_words(source, step), command=stage.command if stage.commanded else None)
        case "CMD":
            return replace(stage, command=_words(source, step), commanded=True)
        case "ENV":
            return replace(stage, environment={**stage.environment, **_assigned(source, step, known)})
        case "RUN":
            return replace(stage, installed=(*stage.installed, *_installed(source, step, known, components)))
        case "COPY" | "ADD":
            return replace(stage, copied=(*stage.copied, *_copied(source, step)))
        case "WORKDIR":
            folder = interpolate(Text(str(step["value"]).strip()), known).value
            return replace(stage, workdir=posixpath.join(stage.workdir, folder) if folder is not None else "")
        case "USER":
            text = interpolate(Text(str(step["value"]).strip(), source.evidence(step["startline"] + 1)), known)
            place = (source.evidence(step["startline"] + 1),)
            origin = Origin.UNKNOWN if text.value is None else Origin.EXPLICIT
            return replace(
                stage, user=Setting("user", text.value, origin, place, text.reason if text.value is None else "")
            )
        case "EXPOSE":
            at = source.evidence(step["startline"] + 1)
            value = interpolate(Text(str(step["value"])), known).value or ""
            numbers = [word.partition("/")[0] for word in value.split() if not word.endswith("/udp")]
            return replace(stage, ports=(*stage.ports, *((int(n), at) for n in numbers if n.isdigit() and len(n) <= 5)))
        case _:
            return stage
