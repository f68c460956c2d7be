"""GitHub workflows and composite actions. Syntax: GitHub's "Workflow syntax" and "Metadata syntax" references."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.scan import shell
from undercroft.scan.collect.files.blocks import block
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Graph, Span, Text, Workload
from undercroft.scan.pipelines import Expression, Job, Permissions, Pipeline, Step
from undercroft.scan.scripts import Command, Script

_EXPRESSION = re.compile(r"\$\{\{(?P<inside>(?:[^\n{]|\{(?!\{)){0,1000}?)\}\}")
_SECRET = re.compile(r"\bsecrets(?:\.(\w+)|\[\s*'(\w+)'\s*\])")
_CODE = ("run", "script", "command", "cmd", "inlineScript", "commands")
"""Inputs that well-known actions run as code."""
_OTHER_SHELLS = ("python", "pwsh", "powershell", "cmd", "node", "ruby", "perl", "julia", "Rscript")


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """YAML files; ``on`` and ``jobs``, or ``runs``, decide the rest, because samples and templates live outside ``.github`` as well."""
    return path.lower().endswith((".yml", ".yaml"))


def _texts(node: Node | None) -> dict[str, Text]:
    """A mapping's scalars. Expressions stay as written: what they are is what checks ask."""
    found: dict[str, Text] = {}
    for name, value in node.entries() if node is not None else ():
        if value.pairs is None and value.items is None:
            text = value.text(name)
            found[name] = Text(value.scalar or "", text.evidence, text.span, "", "${{" not in (value.scalar or ""))
    return found


def _permissions(node: Node | None, source: Source) -> Permissions | None:
    if node is None:
        return None
    place = source.evidence(node.line, node.column)
    if node.pairs is None:
        return Permissions(place, node.scalar or "", {}, node.text().span if node.scalar else None)
    return Permissions(place, "", _texts(node))


def _expressions(code: shell.Block, source: Source) -> Iterator[Expression]:
    for i, line in enumerate(code.text.split("\n")):
        number, column = code.places[min(i, len(code.places) - 1)]
        for match in _EXPRESSION.finditer(line):
            at = column + match.start()
            span = (
                source.span(number, at, at + len(match[0]))
                if source.line(number)[at - 1 : at - 1 + len(match[0])] == match[0]
                else None
            )
            before = re.sub(r"\"[^\"]*\"", "", line[: match.start()])
            yield Expression(match["inside"].strip(), source.evidence(number, at), span, before.count("'") % 2 == 1)


def _key_span(node: Node, name: str) -> Span | None:
    key = node.key(name)
    return node.source.span(key.line, key.column, key.end_column) if key is not None else None


def _steps(node: Node | None, asset: Asset, job: str, default: str) -> Iterator[Step]:
    for number, step in enumerate(node.each() if node is not None else ()):
        if step.pairs is None:
            continue
        source, uses, run = step.source, step.get("uses"), step.get("run")
        named = step.get("name") or step.get("id")
        called = (
            (named.scalar if named is not None else None)
            or (uses.scalar if uses is not None else None)
            or f"step {number + 1}"
        )
        interpreter = (step.get("shell") or step).scalar or default
        codes = [block(run)] if run is not None and run.scalar is not None else []
        inputs, javascript = step.get("with"), uses is not None and "github-script" in (uses.scalar or "")
        for name in _CODE if inputs is not None and inputs.pairs is not None else ():
            given = inputs.get(name) if inputs is not None else None
            if given is not None and given.scalar is not None:
                codes.append(block(given))
        expressions = tuple(e for code in codes for e in _expressions(code, source))
        environment = _texts(step.get("env"))
        script = None
        if codes and not javascript and not interpreter.startswith(_OTHER_SHELLS):
            commands: list[Command] = []
            for code in codes:
                offset = len(commands)
                commands += [command.shifted(offset) for command in shell.read(source, code).commands]
            script = Script(asset, "github", f"{job} / {called}", tuple(commands), environment, step.line)
        env = step.get("env")
        first = env.pairs[0][0] if env is not None and env.pairs else None
        where = run or uses or step
        yield Step(
            called, source.evidence(where.line, where.column), _use(uses), _texts(inputs), environment, expressions, interpreter,
            (step.get("if") or step).scalar or "", script, _key_span(step, "run"),
            source.span(first.line, first.column, first.end_column) if first is not None and first.line != (env or first).line - 1 else None,
        )  # fmt: skip


def _use(node: Node | None) -> Text | None:
    if node is None or node.scalar is None:
        return None
    text = node.text()
    return Text(node.scalar, text.evidence, text.span)


