"""From image, command line and environment to running components with their settings. Pure; shared by every file collector."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from undercroft.catalogue.schema import Command, ComponentFact, Image
from undercroft.model.asset import Certainty, Component
from undercroft.model.evidence import Evidence
from undercroft.model.setting import Origin
from undercroft.scan import recognise
from undercroft.scan.graph import UNRESOLVED, Listener, Running, Text
from undercroft.scan.recognise import is_shell
from undercroft.scan.settings import Invocation, resolve
from undercroft.scan.words import expand

_VARIABLE = re.compile(r"\$(?:\((?P<k8s>\w+)\)|\{(?P<braced>\w+)\}|(?P<bare>\w+))")


@dataclass(frozen=True, slots=True)
class Started:
    """How a container is started, before anything is recognised."""

    head: Evidence | None
    """The place that declares it."""
    image: Text | None = None
    entrypoint: Sequence[Text] | None = None
    """What replaces the image's ENTRYPOINT (Compose ``entrypoint``, Kubernetes ``command``); ``None`` when not given."""
    command: Sequence[Text] | None = None
    """What replaces the image's CMD (Compose ``command``, Kubernetes ``args``); ``None`` when not given."""
    environment: Mapping[str, Text] = field(default_factory=dict)
    installed: tuple[Component, ...] = ()
    """Components known to be in the image by other means, such as a Dockerfile's ``pip install``."""
    workdir: str = ""
    """Folder the command starts in, empty when it is not known. ``python main.py`` in ``/app/ComfyUI`` runs ``/app/ComfyUI/main.py``."""


def _parted(word: Text, filled: Text, environment: Mapping[str, Text]) -> tuple[Text, ...]:
    """A shell parts the value of a bare variable into words; a quoted or embedded one it leaves whole.

    The words stand where the variable is written: that is the place to read, and to mend.
    """
    bare = re.fullmatch(r"\$\{?(\w+)\}?", word.value) if word.value is not None else None
    if bare is None or filled.value is None:
        return (filled,)
    written = environment.get(bare[1])
    place = written.evidence if written is not None and written.evidence is not None else filled.evidence
    return tuple(replace(filled, value=part, evidence=place, span=None) for part in filled.value.split())


def _placed(words: Sequence[Text], workdir: str) -> tuple[Text, ...]:
    """The words with a Python program's relative path made absolute, where the folder is known."""
    if not workdir:
        return tuple(words)
    placed = list(words)
    for i, word in enumerate(words[:-1]):
        following = words[i + 1].value
        runs_python = word.value is not None and re.fullmatch(r"(?:.*/)?python[\d.]*", word.value)
        if runs_python and following is not None and following.endswith(".py") and not posixpath.isabs(following):
            placed[i + 1] = replace(words[i + 1], value=posixpath.normpath(posixpath.join(workdir, following)))
    return tuple(placed)


def substitute(word: Text, environment: Mapping[str, Text]) -> Text:
    """``word`` with the container's own variables filled in (Kubernetes' ``$(X)``, the shell's ``$X``).

    A variable that is not declared stays as written: in a shell it may come from the image. One that is declared but cannot be
    resolved makes the word unresolved.
    """
    if word.value is None or "$" not in word.value:
        return word
    unresolved: list[Text] = []

    def fill(match: re.Match[str]) -> str:
        known = environment.get(match["k8s"] or match["braced"] or match["bare"])
        if known is None:
            return match[0]
        if known.value is None:
            unresolved.append(known)
            return match[0]
        return known.value

    value = _VARIABLE.sub(fill, word.value)
    if unresolved:
        return replace(word, value=None, reason=unresolved[0].reason, literal=False)
    return word if value == word.value else replace(word, value=value, literal=False)


def _whole(word: Text) -> Text:
    """``word``, unresolved when a variable in it is."""
    if word.value is None or UNRESOLVED not in word.value:
        return word
    return replace(word, value=None, reason=word.reason or "a variable in it has no value here", literal=False)


def _image(started: Started, components: Mapping[str, ComponentFact]) -> tuple[Component, Image] | None:
    if started.image is None or started.image.value is None:
        return None
    return recognise.image(started.image.value, components, started.image.evidence)


def _words(started: Started, entry: Image | None) -> tuple[tuple[Text, ...], bool]:
    """The whole command line, and whether it is known from its first word."""
    command = tuple(started.command or ())
    if started.entrypoint is not None:
        return (*started.entrypoint, *command), True
    if entry is not None and entry.command_prefix:
        place = started.image.evidence if started.image else None
        prefix = tuple(Text(word, place, literal=False) for word in entry.command_prefix)
        if entry.entrypoint:
            return (*prefix, *command), True
        if command and (command[0].value or "").startswith("-"):
            return (*prefix, *command), True  # the image's start script puts its program in front of options
        return (command or prefix), True
    return command, False


_MORE = re.compile(r"(?i)arg|opt|flag|extra|param|^@$|^\*$")


