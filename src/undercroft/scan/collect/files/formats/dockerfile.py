"""Dockerfiles: the last stage becomes a workload that does not run yet. ``dockerfile-parse`` takes the file apart."""

import io
import json
import re
from collections.abc import Mapping
from typing import Any

from dockerfile_parse import DockerfileParser

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset, Certainty, Component
from undercroft.model.exposure import Exposure
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.model.setting import Origin, Setting
from undercroft.scan import recognise
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Graph, Listener, Text, Workload
from undercroft.scan.identify import Started, identify
from undercroft.scan.words import split

_INSTALL = re.compile(r"\bpip3?\s+install\b([^&|;]*)")
_REQUIREMENT = re.compile(r"""^["']?([A-Za-z0-9][\w.\-]*)(?:\[[^\]]*\])?(?:==([\w.!+*\-]+))?["']?$""")


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """Files named like a Dockerfile."""
    low = path.lower().rpartition("/")[2]
    return (
        low in {"dockerfile", "containerfile"}
        or low.startswith(("dockerfile.", "containerfile."))
        or low.endswith(".dockerfile")
    )


def _words(source: Source, step: Mapping[str, Any]) -> tuple[Text, ...]:
    line, value = step["startline"] + 1, str(step["value"])
    evidence = source.evidence(line)
    if value.lstrip().startswith("["):
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = None
        if isinstance(parsed, list):
            return tuple(_placed(source, line, str(word)) for word in parsed)
    return split(Text(value, evidence))


def _placed(source: Source, line: int, word: str) -> Text:
    """A word of an exec form, at its own column where the line shows it in quotes."""
    quoted = json.dumps(word, ensure_ascii=False)
    column = source.line(line).find(quoted) + 1
    span = source.span(line, column, column + len(quoted)) if column else None
    return Text(word, source.evidence(line, column or 1), span)


def _environment(source: Source, step: Mapping[str, Any]) -> dict[str, Text]:
    parser = DockerfileParser(fileobj=io.BytesIO(f"FROM scratch\nENV {step['value']}\n".encode()))
    line = step["startline"] + 1
    found = {}
    for name, value in dict(parser.envs).items():
        known = (value,) if names_a_secret(name) and is_literal_secret(value) else ()
        found[name] = Text(value, source.evidence(line, 1, known))
    return found


def _installed(source: Source, step: Mapping[str, Any], components: Mapping[str, ComponentFact]) -> list[Component]:
    found = []
    for match in _INSTALL.finditer(str(step["value"])):
        for word in match[1].split():
            requirement = _REQUIREMENT.match(word)
            matched = recognise.package("PyPI", requirement[1], components) if requirement else None
            if matched is None or requirement is None:
                continue
            fact, entry = matched
            version = requirement[2] if entry.same_version else None
            pinned = f"=={requirement[2]}" if requirement[2] else ", newest at build time"
            reason = f"pip install {requirement[1]}{pinned}"
            certainty = Certainty.EXACT if version else Certainty.UNKNOWN
            found.append(Component(fact.slug, version, certainty, reason, (source.evidence(step["startline"] + 1),)))
    return found


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """The image a Dockerfile builds, as a workload; nothing when no stage is there."""
    source = file.source
    steps = DockerfileParser(fileobj=io.BytesIO(source.text.encode())).structure
    starts = [i for i, step in enumerate(steps) if step["instruction"] == "FROM"]
    if not starts:
        return Graph()
    stage = steps[starts[-1] :]
    line = stage[0]["startline"] + 1
    head = source.evidence(line)
    words = str(stage[0]["value"]).split()
    base = next((word for word in words if not word.startswith("--")), "")
    names = {
        str(steps[i]["value"]).split()[-1].lower() for i in starts[:-1] if " as " in str(steps[i]["value"]).lower()
    }
    column = source.line(line).find(base) + 1
    image = Text(
        base, source.evidence(line, column or 1), source.span(line, column, column + len(base)) if column else None
    )
    if base.lower() in names:
        image = Text(None, image.evidence, None, f"built on stage {base}")
    elif "$" in base:
        image = Text(None, image.evidence, None, "the base image is a build argument")
    entrypoint = command = None
    environment: dict[str, Text] = {}
    installed: list[Component] = []
    user = Setting("user", None, Origin.DEFAULT, (head,), "no USER instruction")
    listeners = []
    for step in stage[1:]:
        match step["instruction"]:
            case "ENTRYPOINT":
                entrypoint = _words(source, step)
            case "CMD":
                command = _words(source, step)
            case "ENV":
                environment |= _environment(source, step)
            case "RUN":
                installed += _installed(source, step, components)
            case "USER":
                user = Setting(
                    "user", str(step["value"]).strip(), Origin.EXPLICIT, (source.evidence(step["startline"] + 1),)
                )
            case "EXPOSE":
                evidence = source.evidence(step["startline"] + 1)
                unknown = Exposure(None, (), "an image does not say who will reach it")
                listeners += [
                    Listener(int(number), "", unknown, (), None, evidence)
                    for word in str(step["value"]).split()
                    if (number := word.partition("/")[0]).isdigit() and not word.endswith("/udp")
                ]
    started = Started(head, image, entrypoint, command, environment, tuple(installed))
    line_words, running = identify(started, components)
    if not listeners:
        listeners = [Listener(None, "", Exposure(None, (), "an image does not say who will reach it"))]
    asset = Asset(f"dockerfile:{source.path}", "image", source.path, tuple(r.component for r in running))
    workload = Workload(
        asset, "dockerfile", head, image, line_words, environment, {"user": user}, running, tuple(listeners)
    )
    return Graph(workloads=(workload,))
