"""Compiles the catalogue before a wheel is packed."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatch's hook: the YAML sources stay at home, the artefact ships."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatch's signature
        sys.path.insert(0, str(Path(self.root) / "src"))
        from undercroft.catalogue import compiler

        compiler.write()
