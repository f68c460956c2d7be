"""The packages of a Python environment, read from the metadata beside them. The interpreter itself is never started."""

import sys
from importlib.metadata import distributions
from pathlib import Path

from undercroft.model.asset import Asset, Certainty
from undercroft.model.evidence import HostEvidence
from undercroft.scan.graph import Graph
from undercroft.scan.inventory import WRITTEN, Package, normal

RUNNING = "."
"""Names the environment this program itself runs in."""


class NoEnvironment(ValueError):
    """The place holds no Python environment; the message says what to give."""


def _folders(place: str) -> list[str]:
    """Where the environment's packages lie: its own folders, and nothing that only an interpreter could tell."""
    if place == RUNNING:
        return sys.path
    path = Path(place).expanduser()
    prefix = path.absolute().parent.parent if path.is_file() else path
    patterns = (
        "lib/python*/site-packages",
        "lib64/python*/site-packages",
        "lib/python3/dist-packages",
        "Lib/site-packages",
    )
    found = {folder.resolve() for pattern in patterns for folder in prefix.glob(pattern) if folder.is_dir()}
    if not found:
        raise NoEnvironment(
            f"{place}: no Python environment; give its folder, its interpreter, or . for the running one"
        )
    return sorted(str(folder) for folder in found)


def collect(place: str) -> Graph:
    """The packages of the environment at ``place``: an interpreter, its environment's folder, or ``.``. Raises :class:`NoEnvironment`."""
    name = "running interpreter" if place == RUNNING else place
    asset = Asset(f"environment:{place}", "host", name)
    found: dict[str, Package] = {}
    for one in distributions(path=_folders(place)):
        try:
            called, version = one.metadata["Name"], one.metadata["Version"]
        except (OSError, UnicodeDecodeError, KeyError):
            continue
        if not called or normal("PyPI", called) in found:  # the first on the path is the one that is imported
            continue
        key = normal("PyPI", called)
        said = f"{key}=={version}" if version else f"{key} without a version"
        found[key] = Package(
            "PyPI", key, version or None, Certainty.EXACT if version else Certainty.UNKNOWN, f"installed in {name}",
            HostEvidence(f"packages of {name}", f"importlib.metadata of {name}", said), asset, locked=True, exposure=WRITTEN,
        )  # fmt: skip
    return Graph(packages=tuple(found.values()))
