"""What an install command would fetch, and whether it says which version. Shared by checks; pure."""

import re

from undercroft.scan.scripts import Command, program

_REQUIREMENT = re.compile(r"^([A-Za-z0-9][\w.\-]*)(\[[\w,\- ]*\])?\s*(.*)$")
_TAKES = frozenset({
    "-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target",
    "--prefix", "--root", "--python", "-p", "--platform", "--python-version", "--trusted-host", "--timeout", "--retries", "--proxy",
    "--cache-dir", "--src", "--implementation", "--abi", "--no-binary", "--only-binary", "--progress-bar", "--config-settings",
    "--torch-backend", "--index", "--default-index", "--index-strategy", "--exclude-newer", "--with", "--group", "--build-constraints",
    "-b", "--override", "--prerelease", "--resolution", "--link-mode", "--upgrade-strategy", "--report", "--log", "-C", "-e", "--editable",
    "--registry", "-w", "--workspace", "--tag", "--version",
})  # fmt: skip
_TOOLING = frozenset(
    {
        "pip",
        "setuptools",
        "wheel",
        "build",
        "uv",
        "pipx",
        "virtualenv",
        "pipenv",
        "poetry",
        "twine",
        "npm",
        "yarn",
        "pnpm",
        "corepack",
        "setuptools-scm",
        "packaging",
    }
)
_MOVING = re.compile(r"^(?:main|master|head|develop|dev|trunk|nightly|latest)$", re.IGNORECASE)


def _python(command: Command) -> list[str] | None:
    words = list(command.bare)
    name = command.name
    if name == "python" and words[1:4] == ["-m", "pip", "install"]:
        return words[4:]
    if name == "python" and words[1:5] == ["-m", "uv", "pip", "install"]:
        return words[5:]
    if re.fullmatch(r"pip\d*(?:\.\d+)?", name) and "install" in words[1:4]:
        return words[words.index("install") + 1 :]
    if name == "uv" and words[1:3] == ["pip", "install"]:
        return words[3:]
    if name == "uv" and words[1:3] == ["tool", "install"]:
        return words[3:]
    if name == "pipx" and words[1:2] == ["install"]:
        return words[2:]
    return None


def _specs(words: list[str]) -> tuple[list[str], bool]:
    """Operands of an install, and whether a lock or a constraint file decides the versions."""
    found, bound, skip = [], False, False
    for word in words:
        if skip:
            skip = False
            continue
        if word in {"-c", "--constraint", "--require-hashes", "--no-index", "--exclude-newer"} or word.startswith(
            ("--constraint=", "--exclude-newer=")
        ):
            bound = True
        if word.startswith("-"):
            skip = word in _TAKES
            continue
        if re.match(r"^\d*[<>]", word):
            continue
        found.append(word)
    return found, bound


def python_operands(command: Command) -> list[str]:
    """What a pip-like install names as written: requirements, paths and addresses. Nothing for another command."""
    words = _python(command)
    return [] if words is None else operands(words)


def is_tooling(name: str) -> bool:
    """Whether a package is one that installs others."""
    return name in _TOOLING


def operands(words: list[str]) -> list[str]:
    """The words behind ``pip install`` that are no options."""
    return _specs(words)[0]


def unpinned_python(command: Command) -> tuple[list[str], list[str]]:
    """(packages without a version, sources that move) of a pip-like install. Lower bounds leave the version open as well."""
    words = _python(command)
    if words is None:
        return [], []
    specs, bound = _specs(words)
    open_: list[str] = []
    moving: list[str] = []
    bound_names: set[str] = set()
    for spec in specs:
        text = spec.strip("\"'")
        if re.match(r"^(?:[\w.\-]+(?:\[[^\]]*\])?\s*@\s*)?git\+", text):
            ref = re.search(
                r"@([^@/#]+)(?:#.*)?$",
                text.partition("://")[2].split("@", 1)[-1] if "://git@" in text else text.partition("://")[2],
            )
            name = ref[1] if ref else ""
            if not ref or _MOVING.match(name):
                moving.append(text)
            continue
        if (
            bound
            or text.startswith((".", "/", "$", "~", "http://", "https://", "file:"))
            or text.endswith((".whl", ".tar.gz", ".zip"))
            or "://" in text
        ):
            continue
        match = _REQUIREMENT.match(text)
        if match is None or "$" in text or "{{" in text:
            continue
        name, rest = match[1].lower().replace("_", "-"), match[3].split(";")[0].strip()
        if re.search(r"===?|~=|<|@", rest):
            bound_names.add(name)
        elif name not in _TOOLING:
            open_.append(match[1])
    return [name for name in open_ if name.lower().replace("_", "-") not in bound_names], moving


def unpinned_node(command: Command) -> list[str]:
    """Packages that npm, yarn or pnpm would install globally or by name without a version."""
    words = list(command.bare)
    name = command.name
    if name not in {"npm", "pnpm", "yarn"} or len(words) < 3:
        return []
    if name == "yarn":
        rest = words[3:] if words[1:3] == ["global", "add"] else []
    else:
        rest = words[2:] if words[1] in {"i", "install", "add"} else []
    specs, _ = _specs(rest)
    found = []
    for spec in specs:
        bare = spec.lstrip("@")
        _, at, version = bare.partition("@")
        if spec.startswith((".", "/", "$", "http", "git")) or bare.split("@")[0] in _TOOLING:
            continue
        if not at or version in {"latest", "next", "*"}:
            found.append(spec)
    return found


def unpinned_chart(command: Command) -> str | None:
    """The chart that ``helm install`` or ``upgrade`` takes from a repository without ``--version``."""
    words = list(command.bare)
    if command.name != "helm" or len(words) < 3 or words[1] not in {"install", "upgrade"} or command.has("--version"):
        return None
    takes = {
        "-n",
        "--namespace",
        "-f",
        "--values",
        "--set",
        "--set-string",
        "--timeout",
        "--repo",
        "--kube-context",
        "--set-file",
        "--set-json",
        "--kubeconfig",
        "--description",
    }
    operands, skip = [], False
    for word in words[2:]:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in takes
        else:
            operands.append(word)
    chart = operands[-1] if operands else ""
    remote = (
        chart.startswith("oci://") or (re.fullmatch(r"[\w.\-]+/[\w.\-]+", chart) is not None) or command.has("--repo")
    )
    if not remote or chart.startswith((".", "/", "charts/", "chart/", "helm/", "deploy")) or "$" in chart:
        return None
    return chart


def moving_manifest(command: Command) -> str | None:
    """The address of a manifest that ``kubectl apply`` takes from a branch or from whatever is newest."""
    if program(command.bare[0] if command.bare else "") not in {"kubectl", "oc"} or not {"apply", "create"} & set(
        command.bare[1:3]
    ):
        return None
    for word in command.bare[2:]:
        address = word.partition("=")[2] if word.startswith("--filename=") else word
        if address.startswith(("http://", "https://")) and re.search(r"/(?:main|master|HEAD|develop|latest)/", address):
            return address
    return None


def moving_source(command: Command) -> str | None:
    """``go install module@latest`` and its like: the module."""
    if command.name == "go" and "install" in command.bare[1:2]:
        return next((w for w in command.bare[2:] if re.search(r"@(?:latest|main|master)$", w)), None)
    if (
        command.name == "cargo"
        and "install" in command.bare[1:2]
        and command.has("--git")
        and not command.has("--rev", "--tag")
    ):
        return command.option("--git")
    return None
