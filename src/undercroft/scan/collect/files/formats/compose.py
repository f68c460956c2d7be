"""Compose files: services become workloads. What Compose itself would do is followed from the Compose specification
(https://github.com/compose-spec/compose-spec, Apache-2.0): short and long port syntax, list and map environments, interpolation.
"""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.model.setting import Origin, Setting, Value
from undercroft.scan.collect.files import dotenv, image
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.formats import env
from undercroft.scan.collect.files.image import Stage
from undercroft.scan.collect.files.interpolate import dotenv as values
from undercroft.scan.collect.files.interpolate import interpolate
from undercroft.scan.collect.files.places import placed
from undercroft.scan.collect.files.services import is_overlay, networks, services
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Graph, Listener, Running, Span, Text, Workload
from undercroft.scan.identify import Started, binds_to_loopback, identify, ports
from undercroft.scan.words import expand, split

_PORT = re.compile(
    r"^(?:(?P<ip>\[[0-9a-fA-F:]+\]|[0-9a-zA-Z.:]*?):)??(?:(?P<host>\d+(?:-\d+)?)?:)?(?P<target>\d+(?:-\d+)?)(?:/(?P<protocol>tcp|udp))?$"
)
_HALVES = re.compile(r"(?P<variable>\$\{?\w+\}?):(?P=variable)(?:/tcp)?")
_NUMBERS = re.compile(r"\d+(?:-\d+)?")
_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock")


def is_compose(document: Node) -> bool:
    """Whether a YAML document is a Compose file: ``services`` holds mappings that name an image, a build or an extension of one."""
    services = document.get("services")
    if services is None or services.pairs is None or document.get("apiVersion") is not None:
        return False
    return any(s.get("image") or s.get("build") or s.get("extends") or s.get("command") for _, s in services.entries())


def _words(node: Node | None, variables: Mapping[str, str]) -> tuple[Text, ...] | None:
    if node is None or (node.scalar is None and node.items is None):
        return None
    if node.items is None:
        words = split(interpolate(node.text(), variables, holes=True))
        return placed(words, node)
    words = tuple(interpolate(word, variables, holes=True) for word in node.words())
    expanded = expand(words)
    return words if len(expanded) == len(words) else placed(expanded, node)


def _from_files(file: File, service: Node, variables: Mapping[str, str]) -> dict[str, Text]:
    """Variables of the service's ``env_file`` entries, in their order. The file itself is judged where it stands."""
    node = service.get("env_file")
    found: dict[str, Text] = {}
    for entry in (node.items if node is not None and node.items is not None else [node] if node is not None else [])[
        :50
    ]:
        path = entry.get("path") or entry
        name = interpolate(path.text(), variables).value if path.scalar else None
        text = file.beside(name) if name else None
        if name is None or text is None:
            continue
        # A service taken from another folder by ``extends`` names its files from there.
        shown = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), name))
        found |= dotenv.read(Source.of(shown, text), literal=not env.wants(shown, file.paths))
    return found


def _environment(file: File, service: Node, variables: Mapping[str, str]) -> dict[str, Text]:
    node = service.get("environment")
    found = _from_files(file, service, variables)
    if node is None:
        return found
    for name, value in node.entries():
        text = value.text(name)
        if value.scalar is None and value.plain:  # "NAME:" alone takes the value of the shell that starts Compose
            text = replace(
                text, value=variables.get(name), literal=False, reason=f"{name} is passed through from the shell"
            )
        found[name] = interpolate(text, variables)
    for item in node.each():
        name, equals, value_text = (item.scalar or "").partition("=")
        text = item.text()
        if equals:
            known = (value_text,) if names_a_secret(name) and is_literal_secret(value_text) else ()
            text = replace(text, value=value_text, evidence=item.source.evidence(item.line, item.column, known))
            if text.span is not None and not item.plain:
                text = replace(text, span=replace(text.span, start=text.span.start + 1, end=text.span.end - 1))
            if text.span is not None:
                text = replace(text, span=replace(text.span, start=text.span.start + len(name) + 1))
        else:
            text = replace(
                text, value=variables.get(name), literal=False, reason=f"{name} is passed through from the shell"
            )
        found[name] = interpolate(text, variables)
    return found


def _built(
    file: File, service: Node, variables: Mapping[str, str], components: Mapping[str, ComponentFact]
) -> Stage | None:
    """What the Dockerfile of the service's ``build`` makes; ``None`` when there is none to be read."""
    node = service.get("build")
    if node is None:
        return None
    folder = node if node.scalar is not None else node.get("context")
    context = (interpolate(folder.text(), variables).value if folder is not None else ".") or ""
    if "://" in context or not context or node.get("dockerfile_inline") is not None:
        return None
    written = node.get("dockerfile")
    name = (
        interpolate(written.text(), variables).value if written is not None and written.scalar else "Dockerfile"
    ) or ""
    path = posixpath.join(context, name)
    text = file.beside(path)
    if text is None:
        return None
    given = {}
    arguments = node.get("args")
    for key, value in arguments.entries() if arguments is not None else ():
        given[key] = interpolate(value.text(key), variables).value or ""
    for item in arguments.each() if arguments is not None else ():
        key, equals, rest = (item.scalar or "").partition("=")
        given[key] = interpolate(Text(rest), variables).value or "" if equals else variables.get(key, "")
    shown = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), path))
    stages = image.stages(Source.of(shown, text), components, {k: v for k, v in given.items() if v})
    target = node.get("target")
    if target is not None and target.scalar:
        return next((stage for stage in stages if stage.name == target.scalar.lower()), None)
    return stages[-1] if stages else None


