"""Values of charts: the defaults beside the templates, and the files people install charts with."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.evidence import FileEvidence
from undercroft.model.setting import Origin, Setting
from undercroft.scan.cluster import Autoscaler, Switch
from undercroft.scan.collect.files import routes
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.helm import chart, facts, sections
from undercroft.scan.collect.files.helm.sections import Section
from undercroft.scan.collect.files.kube import containers
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Graph, Listener, Route, Text, Workload
from undercroft.scan.identify import Started, identify

_ENVIRONMENT = (
    "env",
    "extraEnv",
    "extraEnvVars",
    "envVars",
    "environment",
    "extraEnvironmentVars",
    "environmentVariables",
)
_SAYS = frozenset({"resources", "securityContext", "containerSecurityContext"})
_UNSEEN = "the chart's templates may add to it"


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """YAML files that are no template; what they hold decides the rest."""
    return path.lower().endswith((".yaml", ".yml")) and not chart.is_template(path)


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """The facts of a values file, or of the values an installation object carries."""
    found = []
    for i, document in enumerate(file.documents):
        kind = document.get("kind")
        if kind is not None and kind.scalar in {"HelmRelease", "HelmChart", "HelmApp"}:
            held = document.get("spec", "values")
            if held is not None and held.pairs is not None:
                found.append(_read(file.path, held, components))
        elif kind is not None and kind.scalar == "Application":
            held = document.get("spec", "source", "helm", "valuesObject")
            if held is not None and held.pairs is not None:
                found.append(_read(file.path, held, components))
        elif i == 0 and sections.is_values(file.path, document):
            found.append(_read(file.path, document, components))
    return Graph.joined(found)


def link(graph: Graph) -> Graph:
    """Facts that a rendered template of the same chart tells as well, at the same place, are told once."""
    rendered = [w for w in graph.workloads if w.format == "kubernetes"]
    if len(rendered) == len(graph.workloads) or not rendered:
        return graph
    images = {w.image.evidence for w in rendered if w.image is not None and w.image.evidence is not None}
    limits = {e for w in rendered if (s := w.granted("memory-limit")) is not None for e in s.evidence}
    texts = {t.evidence for w in rendered for t in w.environment.values()}
    texts |= {s.text.evidence for s in graph.secrets if s.format != "helm"}
    ways = {route.evidence for route in graph.routes if not route.namespace.startswith("helm:")}

    def told(workload: Workload) -> bool:
        if workload.image is not None and workload.image.evidence is not None:
            return workload.image.evidence in images
        limit = workload.granted("memory-limit")
        return limit is not None and bool(set(limit.evidence) & limits)

    return replace(
        graph,
        workloads=tuple(w for w in graph.workloads if w.format != "helm" or not told(w)),
        secrets=tuple(s for s in graph.secrets if s.format != "helm" or s.text.evidence not in texts),
        routes=tuple(r for r in graph.routes if not r.namespace.startswith("helm:") or r.evidence not in ways),
    )


def _read(path: str, document: Node, components: Mapping[str, ComponentFact]) -> Graph:
    workloads: list[Workload] = []
    ways: list[Route] = []
    scalers: list[Autoscaler] = []
    switches: list[Switch] = []
    read: set[int] = set()
    for section in sections.sections(document):
        asset = _asset(path, section)
        switches += list(facts.switches(section, asset))
        opened = list(_routes(section, asset))
        ways += opened
        scaler = facts.autoscaler(section, asset)
        if scaler is not None:
            scalers.append(scaler)
        workload = _workload(path, section, components)
        if workload is not None:
            workloads.append(workload)
            if workload.environment:
                read |= _environments(section)
        if section.active:
            workloads += [_lone(path, section, key, node, components) for key, node in sections.lone_images(section)]
    linked = tuple(_opened(workload, ways) for workload in workloads)
    return Graph(
        workloads=linked, routes=tuple(ways), autoscalers=tuple(scalers), switches=tuple(switches),
        secrets=tuple(facts.secrets(path, document, read)),
    )  # fmt: skip


def _environments(section: Section) -> set[int]:
    """The nodes of a section's variables, which are the workload's and not read a second time."""
    found = set()
    for key in _ENVIRONMENT:
        held = section.node.get(key)
        if held is not None:
            found |= {id(held), *(id(item) for item in held.each())}
    return found


def _asset(path: str, section: Section) -> Asset:
    name = section.name or "values"
    return Asset(f"helm:{path}#{name}", "values", f"{name} of {path.rpartition('/')[2]}")


def _command(arguments: Node | None) -> tuple[Text, ...] | None:
    if arguments is None or arguments.items is None:
        return None
    return arguments.words() if arguments.items else None


def _workload(path: str, section: Section, components: Mapping[str, ComponentFact]) -> Workload | None:
    found = sections.image(section)
    node = section.node
    if found is None or not section.active:
        return _sized(path, section) if section.active else None
    source = node.source
    head = source.evidence(node.line, node.column)
    place = found.place.evidence() if found.place is not None else None
    variables: dict[str, Text] = {}
    for key in _ENVIRONMENT:
        held = node.get(key)
        if held is not None:
            variables |= containers.environment(Node(source, 0, 0, pairs=[(Node(source, 0, 0, scalar="env"), held)]))
    command = _command(node.get("command") or node.get("image", "command"))
    given = next((a for key in ("args", "extraArgs") if (a := _command(node.get(key))) is not None), None)
    # A whole command is what runs; anything less may be added to by the templates.
    if command is None:
        given = (*(given or ()), Text(None, head, None, _UNSEEN))
    started = Started(head, Text(found.value, place, None), command, given, variables)
    words, running = identify(started, components)
    asset = _asset(path, section)
    asset = replace(asset, components=tuple(r.component for r in running))
    shown = started.image if place is not None else None
    return Workload(
        asset,
        "helm",
        head,
        shown,
        words,
        variables,
        _rights(section, head),
        running,
        _listeners(section),
        namespace=path,
    )


def _sized(path: str, section: Section) -> Workload | None:
    """A section without an image that says something about a container all the same: the chart names the image elsewhere."""
    if not any(key.scalar in _SAYS for key, _ in section.node.pairs or ()):
        return None
    rights = _rights(section, section.node.source.evidence(section.node.line, section.node.column))
    if not section.path or not (rights.keys() & {"memory-limit", "privileged", "user", "capabilities"}):
        return None
    node = section.node
    return Workload(
        _asset(path, section),
        "helm",
        node.source.evidence(node.line, node.column),
        container=rights,
        namespace=path,
    )


def _lone(path: str, section: Section, key: str, node: Node, components: Mapping[str, ComponentFact]) -> Workload:
    inner = Section(node, (*section.path, key), section.active)
    head = node.evidence()
    unseen = (Text(None, head, None, _UNSEEN),)
    started = Started(head, Text(node.scalar, head, node.text().span), None, unseen, {})
    words, running = identify(started, components)
    asset = replace(_asset(path, inner), components=tuple(r.component for r in running))
    return Workload(asset, "helm", head, started.image, words, {}, {}, running, namespace=path)


def _rights(section: Section, head: FileEvidence) -> dict[str, Setting]:
    node, source = section.node, section.node.source
    own = node.get("containerSecurityContext") or node.get("securityContext")
    shared = node.get("podSecurityContext")

    def made(key: str, value: Node | None) -> list[tuple[Node, Node]]:
        return [(Node(source, 0, 0, scalar=key), value)] if value is not None else []

    resources = node.get("resources")
    container = Node(source, node.line, node.column, pairs=made("securityContext", own) + made("resources", resources))
    pod = Node(
        source, node.line, node.column,
        pairs=made("securityContext", shared) + made("hostNetwork", node.get("hostNetwork")) + made("hostIPC", node.get("hostIPC")) + made("hostPID", node.get("hostPID")),
    )  # fmt: skip
    rights = containers.granted(pod, container, head, partial=True)
    rights.pop("security-context", None)
    if resources is not None and resources.pairs is not None and resources.get("limits", "memory") is None:
        limits = resources.get("limits")
        where = resources.key("limits") or resources
        if limits is None or limits.pairs is not None or limits.scalar is None:
            rights["memory-limit"] = Setting("memory-limit", None, Origin.DEFAULT, (where.evidence(),))
    return rights


def _listeners(section: Section) -> tuple[Listener, ...]:
    service = section.node.get("service")
    port = service.get("port") if service is not None else None
    if port is None or not port.scalar or not port.scalar.isdigit():
        return ()
    return (Listener(int(port.scalar), "", routes.CLUSTER_ONLY, (), None, port.evidence()),)


def _routes(section: Section, asset: Asset) -> Iterator[Route]:
    """The Service and the Ingress a section asks for."""
    node = section.node
    if not section.active or section.path[-1:] in (("service",), ("ingress",)):
        return
    for key in ("service", "ingress"):
        spec = node.get(key)
        if spec is None or spec.pairs is None:
            continue
        on = spec.get("enabled")
        if key == "service" and spec.get("type") is not None and (on is None or on.boolean is not False):
            yield facts.service(section, spec, asset)
        elif key == "ingress" and on is not None and on.boolean is True:
            yield facts.ingress(section, spec, asset)


def _opened(workload: Workload, ways: list[Route]) -> Workload:
    """The exposure its own section's Service or Ingress gives a workload."""
    name = workload.asset.key.partition("#")[2]
    fronts = [route for route in ways if route.kind == "Ingress"]
    listeners = workload.listeners
    for route in ways:
        if route.asset is not None and route.asset.key.partition("#")[2] == name:
            exposure = routes.opened(route, fronts)
            listeners = tuple(replace(each, exposure=each.exposure.wider(exposure)) for each in listeners) or (
                Listener(None, "", exposure, (), None, route.evidence),
            )
    return replace(workload, listeners=listeners) if workload.running else replace(workload, listeners=())
