"""Terraform: the files of a folder are one module, and a module that is called from the tree is read with what it is given.

How values come together follows the documentation (https://developer.hashicorp.com/terraform/language/values/variables):
``terraform.tfvars`` and ``*.auto.tfvars`` over defaults, arguments of a call over everything. A variable without any of them is
unknown. Nothing is run, no module or provider is fetched, and state files are not read.
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.collect.files.cloud_secrets import paired, secrets
from undercroft.scan.collect.files.cloud_startup import startup
from undercroft.scan.collect.files.cloud_workloads import workloads
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.hcl import Block, Unit, parse
from undercroft.scan.collect.files.hcl_values import MAX_DEPTH, Reader, iterations
from undercroft.scan.graph import Graph

if TYPE_CHECKING:
    from tree_sitter import Node

_SECRET_WORD = re.compile(r"(?i)pass|pwd|secret|token|key|credential")
"""A cheap test before the careful one: every name of a secret has one of these in it."""
MAX_INSTANCES = 400
"""Module instances that are read in one tree."""


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """Configuration, variables and Terragrunt's files."""
    return path.endswith((".tf", ".tofu", ".tfvars")) or path.rpartition("/")[2] == "terragrunt.hcl"


@dataclass(frozen=True, slots=True)
class _Pending:
    """A parsed file that waits for the rest of its module."""

    unit: Unit
    components: Mapping[str, ComponentFact] = field(repr=False)


def _written_secrets(block: Block, name: str = "", depth: int = 0) -> Iterator[str]:
    """Texts that stand where a secret belongs, so that they can be masked everywhere in the file."""
    for key, _, expression in block.attributes:
        asked = name if key == "default" and name else key
        if names_a_secret(asked):
            node = expression
            while node.child_count == 1 and node.type != "string_lit":
                node = node.children[0]
            text = block.unit.slice(node).strip().strip('"')
            if node.type == "string_lit" and is_literal_secret(text):
                yield text
        elif "{" in (written := block.unit.slice(expression)) and _SECRET_WORD.search(written):
            yield from _object_secrets(block.unit, expression)
    for inner in block.blocks:
        if depth < MAX_DEPTH:
            yield from _written_secrets(
                inner, inner.labels[0] if inner.type == "variable" and inner.labels else "", depth + 1
            )


def _object_secrets(unit: Unit, top: "Node") -> Iterator[str]:
    stack = [top]
    while stack:
        node = stack.pop()
        children = node.children
        if node.type == "object_elem" and len(children) >= 3:
            value = unit.slice(children[-1])
            if (
                names_a_secret(unit.slice(children[0]).strip('"'))
                and value[:1] == '"'
                and is_literal_secret(value.strip('"'))
            ):
                yield value.strip('"')
        stack += [c for c in children if c.child_count]


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """The file's syntax, kept until the whole module is there. Raises ``tree.Unreadable``."""
    unit = parse(file)
    text = file.source.text
    found = (*_written_secrets(unit.top), *paired(text)) if _SECRET_WORD.search(text) else ()
    unit.secrets = tuple(dict.fromkeys(s for s in found if len(s) > 2))
    return Graph(cloud=(Estate(pending=(_Pending(unit, components),)),))


@dataclass
class _Module:
    """The blocks of one folder."""

    folder: str
    blocks: dict[str, list[Block]] = field(default_factory=lambda: defaultdict(list))
    values: list[Block] = field(default_factory=list)
    """Variable files that Terraform reads by itself, in its order."""


