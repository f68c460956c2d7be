"""Commands that start something, as workloads: a server on the machine itself, or ``docker run``.

Shared by shell scripts and systemd units, because the same line does the same in both.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import UNKNOWN_EXPOSURE, Exposure, Hop, Reach
from undercroft.model.setting import Origin, Setting
from undercroft.scan import recognise
from undercroft.scan.graph import Listener, Running, Span, Text, Workload
from undercroft.scan.identify import Started, binds_to_loopback, identify, ports
from undercroft.scan.scripts import Command, program

_ENGINES = frozenset({"docker", "podman", "nerdctl", "finch"})
_SWITCHES = frozenset({
    "--detach", "--interactive", "--tty", "--rm", "--privileged", "--init", "--read-only", "--no-healthcheck", "--oom-kill-disable",
    "--publish-all", "--sig-proxy", "--disable-content-trust", "--quiet", "--help", "--replace", "--no-hosts", "--no-hostname",
    "--no-deps", "--service-ports", "--use-aliases", "--build", "--quiet-pull", "--remove-orphans", "--rmi", "--tls-verify", "--all",
    "--no-TTY", "--quiet-build",
})  # fmt: skip
_SHORT_SWITCHES = frozenset("ditPqT")
_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock")
_PORT = re.compile(
    r"^(?:(?P<ip>\[[0-9a-fA-F:]+\]|\d+\.[\d.]+|localhost):)?(?:(?P<host>\d*(?:-\d+)?):)?(?P<target>\d+)(?:-\d+)?(?:/(?P<protocol>\w+))?$"
)
_LOOPBACK = ("127.", "localhost", "[::1]", "::1")


def first_words(components: Mapping[str, ComponentFact]) -> frozenset[str]:
    """Programs the catalogue knows commands of, to pass over all other lines cheaply."""
    return frozenset(entry.argv[0] for fact in components.values() for entry in fact.commands if entry.argv)


def _options(words: Sequence[Text], shown: Sequence[str]) -> tuple[list[tuple[str, Text]], int]:
    """The options of ``run`` with their values, and the position of the first word behind them."""
    found: list[tuple[str, Text]] = []
    i = 0
    while i < len(words):
        word, text = shown[i], words[i]
        if not word.startswith("-") or word == "-":
            break
        if word == "--":
            return found, i + 1
        if word.startswith("--"):
            name, equals, rest = word.partition("=")
            if equals:
                found.append((name, replace(text, value=rest if text.value is not None else None, span=None)))
            elif name in _SWITCHES:
                found.append((name, replace(text, value="true")))
            elif i + 1 < len(words):
                i += 1
                found.append((name, words[i]))
        else:
            for k, letter in enumerate(word[1:], start=1):
                if letter in _SHORT_SWITCHES:
                    found.append((f"-{letter}", replace(text, value="true")))
                    continue
                rest = word[k + 1 :].removeprefix("=")
                if rest:
                    found.append(
                        (f"-{letter}", replace(text, value=rest if text.value is not None else None, span=None))
                    )
                elif i + 1 < len(words):
                    i += 1
                    found.append((f"-{letter}", words[i]))
                break
        i += 1
    return found, i


def container(command: Command) -> tuple[Sequence[Text], Sequence[str], bool] | None:
    """The words behind ``docker run``, and whether it is Compose's; ``None`` for any other command."""
    bare, words = command.bare, command.words[command.begin :]
    if not bare:
        return None
    name = program(bare[0])
    i, compose = 1, name in {"docker-compose", "podman-compose"}
    if name not in _ENGINES and not compose:
        return None
    while i < len(bare):
        if bare[i] in {
            "-H",
            "--host",
            "--context",
            "-f",
            "--file",
            "-p",
            "--project-name",
            "--env-file",
            "--profile",
            "--log-level",
        }:
            i += 2
        elif bare[i].startswith("-") or bare[i] == "container":
            i += 1
        elif bare[i] == "compose" and not compose:
            compose, i = True, i + 1
        else:
            break
    if i < len(bare) and bare[i] in {"run", "create"}:
        return words[i + 1 :], bare[i + 1 :], compose
    return None