def _started(
    service: Node, variables: Mapping[str, str], head: Evidence, environment: dict[str, Text], stage: Stage | None
) -> Started:
    """How the service is started: what it says itself, and what its image says where it is silent."""
    node = service.get("image")
    own = interpolate(node.text(), variables) if node and node.scalar else None
    entrypoint, command = _words(service.get("entrypoint"), variables), _words(service.get("command"), variables)
    if stage is None:
        return Started(head, own, entrypoint, command, environment)
    inherited = {name: replace(text, literal=False, fallback="") for name, text in stage.environment.items()}
    if command is None and entrypoint is None:
        command = stage.command
    entrypoint = stage.entrypoint if entrypoint is None else entrypoint
    base = replace(stage.origin, literal=False) if stage.origin.value is not None else own
    return Started(head, base, entrypoint, command, {**inherited, **environment}, stage.installed, stage.workdir)


def _limit(service: Node, resource: str, short: str) -> Node | None:
    return service.get("deploy", "resources", "limits", resource) or service.get(short)


def _container(
    service: Node, head: tuple[Evidence, ...], stage: Stage | None = None, internal: frozenset[str] = frozenset()
) -> dict[str, Setting]:
    def place(node: Node) -> tuple[Evidence, ...]:
        return (node.source.evidence(node.line, node.column),)

    def fact(name: str, node: Node | None, value: Value, default: Value) -> Setting:
        if node is None:
            return Setting(name, default, Origin.DEFAULT, head)
        if value is None:
            return Setting(name, None, Origin.UNKNOWN, place(node), "its value cannot be resolved")
        return Setting(name, value, Origin.EXPLICIT, place(node))

    privileged, user = service.get("privileged"), service.get("user")
    found = {
        "privileged": fact("privileged", privileged, privileged.boolean if privileged else None, False),
        "user": fact("user", user, user.scalar if user else None, None),
    }
    if user is None and stage is not None:  # judged where the Dockerfile is; here it is what the image brings along
        found["user"] = Setting(
            "user", stage.user.value, Origin.DEFAULT, stage.user.evidence or head, "the Dockerfile's USER"
        )
    joined = service.get("networks")
    names = {k for k, _ in joined.entries()} | {i.scalar or "" for i in joined.each()} if joined is not None else set()
    enclosed = bool(names) and names <= internal
    found["internal-network"] = Setting(
        "internal-network", enclosed, Origin.EXPLICIT if enclosed else Origin.DEFAULT, head
    )
    for name, key in (("host-network", "network_mode"), ("host-pid", "pid"), ("host-ipc", "ipc")):
        node = service.get(key)
        found[name] = fact(name, node, node.scalar == "host" if node else None, False)
    for name, resource, short in (("memory-limit", "memory", "mem_limit"), ("cpu-limit", "cpus", "cpus")):
        node = _limit(service, resource, short)
        found[name] = fact(name, node, node.scalar if node else None, None)
    for volume in (service.get("volumes") or service).each():
        path = (volume.get("source") or volume).scalar or ""
        if path.partition(":")[0] in _SOCKETS:
            found["runtime-socket"] = Setting("runtime-socket", path.partition(":")[0], Origin.EXPLICIT, place(volume))
    found.setdefault("runtime-socket", Setting("runtime-socket", None, Origin.DEFAULT, head))
    return found


def _publication(node: Node, variables: Mapping[str, str]) -> tuple[Text, str, str | None, str] | None:
    """(written text, host address, host port, container port) of one ``ports`` entry; ``None`` when it is no TCP port."""
    if node.pairs is not None:
        target, published, ip = (node.get(k) for k in ("target", "published", "host_ip"))
        if target is None or target.scalar is None or (node.get("protocol") or target).scalar == "udp":
            return None
        inside = interpolate(target.text(), variables)
        if not _NUMBERS.fullmatch(inside.value or ""):
            return (inside, "", None, "") if inside.value is None else None
        outside = interpolate(published.text(), variables).value if published else None
        return inside, ip.scalar or "" if ip else "", outside, inside.value or ""
    text = interpolate(node.text(), variables)
    match = _PORT.match(text.value or "")
    if match is None or match["protocol"] == "udp":
        if text.value is not None:
            return None
        halves = _HALVES.fullmatch(node.scalar or "")
        # One variable on both sides is a number, so no address can hide in it.
        return (text, "", "", "") if halves else (text, "", None, "")
    return text, (match["ip"] or "").strip("[]"), match["host"], match["target"]


def _address_span(node: Node) -> Span | None:
    """Where a publication of several keys names the host's address."""
    address = node.get("host_ip")
    return address.text().span if address is not None else None