class _Instance:
    """A module as it is called once, or a root."""

    def __init__(
        self, tree: "_Tree", module: _Module, path: str, call: "tuple[Block, _Instance, Reader] | None"
    ) -> None:
        self.tree, self.module, self.path, self.call = tree, module, path, call
        self.memo: dict[tuple[str, str], Field | None] = {}
        self.open: set[tuple[str, str]] = set()
        self.variables = {b.labels[0]: b for b in module.blocks["variable"] if b.labels}
        self.locals = {name: (b, node) for b in module.blocks["locals"] for name, _, node in b.attributes}
        self.outputs = {b.labels[0]: b for b in module.blocks["output"] if b.labels}
        self.calls = {b.labels[0]: b for b in module.blocks["module"] if b.labels}
        self.given = {name: (call[0], node) for name, _, node in call[0].attributes} if call else {}
        self.files = {name: (b, node) for b in module.values for name, _, node in b.attributes} if call is None else {}
        self.children: dict[str, _Instance | None] = {}

    def reference(self, id_: str) -> str:
        return self.path + id_

    def lookup(self, root: str, name: str, depth: int) -> tuple[Field | None, int]:
        if root not in {"var", "local"}:
            return None, 0
        key = (root, name)
        if key not in self.memo:
            if key in self.open or depth > MAX_DEPTH:
                return None, 0  # refers to itself
            self.open.add(key)
            try:
                self.memo[key] = self._local(name, depth) if root == "local" else self._variable(name, depth)
            finally:
                self.open.discard(key)
        return self.memo[key], 1

    def _local(self, name: str, depth: int) -> Field | None:
        if name not in self.locals:
            return None
        block, node = self.locals[name]
        return Reader(block.unit, self).value(node, depth + 1)

    def _variable(self, name: str, depth: int) -> Field | None:
        if name in self.given and self.call is not None:
            block, node = self.given[name]
            return self.call[2].value(node, depth + 1)
        if name in self.files:
            block, node = self.files[name]
            return Reader(block.unit, self).value(node, depth + 1)
        declared = self.variables.get(name)
        if declared is None:
            return None
        for key, _, node in declared.attributes:
            if key == "default":
                return Reader(declared.unit, self).value(node, depth + 1)
        return Field(
            declared.place,
            None,
            False,
            f"variable {name} has no default and no value in the tree",
            f"${{var.{name}}}",
            literal=False,
        )

    def child(self, name: str) -> "_Instance | None":
        if name not in self.children:
            self.children[name] = self.tree.instance(self, name)
        return self.children[name]

    def output(self, module: str, name: str, depth: int) -> Field | None:
        child = self.child(module) if depth <= MAX_DEPTH else None
        block = child.outputs.get(name) if child is not None else None
        if child is None or block is None:
            return None
        key = ("output", name)
        if key in child.open:
            return None
        child.open.add(key)
        try:
            return next(
                (Reader(block.unit, child).value(n, depth + 1) for k, _, n in block.attributes if k == "value"), None
            )
        finally:
            child.open.discard(key)

    def asset(self, address: str) -> Asset:
        return Asset(f"terraform:{self.module.folder}#{address}", "cloud resource", address)

    def resources(self) -> Iterator[Resource]:
        for kind in ("resource", "data", "provider", "module"):
            for block in self.module.blocks[kind]:
                if len(block.labels) == (1 if kind in {"provider", "module"} else 2):
                    yield from self._built(kind, block)

    def _left_to_callers(self, block: Block, node: "Node") -> bool:
        """Whether only a variable's default says that nothing is built: the code is there for those who say otherwise."""
        return self.call is None and not self.files and "var." in block.unit.slice(node)

    def _built(self, kind: str, block: Block) -> Iterator[Resource]:
        if kind == "module" and self.child(block.labels[0]) is not None:
            return
        given = {name: node for name, _, node in block.attributes}
        reader = Reader(block.unit, self)
        if (
            "count" in given
            and reader.value(given["count"]).number == 0
            and not self._left_to_callers(block, given["count"])
        ):
            return
        repeated: list[Field | None] = [None]
        if "for_each" in given and kind != "provider":
            over = reader.value(given["for_each"])
            repeated = [None, *iterations(over)][1:11]
            if not repeated and self._left_to_callers(block, given["for_each"]):
                repeated += iterations(replace(over, known=False, reason="is for whoever calls the module to say"))
        for each in repeated:
            bound = reader.binding({"each": each}) if each is not None else reader
            body = bound.body(block)
            name = block.labels[-1]
            source = body.get("source")
            type_ = block.labels[0] if kind != "module" else (source.text if source is not None else "")
            address = {"data": f"data.{type_}.{name}", "module": f"module.{name}", "provider": f"provider.{name}"}.get(
                kind, f"{type_}.{name}"
            )
            yield Resource(self.asset(address), self.path + address, kind, type_, name, body, block.place, "terraform")