def _published(value: str, text: Text, running: Sequence[Running]) -> Listener | None:
    match = _PORT.match(value)
    if match is None or (match["protocol"] or "tcp") != "tcp":
        return None
    ip, number = match["ip"] or "", int(match["target"])
    outside = (match["host"] or "").partition("-")[0] or str(number)
    hop = (Hop(f"published port {ip or '0.0.0.0'}:{outside} → {number}", text.evidence),)  # noqa: S104 - text for people
    loopback = ip.startswith(_LOOPBACK)
    exposure = (
        Exposure(Reach.LOOPBACK, hop)
        if loopback
        else Exposure(
            Reach.PRIVATE,
            hop,
            "published on every interface of the machine; whether the internet reaches it is not in these files",
        )
    )
    host = "127.0.0.1" if loopback or ip in {"", "0.0.0.0"} else ip  # noqa: S104 - read, not bound
    span = text.span if text.value == value else None
    return Listener(number, ports(running).get(number, ""), exposure, (f"{host}:{outside}",), span, text.evidence)


def _facts(options: Sequence[tuple[str, Text]], head: Evidence) -> tuple[dict[str, Setting], dict[str, Span]]:
    spans: dict[str, Span] = {}
    facts = {
        name: Setting(name, value, Origin.DEFAULT, (head,))
        for name, value in {
            "privileged": False, "user": None, "host-network": False, "host-pid": False, "host-ipc": False, "memory-limit": None,
            "cpu-limit": None, "runtime-socket": None,
        }.items()
    }  # fmt: skip

    def say(name: str, value: str | bool | None, text: Text) -> None:
        place = (text.evidence,) if text.evidence else (head,)
        facts[name] = Setting(
            name, value, Origin.EXPLICIT if text.value is not None else Origin.UNKNOWN, place, text.reason
        )

    for name, text in options:
        value = text.value
        match name:
            case "--privileged":
                say("privileged", value != "false", text)
            case "-u" | "--user":
                say("user", value, text)
            case "--network" | "--net":
                say("host-network", value == "host", text)
            case "--pid":
                say("host-pid", value == "host", text)
            case "--ipc":
                say("host-ipc", value == "host", text)
            case "-m" | "--memory":
                say("memory-limit", value, text)
            case "--cpus":
                say("cpu-limit", value, text)
            case "-v" | "--volume" | "--mount":
                path = next((s for s in _SOCKETS if s in re.split(r"[:,=]", value or "")), None)
                if path is not None:
                    say("runtime-socket", path, text)
            case _:
                continue
    return facts, spans


def _environment(options: Sequence[tuple[str, Text]], exported: Mapping[str, Text]) -> dict[str, Text]:
    found: dict[str, Text] = {}
    for name, text in options:
        if name not in {"-e", "--env"}:
            continue
        key, equals, rest = (text.value or "").partition("=")
        if text.value is None:
            continue
        if equals:
            found[key] = replace(text, value=rest, span=None)
        else:
            given = exported.get(key)
            reason = f"{key} is passed through from the shell"
            found[key] = given or replace(text, value=None, literal=False, reason=reason, span=None)
    return found


