"""Files that tell a host what to do: sshd_config and its drop-ins, sysctl, NFS exports, Samba shares.

Meanings are the manual pages': sshd_config(5), sysctl.d(5), exports(5), smb.conf(5).
"""

import re
from collections.abc import Iterator, Mapping

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.scan.collect.files import configuration
from undercroft.scan.collect.files.file import File
from undercroft.scan.graph import Graph
from undercroft.scan.hosts import HostSetting

_CLIENT = re.compile(r"(?P<client>[^\s(]+)\((?P<options>[^)]*)\)")


def _kind(path: str) -> str:
    low = path.lower()
    name = low.rpartition("/")[2]
    if name.startswith("sshd_config") or "sshd_config.d/" in low:
        return "sshd"
    if name == "sysctl.conf" or "sysctl.d/" in low:
        return "kernel"
    if name == "exports" or "exports.d/" in low:
        return "nfs"
    return "smb" if name == "smb.conf" else ""


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """Files by the names and folders their programs read."""
    return _kind(path) != ""


def _settings(file: File, kind: str, asset: Asset) -> Iterator[HostSetting]:
    source = file.source
    match kind:
        case "sshd":
            seen: set[str] = set()
            for key, text in configuration.directives(source):
                name = key.lower()
                if name == "match":
                    return  # what follows holds for some connections only
                if name not in seen and text.evidence is not None:  # sshd takes the first value of a keyword
                    seen.add(name)
                    yield HostSetting(asset, kind, name, text.value or "", text.evidence)
        case "kernel":
            for key, text in configuration.assignments(source):
                if text.evidence is not None:
                    yield HostSetting(asset, kind, key.lstrip("-").replace("/", "."), text.value or "", text.evidence)
        case "nfs":
            for number, line in enumerate(source.lines, start=1):
                if line.strip().startswith("/"):
                    for match in _CLIENT.finditer(line):
                        yield HostSetting(
                            asset,
                            kind,
                            line.split()[0],
                            f"{match['client']}({match['options']})",
                            source.evidence(number, match.start() + 1),
                        )
        case _:
            for key, text in configuration.assignments(source):
                if text.evidence is not None:
                    yield HostSetting(asset, kind, key.lower(), text.value or "", text.evidence)


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The settings of the host's service this file belongs to."""
    kind = _kind(file.path)
    asset = Asset(f"host:{file.path}", "host", file.path)
    return Graph(host_settings=tuple(_settings(file, kind, asset)))
