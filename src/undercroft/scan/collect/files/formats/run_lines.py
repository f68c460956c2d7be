"""Shell text inside other formats: ``RUN`` lines of Dockerfiles, and the command lines of containers."""

import io
import re
from collections.abc import Mapping, Sequence

from dockerfile_parse import DockerfileParser

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.evidence import FileEvidence
from undercroft.scan import shell
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.formats import dockerfile
from undercroft.scan.graph import Graph, Text, Workload
from undercroft.scan.scripts import Command, Script

_HEREDOC = re.compile(r"^<<-?\s*[\"']?(?P<word>\w+)[\"']?\s*$")
_FLAGS = re.compile(r"^\s*RUN\s+(?:--\w[\w-]*(?:=\S+)?\s+)*(?:\\\n)?", re.IGNORECASE)
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", "\n", "|&"})
_MANIFESTS = frozenset({"compose", "kubernetes"})


def wants(path: str, paths: frozenset[str]) -> bool:
    """The files that the Dockerfile format takes."""
    return dockerfile.wants(path, paths)


def _block(lines: Sequence[str], first: int) -> shell.Block | None:
    """One instruction's lines as shell text: comment lines between continued ones fall away, as Docker drops them."""
    kept = [(first + i, line) for i, line in enumerate(lines) if i == 0 or not line.lstrip().startswith("#")]
    text = "\n".join(line for _, line in kept)
    match = _FLAGS.match(text)
    if match is None:
        return None
    text = re.sub(r"[^\n\\]", " ", match[0]) + text[match.end() :]
    if text.lstrip().startswith("["):
        return None
    heredoc = _HEREDOC.match(text.split("\n", 1)[0].strip())
    if heredoc is not None:
        body = [(number, line) for number, line in kept[1:] if line.strip() != heredoc["word"]]
        return shell.Block("\n".join(line for _, line in body), tuple((number, 1) for number, _ in body))
    return shell.Block(text, tuple((number, 1) for number, _ in kept))


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """One script a Dockerfile: all its ``RUN`` lines, in order, whatever the stage."""
    source = file.source
    commands: list[Command] = []
    environment: dict[str, Text] = {}
    for step in DockerfileParser(fileobj=io.BytesIO(source.text.encode())).structure:
        first = step["startline"] + 1
        if step["instruction"] in {"ENV", "ARG"}:
            environment |= _variables(str(step["value"]), source.evidence(first))
        if step["instruction"] != "RUN":
            continue
        block = _block(source.lines[step["startline"] : step["endline"] + 1], first)
        if block is not None:
            offset = len(commands)
            commands += [command.shifted(offset) for command in shell.read(source, block).commands]
    asset = Asset(f"dockerfile:{source.path}", "image", source.path)
    script = Script(asset, "dockerfile", source.path, tuple(commands), environment, 1)
    return Graph(scripts=(script,)) if commands else Graph()


def _variables(value: str, place: FileEvidence) -> dict[str, Text]:
    return {m[1]: Text(m[2].strip("\"'"), place) for m in re.finditer(r"(?:^|\s)(\w+)=(\"[^\"]*\"|'[^']*'|\S+)", value)}


def _commands(workload: Workload) -> tuple[Command, ...]:
    """A command line's words as commands, pipes followed."""
    made: list[Command] = []
    start, piped = 0, False
    words = workload.words
    for i in range(len(words) + 1):
        if i < len(words) and words[i].value not in _SEPARATORS:
            continue
        part = words[start:i]
        place = part[0].evidence if part else None
        if part and place is not None:
            if piped and made:
                made[-1] = made[-1].into(len(made))
            made.append(
                Command(tuple(part), tuple(word.value if word.value is not None else "$?" for word in part), place)
            )
        piped = i < len(words) and words[i].value in {"|", "|&"}
        start = i + 1
    return tuple(made)


def link(graph: Graph) -> Graph:
    """The graph with the command lines of Compose services and pods as scripts, so that checks of commands meet them too."""
    known = {script.asset.key for script in graph.scripts}
    scripts = tuple(
        Script(workload.asset, workload.format, workload.asset.name, commands, workload.environment)
        for workload in graph.workloads
        if workload.format in _MANIFESTS
        and workload.asset.key not in known
        and workload.words
        and (commands := _commands(workload))
    )
    return Graph.joined((graph, Graph(scripts=scripts)))