def run(
    command: Command, exported: Mapping[str, Text], format_: str, path: str, components: Mapping[str, ComponentFact]
) -> Workload | None:
    """What ``docker run`` starts; ``None`` when the command is another."""
    behind = container(command)
    if behind is None:
        return None
    words, shown, compose = behind
    options, i = _options(words, shown)
    if i >= len(words):
        return None
    head = command.evidence
    image = None if compose else words[i]
    entrypoint = next((text for name, text in options if name == "--entrypoint" and text.value), None)
    arguments = tuple(words[i + 1 :])
    environment = _environment(options, exported)
    started = Started(head, image, (entrypoint,) if entrypoint else None, arguments or None, environment)
    line, running = identify(started, components)
    facts, spans = _facts(options, head)
    if compose:  # what the Compose file says holds as well, so what is not written here is not known to be missing
        facts = {name: setting for name, setting in facts.items() if setting.origin is Origin.EXPLICIT}
        if not running:
            return None
    root = next((word for word in line if word.value == "--allow-root"), None)
    if root is not None and root.evidence is not None and facts.get("user", root) is not None:
        user = facts.get("user")
        if user is None or user.origin is Origin.DEFAULT:
            facts["user"] = Setting("user", "root", Origin.EXPLICIT, (root.evidence,))
    listeners = [
        listener
        for name, text in options
        if name in {"-p", "--publish"}
        and text.value is not None
        and (listener := _published(text.value, text, running)) is not None
    ]
    listeners += [
        Listener(
            None, "", Exposure(None, (Hop("published port", text.evidence),), text.reason), (), None, text.evidence
        )
        for name, text in options
        if name in {"-p", "--publish"} and text.value is None
    ]
    host = facts.get("host-network")
    for port, role in ports(running).items():
        if port in {listener.port for listener in listeners}:
            continue
        if host is not None and host.value is True:
            exposure = Exposure(
                Reach.PRIVATE,
                (Hop("--network host", host.evidence[0]),),
                "host network: every interface of the machine",
            )
        elif binds_to_loopback(running):
            exposure = Exposure(Reach.LOOPBACK, (), "the component binds to loopback inside the container")
        else:
            exposure = Exposure(Reach.HOST, (), "not published; the machine and its other containers reach it")
        listeners.append(Listener(port, role, exposure))
    name = next((text.value for flag, text in options if flag == "--name" and text.value), None)
    if name is None:
        name = (
            recognise.reference(image.value).repository.rpartition("/")[2]
            if image and image.value
            else (shown[i] or "container")
        )
    asset = Asset(f"{format_}:{path}#{name}", "workload", name, tuple(r.component for r in running))
    return Workload(
        asset, format_, head, image, line, environment, facts, running, tuple(listeners), {}, path, spans,
    )  # fmt: skip


def process(
    words: Sequence[Text],
    environment: Mapping[str, Text],
    head: Evidence,
    format_: str,
    path: str,
    components: Mapping[str, ComponentFact],
    name: str = "",
    user: Setting | None = None,
) -> Workload | None:
    """What a command starts on the machine itself; ``None`` when the catalogue does not know it."""
    line, running = identify(Started(head, None, None, tuple(words), environment), components)
    if not running:
        return None
    facts = {} if user is None else {"user": user}
    root = next((word for word in line if word.value == "--allow-root"), None)
    if user is None and root is not None and root.evidence is not None:
        facts["user"] = Setting("user", "root", Origin.EXPLICIT, (root.evidence,))
    return Workload(
        Asset(f"{format_}:{path}#{name or running[0].fact.slug}", "workload", name or running[0].fact.slug, tuple(r.component for r in running)),
        format_, head, None, line, environment, facts, running, _own(running), {}, path,
    )  # fmt: skip


def _own(running: Sequence[Running]) -> tuple[Listener, ...]:
    """The ports a process opens itself, by its ``bind`` setting."""
    loopback = binds_to_loopback(running)
    bind = next((each.settings["bind"] for each in running if "bind" in each.settings), None)
    place = bind.evidence[0] if bind is not None and bind.evidence else None
    found = []
    for port, role in ports(running).items():
        if loopback is None:
            exposure = UNKNOWN_EXPOSURE if bind is None else Exposure(None, (Hop("bind address", place),), bind.reason)
        elif loopback:
            exposure = Exposure(Reach.LOOPBACK, (Hop("bound to loopback", place),), "the component binds to loopback")
        else:
            shown = bind.value if bind is not None and bind.value is not None else "every interface"
            exposure = Exposure(
                Reach.PRIVATE,
                (Hop(f"bound to {shown}", place),),
                "every interface of the machine; whether the internet reaches it is not in these files",
            )
        found.append(
            Listener(port, role, exposure, (f"127.0.0.1:{port}",) if exposure.reach is not None else (), None, place)
        )
    return tuple(found)