class _Tree:
    """Every module of a scanned root."""

    def __init__(self, pending: list[_Pending]) -> None:
        self.modules: dict[str, _Module] = {}
        self.instances: list[_Instance] = []
        self.called: set[str] = set()
        self.terragrunt: list[Block] = []
        for each in sorted(pending, key=lambda p: p.unit.file.path):
            folder, _, name = each.unit.file.path.rpartition("/")
            module = self.modules.setdefault(folder, _Module(folder))
            if name.endswith(".tfvars"):
                if name == "terraform.tfvars" or name.endswith(".auto.tfvars"):
                    module.values.insert(0 if name == "terraform.tfvars" else len(module.values), each.unit.top)
            elif name == "terragrunt.hcl":
                self.terragrunt.append(each.unit.top)
            else:
                for block in each.unit.top.blocks:
                    module.blocks[block.type].append(block)

    def source(self, folder: str, block: Block) -> str | None:
        """The folder a call names, when it is one of this tree."""
        node = next((n for k, _, n in block.attributes if k == "source"), None)
        text = block.unit.slice(node).strip('"') if node is not None else ""
        if not text.startswith("."):
            return None
        path = posixpath.normpath(posixpath.join(folder, text))
        path = "" if path == "." else path
        module = self.modules.get(path)
        return path if module is not None and path != folder and any(module.blocks.values()) else None

    def instance(self, parent: _Instance, name: str) -> _Instance | None:
        block = parent.calls.get(name)
        target = self.source(parent.module.folder, block) if block is not None else None
        if block is None or target is None or len(self.instances) >= MAX_INSTANCES or parent.path.count("module.") > 8:
            return None
        reader = Reader(block.unit, parent)
        given = {key: node for key, _, node in block.attributes}
        if "for_each" in given:
            pairs = iterations(reader.value(given["for_each"]))
            reader = reader.binding({"each": pairs[0]}) if pairs else reader
        made = _Instance(self, self.modules[target], f"{parent.path}module.{name}.", (block, parent, reader))
        self.instances.append(made)
        return made

    def read(self) -> Iterator[Resource]:
        called = {
            target
            for folder, module in self.modules.items()
            for block in module.blocks["module"]
            if (target := self.source(folder, block)) is not None
        }
        reached: set[str] = set()
        roots = [f for f in self.modules if f not in called]
        for folder in (*roots, *self.modules):  # modules that only call each other in a ring come last, as roots
            if folder in reached:
                continue
            root = _Instance(self, self.modules[folder], f"{folder}//", None)
            waiting = [root]
            while waiting:
                instance = waiting.pop()
                reached.add(instance.module.folder)
                yield from instance.resources()
                waiting += [c for name in instance.calls if (c := instance.child(name)) is not None]


def link(graph: Graph) -> Graph:
    """Every module with its values, now that all files are there."""
    pending = [p for estate in graph.cloud for p in estate.pending if isinstance(p, _Pending)]
    if not pending:
        return graph
    tree = _Tree(pending)
    estate = Estate(tuple(tree.read()))
    components = pending[0].components
    started = tuple({w.asset.key: w for w in workloads(estate, components)}.values())
    others = tuple(e for e in graph.cloud if not e.pending)
    scripts = startup(estate, {p.unit.file.path: p.unit.file.source for p in pending}, components)
    own = Graph(workloads=started, secrets=tuple(secrets(estate, pending_values(pending), started)), cloud=(estate,))
    return Graph.joined((replace(graph, cloud=others), own, scripts))


def pending_values(pending: list[_Pending]) -> Iterator[tuple[Asset, str, Field]]:
    """Names and values of variables: defaults, and what variable files give them."""
    for each in pending:
        folder, _, file = each.unit.file.path.rpartition("/")
        instance = _Instance(_Tree([]), _Module(folder), "", None)
        if file.endswith(".tfvars"):
            for name, _, node in each.unit.top.attributes:
                yield instance.asset(f"var.{name}"), name, Reader(each.unit, instance).value(node)
            continue
        for block in each.unit.top.blocks:
            if block.type == "variable" and block.labels:
                for key, _, node in block.attributes:
                    if key == "default":
                        yield (
                            instance.asset(f"var.{block.labels[0]}"),
                            block.labels[0],
                            Reader(block.unit, instance).value(node),
                        )
            elif block.type == "locals":
                for name, _, node in block.attributes:
                    yield instance.asset(f"local.{name}"), name, Reader(block.unit, instance).value(node)
