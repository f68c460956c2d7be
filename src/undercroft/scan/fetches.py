"""What a command takes from the network, and what it does with it. Shared by the checks that judge it differently."""

import re

from undercroft.scan.scripts import Command, Script, program

_FETCHERS = frozenset({"curl", "wget", "fetch", "aria2c", "axel", "http", "https", "wget2"})
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_INTERPRETERS = frozenset({"python", "perl", "ruby", "node", "php", "pwsh"})
_UNPACKERS = frozenset(
    {
        "tar",
        "unzip",
        "bsdtar",
        "dpkg",
        "rpm",
        "install",
        "gunzip",
        "unxz",
        "7z",
        "apt",
        "apt-get",
        "yum",
        "dnf",
        "alien",
    }
)
_VERIFIERS = frozenset(
    {
        "sha256sum",
        "sha512sum",
        "shasum",
        "sha1sum",
        "gpg",
        "gpgv",
        "cosign",
        "minisign",
        "slsa-verifier",
        "sha384sum",
        "b2sum",
        "rpmkeys",
    }
)
_LOCAL = re.compile(
    r"^(?:https?://)?(?:localhost|127\.|0\.0\.0\.0|\[::1\]|host\.docker\.internal|169\.254\.169\.254|metadata\.google)",
    re.IGNORECASE,
)
_URL = re.compile(r"^(?:https?|ftp)://\S+", re.IGNORECASE)
_TAKES = re.compile(
    r"-[a-zA-Z]*[oOHuwmAexbcP]|--(?:output|output-document|header|user|write-out|max-time|retry|connect-timeout|user-agent|proxy|cookie|directory-prefix|retry-delay)"
)
"""Options of downloaders whose next word is a value."""
_DATA = re.compile(
    r"\.(?:txt|json|ya?ml|csv|md|repo|list|asc|gpg|key|pub|pem|crt|safetensors|gguf|jpg|png|wav|mp4|html?)(?:[?#].*)?$",
    re.IGNORECASE,
)


def fetched(command: Command) -> str | None:
    """The address a command downloads from, as written; ``None`` when it downloads nothing, or asks only the machine itself."""
    if command.name not in _FETCHERS:
        return None
    if command.name == "curl" and (command.has("-I", "--head") or _sends(command)):
        return None
    for word in command.bare[1:]:
        if _LOCAL.match(word):
            return None
        if _URL.match(word):
            return word
    operands = [
        w
        for before, w in zip(command.bare, command.bare[1:], strict=False)
        if not w.startswith("-") and not _TAKES.fullmatch(before)
    ]
    return next((w for w in operands if re.match(r"^[\w-]+(?:\.[\w-]+)+/\S", w) or w.startswith("$")), None)


def _sends(command: Command) -> bool:
    return command.has(
        "-d", "--data", "--data-raw", "--data-binary", "-F", "--form", "-T", "--upload-file", "--json"
    ) or command.option("-X", "--request") in {"POST", "PUT", "DELETE", "PATCH"}


def runs_input(command: Command) -> bool:
    """Whether a command runs what it is given on its standard input as code."""
    name, rest = command.name, command.bare[1:]
    if name in _SHELLS:
        if any(re.fullmatch(r"-[a-z]*c", word) for word in rest):
            return False
        if "-s" in rest or any(re.fullmatch(r"-[a-z]*s[a-z]*", word) for word in rest):
            return True
        operands = [
            word for word in rest if not word.startswith("-") and word != "pipefail" and not word.startswith("<(")
        ]
        return not operands or operands[0] in {"/dev/stdin", "-"}
    if name in _INTERPRETERS:
        return all(word in {"-", "-u", "/dev/stdin"} for word in rest)
    return name in {"source", "."} and "/dev/stdin" in rest


def runs_substitution(command: Command, via: str) -> bool:
    """Whether a command runs as code what ``$(…)`` or ``<(…)`` in its words gives."""
    name = command.name
    if name == "eval":
        return True
    if via == "process":
        return name in _SHELLS or name in _INTERPRETERS or name in {"source", "."}
    return name in _SHELLS and any(re.fullmatch(r"-[a-z]*c", word) for word in command.bare[1:])


def piped_into_shell(script: Script, position: int) -> Command | None:
    """The command that runs as code what the one at ``position`` downloads; ``None`` when nothing does."""
    via = script.commands[position].via
    for reader in script.readers(position):
        if (via == "pipe" and runs_input(reader)) or (
            via in {"process", "substitution"} and runs_substitution(reader, via)
        ):
            return reader
        if reader.name in _VERIFIERS:
            return None
        via = reader.via
    return None


def destination(command: Command, url: str) -> str:
    """The file a download is kept in, as written; empty when it goes elsewhere."""
    name = (
        command.option("-o", "--output", "-O", "--output-document")
        if command.name != "curl"
        else command.option("-o", "--output")
    )
    if name is None and command.name == "curl":
        joined = next((w[2:] for w in command.bare if re.match(r"^-o\S", w)), None)
        clustered = next((i for i, w in enumerate(command.bare) if re.fullmatch(r"-[a-zA-Z]+o", w)), None)
        name = joined or (
            command.bare[clustered + 1] if clustered is not None and clustered + 1 < len(command.bare) else None
        )
    if name in {"-", "/dev/null"}:
        return ""
    if name:
        return name
    if command.output and command.output != "/dev/null":
        return command.output
    keeps = command.name in {"wget", "wget2", "aria2c", "axel"} or command.has("-O", "--remote-name")
    return url.split("?", maxsplit=1)[0].rsplit("/", 1)[-1] if keeps and not command.has("-qO-") else ""


def verifies(command: Command) -> bool:
    """Whether a command compares a checksum or a signature."""
    if command.name in {"sha256sum", "sha512sum", "shasum", "sha1sum", "sha384sum", "b2sum"}:
        return command.has("-c", "--check") or bool(command.output) or command.via in {"substitution", "pipe"}
    if command.name in _VERIFIERS:
        return any("verify" in word for word in command.bare) or command.name in {"slsa-verifier", "gpgv"}
    return command.name == "openssl" and "dgst" in command.bare


def uses(command: Command, file: str) -> str:
    """What a command does with a downloaded file: ``unpacks``, ``runs``, or nothing."""
    base = file.rsplit("/", 1)[-1]
    if not base:
        return ""
    words = command.bare
    if any(word in (file, base) or word.endswith(f"/{base}") for word in words[:1]):
        return "runs"
    named = any(word == file or word.rsplit("/", 1)[-1] == base for word in words[1:])
    if not named:
        return ""
    if command.name in _UNPACKERS:
        return "unpacks"
    if command.name in _SHELLS or command.name in _INTERPRETERS or command.name in {"source", "."}:
        return "runs"
    if command.name == "chmod" and any(re.search(r"x|7|5", word) for word in words[1:2]):
        return "runs"
    return ""


def is_data(url: str) -> bool:
    """Whether an address names something that is read and not run: text, a list, a key, a picture."""
    return _DATA.search(url) is not None


def makes_executable(command: Command) -> bool:
    """Whether a command takes a stream apart into files, or makes it runnable."""
    return command.name in _UNPACKERS and program(command.bare[0]) not in {"apt", "apt-get"}


def shown(url: str) -> str:
    """The address without what may be secret in it, short enough for a title."""
    clean = re.sub(r"//[^/@\s]+@", "//", url.split("?", maxsplit=1)[0])
    return clean if len(clean) <= 90 else clean[:89] + "…"
