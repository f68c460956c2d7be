"""A chart as it lies in the tree: which folder a template belongs to, its values, its named templates."""

import posixpath
from functools import lru_cache

from undercroft.scan.collect.files import tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.helm.engine import Engine, Helper, definitions, root
from undercroft.scan.collect.files.helm.rendered import Rendered, assemble
from undercroft.scan.collect.files.helm.syntax import parse
from undercroft.scan.collect.files.helm.values import UNKNOWN, Value
from undercroft.scan.collect.files.source import Source

MAX_HELPERS = 64
"""Files of named templates read for one chart."""


def folder(path: str) -> str | None:
    """The chart's folder for a file below ``templates``; ``None`` for any other file."""
    head, mark, _ = f"/{path}".rpartition("/templates/")
    return head[1:] if mark else None


def is_template(path: str) -> bool:
    """Whether a file is a chart's template by its place."""
    return path.endswith((".yaml", ".yml")) and folder(path) is not None


@lru_cache(maxsize=16)
def _document(path: str, text: str) -> tree.Node | None:
    """The first document of a values file, kept while its chart's templates are read."""
    found = tree.read(Source.of(path, text))
    return found[0] if found else None


@lru_cache(maxsize=64)
def _definitions(path: str, text: str) -> dict[str, Helper]:
    try:
        return definitions(Source.of(path, text))
    except tree.Unreadable:
        return {}  # its templates are then unknown to those who include them


def _beside(file: File, path: str) -> str | None:
    return file.beside(posixpath.relpath(path, posixpath.dirname(file.path) or "."))


def _data(file: File, base: str, name: str) -> Value:
    path = posixpath.join(base, name)
    text = _beside(file, path) if path in file.paths else None
    if text is None:
        return UNKNOWN
    try:
        found = _document(path, text)
    except tree.Unreadable:
        return UNKNOWN
    return {} if found is None or found.pairs is None else found


def _helpers(file: File, base: str) -> dict[str, Helper]:
    within = posixpath.join(base, "templates") + "/"
    found: dict[str, Helper] = {}
    for path in sorted(p for p in _partials(file.paths) if p.startswith(within))[:MAX_HELPERS]:
        text = _beside(file, path)
        if text is not None:
            found |= _definitions(path, text)
    return found


@lru_cache(maxsize=4)
def _partials(paths: frozenset[str]) -> tuple[str, ...]:
    return tuple(path for path in paths if path.endswith(".tpl"))


def render(file: File) -> Source:
    """A template with its chart's values filled in. Raises ``tree.Unreadable`` when it is no template or expands without bound."""
    # Other tools keep templates in folders of this name, and CloudFormation writes {{resolve:…}} into them.
    if "{{" not in file.source.text or "apiVersion" not in file.source.text:
        return file.source
    base = folder(file.path) or ""
    values = _data(file, base, "values.yaml")
    if values is UNKNOWN:
        values = _data(file, base, "values.yml")
    blocks = parse(file.source)
    helpers = _helpers(file, base) | {b.text: Helper(file.source, b.body) for b in blocks if b.kind == "define"}
    engine = Engine(file.source, root(values, _data(file, base, "Chart.yaml"), file.path), helpers)
    rendered: Rendered = assemble(file.source, engine.render(blocks))
    return rendered