def _reach(ip: str, node: Node, written: str) -> Exposure:
    hop = (Hop(f"published port {written}", node.source.evidence(node.line, node.column)),)
    if ip.startswith("127.") or ip in {"::1", "localhost"}:
        return Exposure(Reach.LOOPBACK, hop)
    where = f"address {ip}" if ip not in {"", "0.0.0.0", "::"} else "every interface"  # noqa: S104 - read, not bound
    return Exposure(
        Reach.PRIVATE,
        hop,
        f"published on {where} of the machine; whether the internet reaches it is not in these files",
    )


def _enclosed() -> Exposure:
    return Exposure(
        Reach.CLUSTER, (), "every network of the service is internal, so a publication reaches nothing outside"
    )


def _listeners(
    service: Node, running: Sequence[Running], variables: Mapping[str, str], container: Mapping[str, Setting]
) -> tuple[Listener, ...]:
    roles = ports(running)
    loopback = binds_to_loopback(running)
    found: list[Listener] = []
    for node in (service.get("ports") or service).each():
        publication = _publication(node, variables)
        if publication is None:
            continue
        text, ip, host_port, target = publication
        evidence = node.source.evidence(node.line, node.column)
        if not target:
            hops = (Hop("published port", evidence),)
            unknown = Exposure(None, hops, text.reason)
            every = Exposure(
                Reach.PRIVATE, hops, "published on every interface of the machine; which port, a variable decides"
            )
            found.append(Listener(None, "", unknown if host_port is None else every, (), None, evidence))
            continue
        number = int(target.partition("-")[0])
        outside = (host_port or target).partition("-")[0]
        shown = f"{ip or '0.0.0.0'}:{outside} → {target}"  # noqa: S104 - text for people
        exposure = _enclosed() if container["internal-network"].value is True else _reach(ip, node, shown)
        if loopback and number in roles:
            exposure = Exposure(
                Reach.LOOPBACK,
                exposure.path,
                "the component binds to loopback inside the container, so the publication reaches nothing",
            )
        host = "127.0.0.1" if ip in {"", "0.0.0.0", "::"} or ip.startswith("127.") else ip  # noqa: S104 - read, not bound
        found.append(
            Listener(
                number,
                roles.get(number, ""),
                exposure,
                (f"{host}:{outside}",) if outside else (),
                text.span,
                evidence,
                _address_span(node),
            )
        )
    host_network = container["host-network"].value is True
    for port in roles:
        if port in {listener.port for listener in found}:
            continue
        if loopback:
            exposure = Exposure(Reach.LOOPBACK, (), "the component binds to loopback")
        elif host_network:
            hop = Hop("network_mode: host", container["host-network"].evidence[0])
            exposure = Exposure(Reach.PRIVATE, (hop,), "host network: every interface of the machine")
        else:
            exposure = Exposure(Reach.CLUSTER, (), "not published; other containers of the project's networks reach it")
        addresses = (f"127.0.0.1:{port}",) if host_network or loopback else ()
        found.append(Listener(port, roles[port], exposure, addresses))
    return tuple(found)


def _services(
    file: File, document: Node, components: Mapping[str, ComponentFact], variables: Mapping[str, str]
) -> list[Workload]:
    """The services of one Compose document as workloads, as Compose would put them together."""
    workloads = []
    internal = networks(document)
    for key, service in services(file, document):
        name = key.scalar or ""
        head = key.source.evidence(key.line, key.column)
        stage = _built(file, service, variables, components)
        started = _started(service, variables, head, _environment(file, service, variables), stage)
        words, running = identify(started, components)
        node = service.get("image")
        own = interpolate(node.text(), variables) if node and node.scalar else None
        if stage is not None and not running and own is not None:  # the name of what is built may tell what it is
            words, running = identify(replace(started, image=own), components)
        container = _container(service, (head,), stage, internal)
        asset = Asset(f"compose:{file.path}#{name}", "workload", name, tuple(r.component for r in running))
        spans: dict[str, Span] = {}
        if service.get("build") is not None:
            spans["built-here"] = key.source.span(key.line, key.column, key.end_column)
        for granted in ("privileged", "network_mode"):
            given = service.get(granted)
            if given is not None and (text := given.text()).span is not None:
                spans[granted] = text.span
        workloads.append(
            Workload(
                asset, "compose", head, own, words, started.environment, container, running,
                _listeners(service, running, variables, container), {}, file.path, spans,
            )
        )  # fmt: skip
    return workloads


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """YAML and JSON files; what they hold decides the rest, because people call Compose files all kinds of names."""
    return path.lower().endswith((".yaml", ".yml", ".json"))


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """The services of a Compose file, with the variables of the ``.env`` beside it."""
    if file.path.lower().endswith(".json") and '"services"' not in file.source.text:
        return Graph()
    documents = [document for document in file.documents if is_compose(document)]
    if not documents or is_overlay(file):
        return Graph()
    variables = values(file.beside(".env") or "")
    return Graph(workloads=tuple(w for document in documents for w in _services(file, document, components, variables)))
