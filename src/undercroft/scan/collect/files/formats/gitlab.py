"""GitLab pipelines. Syntax: GitLab's "CI/CD YAML syntax reference"."""

from collections.abc import Iterator, Mapping

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.scan import shell
from undercroft.scan.collect.files.blocks import block
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Graph, Text, Workload
from undercroft.scan.pipelines import Job, Pipeline, Step
from undercroft.scan.scripts import Command, Script

_GLOBAL = frozenset(
    {
        "default",
        "include",
        "stages",
        "variables",
        "workflow",
        "image",
        "services",
        "before_script",
        "after_script",
        "cache",
        "pages",
        "spec",
    }
)
_SCRIPTS = ("before_script", "script", "after_script")
_BRANCHES = {"main", "master", "head", "develop", "HEAD"}


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """Files GitLab reads by default, or that are named or kept as its templates."""
    low = path.lower()
    return low.endswith((".yml", ".yaml")) and ("gitlab-ci" in low.rpartition("/")[2] or "/.gitlab/" in f"/{low}")


def _includes(node: Node | None) -> Iterator[Text]:
    """Foreign pipelines: ``remote`` files, and ``project`` files with their ``ref``. Written as ``owner/name@ref``, as other formats do."""
    for item in node.items if node is not None and node.items is not None else [node] if node is not None else []:
        remote, project, component = item.get("remote"), item.get("project"), item.get("component")
        if item.scalar is not None and item.scalar.startswith(("http://", "https://")):
            remote = item
        if remote is not None and remote.scalar:
            pin = item.get("integrity")
            text = remote.text()
            yield Text(f"{remote.scalar}@{'sha256:' + '0' * 64 if pin is not None else ''}", text.evidence, text.span)
        elif project is not None and project.scalar:
            ref = item.get("ref")
            text = (ref or project).text()
            yield Text(
                f"{project.scalar}@{ref.scalar if ref is not None and ref.scalar else ''}", text.evidence, text.span
            )
        elif component is not None and component.scalar:
            yield component.text()


def _code(node: Node | None) -> Iterator[shell.Block]:
    """The lines of a script key, nested lists (from anchors) included."""
    waiting = [node] if node is not None else []
    for _ in range(2000):
        if not waiting:
            return
        each = waiting.pop(0)
        if each.scalar is not None:
            yield block(each)
        elif each.items is not None:
            waiting = [*each.items, *waiting]


def _variables(node: Node | None) -> dict[str, Text]:
    found = {}
    for name, value in node.entries() if node is not None else ():
        given = value if value.pairs is None else value.get("value")
        if given is not None and given.items is None and given.pairs is None:
            found[name] = given.text(name)
    return found


def _image(node: Node | None) -> Text | None:
    image = node if node is None or node.pairs is None else node.get("name")
    if image is None or not image.scalar:
        return None
    text = image.text()
    return Text(None, text.evidence, None, "a variable of the pipeline") if "$" in image.scalar else text


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The pipeline, its scripts and the images of its jobs."""
    source = file.source
    asset = Asset(f"gitlab:{source.path}", "pipeline", source.path)
    jobs: list[Job] = []
    scripts: list[Script] = []
    workloads: list[Workload] = []
    variables: dict[str, Text] = {}
    includes: list[Text] = []
    for document in file.documents:
        variables |= _variables(document.get("variables"))
        includes += _includes(document.get("include"))
        for key, node in document.pairs or ():
            name = key.scalar or ""
            section = name in _GLOBAL and name not in {"default", "pages"}
            job = document if section and name in {"image", "before_script", "after_script"} else node
            if (section and job is node) or job.pairs is None:
                continue
            keys = (name,) if section else _SCRIPTS
            commands: list[Command] = []
            for each in keys if keys[0] != "image" else ():
                for code in _code(job.get(each)):
                    offset = len(commands)
                    commands += _shifted(shell.read(source, code).commands, offset)
            place = source.evidence(key.line, key.column)
            environment = _variables(job.get("variables")) if not section else {}
            script = Script(asset, "gitlab", name, tuple(commands), environment, key.line) if commands else None
            if script is not None:
                scripts.append(script)
            gate = job.get("environment") if not section else None
            step = Step(name, place, environment=environment, script=script)
            tags = tuple(tag.scalar for tag in (job.get("tags") or job).each() if tag.scalar) if not section else ()
            jobs.append(
                Job(
                    name,
                    place,
                    tags,
                    None,
                    "",
                    None,
                    environment,
                    (gate.scalar or (gate.get("name") or gate).scalar or "") if gate else "",
                    (step,),
                )
            )
            image = _image(job.get("image")) if keys[0] == "image" or not section else None
            if image is not None and image.evidence is not None:
                workloads.append(
                    Workload(Asset(f"{asset.key}#{name}", "workload", name), "gitlab", image.evidence, image)
                )
    if not jobs and not includes:
        return Graph()
    head = source.evidence(1)
    pipeline = Pipeline(
        asset, "gitlab", source.path, head, {}, None, variables, tuple(jobs), frozenset(), tuple(includes)
    )
    return Graph(pipelines=(pipeline,), scripts=tuple(scripts), workloads=tuple(workloads))


def _shifted(commands: tuple[Command, ...], offset: int) -> list[Command]:
    """Commands of one block behind those of others, so that what feeds what stays right."""
    return [c.shifted(offset) for c in commands]