def _complete(arguments: Sequence[Text]) -> bool:
    """Whether no unresolved word can be an option of its own: it is the value of the option before it, or there is none."""
    for i, word in enumerate(arguments):
        if word.value is not None:
            continue
        before = arguments[i - 1].value if i else None
        if (
            before is None
            or not before.startswith("--")
            or "=" in before
            or any(_MORE.search(name) for name in word.uses)
        ):
            return False
    return True


_SCRIPT = re.compile(r"(?:^|/)(?:[\w.\-]*entry-?point[\w.\-]*|[\w.\-]+\.sh)$")
_Match = tuple[ComponentFact, Command, tuple[int, int]]


def _handed_on(
    started: Started, values: Sequence[str | None], components: Mapping[str, ComponentFact]
) -> _Match | None:
    """What an entry script is handed: by the habit of entry scripts a command, or the arguments of what the image is for."""
    if not values or values[0] is None or not _SCRIPT.search(values[0]):
        return None
    found = recognise.command(values[1:], components)
    if found is not None:
        return found[0], found[1], (found[2][0] + 1, found[2][1] + 1)
    for component in started.installed:
        for program in {entry.argv[0] for entry in components[component.slug].commands}:
            found = recognise.command((program, *values[1:]), {component.slug: components[component.slug]})
            if found is not None:
                return found
    return None


def identify(started: Started, components: Mapping[str, ComponentFact]) -> tuple[tuple[Text, ...], tuple[Running, ...]]:
    """The command line as far as it is known, and the components that run with it."""
    matched = _image(started, components)
    entry = matched[1] if matched else None
    raw, whole = _words(started, entry)
    line = expand(raw)
    filled = [substitute(_whole(word), started.environment) for word in line]
    if line and is_shell(raw[0].value):
        filled = [
            part for word, value in zip(line, filled, strict=True) for part in _parted(word, value, started.environment)
        ]
    words = _placed(filled, started.workdir)
    values = [word.value for word in words]
    by_command = recognise.command(values, components) or _handed_on(started, values, components)
    running: list[Running] = []

    baked: dict[str, Text] = {}
    if entry is not None:
        place = started.image.evidence if started.image else None
        baked = {key: Text(str(value), place, literal=False) for key, value in entry.config.items()}

    def run(component: Component, fact: ComponentFact, arguments: Sequence[Text], *, complete: bool) -> None:
        how = Invocation(arguments, started.environment, baked, complete, started.head)
        running.append(Running(component, fact, resolve(fact, component.version, how)))

    if by_command is not None:
        fact, _, (begin, end) = by_command
        arguments = words[begin:end]
        if matched is not None and matched[0].slug == fact.slug:
            component = matched[0]
        else:
            component = next(
                (c for c in started.installed if c.slug == fact.slug),
                Component(
                    fact.slug, None, Certainty.UNKNOWN, "started by its command line, which does not say a version",
                    tuple(e for e in (words[begin - 1].evidence,) if e),
                ),
            )  # fmt: skip
        run(component, fact, arguments, complete=_complete(arguments))
    elif matched is not None:
        # Nothing of the command line was recognised. Arguments appended to an unknown entrypoint are still the component's.
        replaced = started.entrypoint is not None or (
            entry is not None and not entry.entrypoint and bool(started.command)
        )
        run(matched[0], components[matched[0].slug], words, complete=not replaced and None not in values)
    elif started.installed and not words:
        for component in started.installed:
            run(component, components[component.slug], (), complete=False)
    if matched is not None and by_command is not None and matched[0].slug != by_command[0].slug and not whole:
        run(matched[0], components[matched[0].slug], (), complete=False)
    return words, tuple(running)


def ports(running: Sequence[Running]) -> dict[int, str]:
    """Port → role, where the recognised components listen: moved by their settings where those are known."""
    found: dict[int, str] = {}
    for each in running:
        for port in each.fact.ports:
            setting = each.settings.get(port.setting) if port.setting else None
            if setting is not None and setting.origin is Origin.EXPLICIT and str(setting.value).isdigit():
                found[int(str(setting.value))] = port.role
            elif setting is None or setting.known:
                found[port.number] = port.role
    return found


def binds_to_loopback(running: Sequence[Running]) -> bool | None:
    """Whether the components bind to loopback alone. ``None`` when that is unknown or nothing is recognised."""
    verdicts: list[bool | None] = []
    for each in running:
        setting = each.settings.get("bind")
        if setting is None or not setting.known or setting.value is None:
            verdicts.append(None if setting is None or not setting.known else False)
        else:
            verdicts.append(
                str(setting.value).strip("[]") in {"127.0.0.1", "localhost", "::1"}
                or str(setting.value).startswith("127.")
            )
    if not verdicts or None in verdicts:
        return False if False in verdicts else None
    return all(verdicts)


def unpublished(running: Sequence[Running], published: Sequence[Listener]) -> list[int]:
    """Ports the components listen on that no publication names."""
    taken = {listener.port for listener in published}
    return [port for port in ports(running) if port not in taken]
