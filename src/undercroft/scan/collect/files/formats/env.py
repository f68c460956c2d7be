"""Variable files by their names: ``.env``, ``.env.production``, ``mlflow.env``, ``env.example``, ``env.sh``.

A value in one of them is what a service gets, and a template is what people copy, so both are read; the noun tells them apart.
"""

import re
from collections.abc import Mapping

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.scan.collect.files import dotenv, tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.graph import Graph
from undercroft.scan.variables import VariableFile

_NAME = re.compile(r"(?:^|/)(?:\.?env(?:\.[\w.\-]+)?|[\w.\-]+\.env(?:\.[\w\-]+)*|\.envrc)$")
_CODE = re.compile(
    r"\.(?:py|js|ts|mjs|cjs|tsx|jsx|json|ya?ml|toml|md|rst|txt|html|css|go|rs|java|kt|rb|php|c|h|d|dev\.ts|lock|tf|ini|cfg|nu|ps1|bat|fish|j2|tpl|hcl)$"
)
_EXAMPLE = re.compile(r"(?i)(?:^|[._\-])(?:example|sample|template|tmpl|dist|defaults?|tpl)(?:[._\-]|$)")


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """Files named as variable files are, programs and documents left out."""
    low = path.lower()
    return _NAME.search(low) is not None and _CODE.search(low) is None


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The file's variables; nothing when it sets none. Raises ``tree.Unreadable`` beyond the limits of ``dotenv``."""
    if len(file.source.text) > dotenv.MAX_CHARACTERS or len(file.source.lines) > dotenv.MAX_LINES:
        raise tree.Unreadable(
            f"more than {dotenv.MAX_LINES} lines or {dotenv.MAX_CHARACTERS} characters, which is no file of variables"
        )
    variables = dotenv.read(file.source)
    if not variables:
        return Graph()
    name = file.path.rpartition("/")[2]
    asset = Asset(f"env:{file.path}", "file", file.path)
    found = VariableFile(asset, variables, _EXAMPLE.search(name) is not None, dotenv.ignored(file.path, file.beside))
    return Graph(variables=(found,))