def _scalars(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    if node.scalar is not None:
        return (node.scalar,)
    if node.pairs is not None:
        labels = _scalars(node.get("labels"))
        return (*(("group",) if node.get("group") is not None else ()), *labels)
    return tuple(item.scalar for item in node.each() if item.scalar is not None)


def _job(name: str, key: Node, node: Node, asset: Asset, default: str) -> Job:
    source = node.source
    runner, secrets, gate = node.get("runs-on"), node.get("secrets"), node.get("environment")
    inherits = secrets.text() if secrets is not None and secrets.scalar == "inherit" else None
    default = (node.get("defaults", "run", "shell") or node).scalar or default
    return Job(
        name, source.evidence(key.line, key.column), _scalars(runner), source.evidence(runner.line, runner.column) if runner else None,
        (node.get("if") or node).scalar or "", _permissions(node.get("permissions"), source), _texts(node.get("env")),
        (gate.scalar or (gate.get("name") or gate).scalar or "") if gate is not None else "",
        tuple(_steps(node.get("steps"), asset, name, default)), _use(node.get("uses")), _texts(node.get("with")), inherits,
    )  # fmt: skip


def _triggers(node: Node, source: Source) -> dict[str, Evidence]:
    found: dict[str, Evidence] = {}
    if node.scalar is not None:
        found[node.scalar] = source.evidence(node.line, node.column)
    for item in node.each():
        if item.scalar is not None:
            found[item.scalar] = source.evidence(item.line, item.column)
    for key, _ in node.pairs or ():
        if key.scalar is not None:
            found[key.scalar] = source.evidence(key.line, key.column)
    return found


def _images(node: Node, name: str, asset: Asset) -> Iterator[Workload]:
    """Images a job runs in or beside. They live as long as the job, so their image is all that is asked of them."""
    places = [("container", node.get("container"))]
    places += (
        [(service, value) for service, value in (node.get("services") or node).entries()]
        if node.get("services") is not None
        else []
    )
    for kind, value in places:
        image = value if value is None or value.scalar is not None else value.get("image")
        if image is not None and image.scalar:
            head, text = image.source.evidence(image.line, image.column), image.text()
            if text.value is not None:
                text = replace(text, value=text.value.removeprefix("docker://"))
            yield Workload(
                Asset(f"{asset.key}#{name}.{kind}", "workload", f"{name} / {kind}", ()), "github", head, text
            )


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The workflow or composite action, its scripts and the images its jobs run in; nothing for any other YAML."""
    if "jobs:" not in file.source.text and "runs:" not in file.source.text:
        return Graph()
    document = next(iter(file.documents), None)
    if document is None or document.pairs is None:
        return Graph()
    source = file.source
    asset = Asset(f"github:{source.path}", "pipeline", source.path)
    secrets = frozenset(a or b for e in _EXPRESSION.finditer(source.text) for a, b in _SECRET.findall(e["inside"]))
    head = source.evidence(document.line, document.column)
    on, jobs, runs = document.get("on"), document.get("jobs"), document.get("runs")
    if runs is not None and runs.get("steps") is not None and (runs.get("using") or runs).scalar == "composite":
        job = Job(
            "composite",
            source.evidence(runs.line, runs.column),
            steps=tuple(_steps(runs.get("steps"), asset, "composite", "")),
        )
        pipeline = Pipeline(asset, "github", source.path, head, jobs=(job,), secrets=secrets)
        return Graph(pipelines=(pipeline,), scripts=tuple(s.script for s in job.steps if s.script is not None))
    if on is None or jobs is None or jobs.pairs is None:
        return Graph()
    default = (document.get("defaults", "run", "shell") or document).scalar or ""
    made = tuple(
        _job(key.scalar, key, node, asset, default) for key, node in jobs.pairs if key.scalar and node.pairs is not None
    )
    pipeline = Pipeline(
        asset, "github", source.path, head, _triggers(on, source), _permissions(document.get("permissions"), source),
        _texts(document.get("env")), made, secrets, (),
        frozenset(name for name, event in on.entries() if event.get("branches") or event.get("tags")), _key_span(document, "jobs"),
    )  # fmt: skip
    images = tuple(
        w for key, node in jobs.pairs if key.scalar and node.pairs is not None for w in _images(node, key.scalar, asset)
    )
    scripts = tuple(step.script for _, step in pipeline.steps() if step.script is not None)
    return Graph(workloads=images, pipelines=(pipeline,), scripts=scripts)
