"""Terraform plans as JSON (``terraform show -json``): every value Terraform has worked out, and which it could not yet.

The form is documented at https://developer.hashicorp.com/terraform/internals/json-format.
"""

from collections.abc import Iterator, Mapping

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.collect.files.cloud_secrets import hidden, paired, secrets
from undercroft.scan.collect.files.cloud_workloads import workloads
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.json_text import documents, fielded, place
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Graph

_DEPTH = 20
_MARKS = ('"planned_values"', '"terraform_version"')


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """JSON; what a plan is called is up to whoever wrote it."""
    return path.lower().endswith(".json")


def _modules(module: Node, depth: int = 0) -> Iterator[Node]:
    yield module
    children = module.get("child_modules")
    for child in children.each() if children is not None and depth < _DEPTH else ():
        yield from _modules(child, depth + 1)


def _later(known: Field, mark: Node | None, depth: int = 0) -> Field:
    """``known`` with everything the plan marks as known after apply put in as unknown."""
    if mark is None or depth > _DEPTH:
        return known
    if mark.boolean is True:
        return Field(known.place, None, False, "known after apply", literal=False)
    if mark.pairs is not None:
        members = dict(known.members or {})
        for key, inner in mark.entries():
            merged = _later(members.get(key, Field(known.place)), inner, depth + 1)
            if not merged.absent:
                members[key] = merged
        return Field(known.place, members=members) if members else known
    if mark.items is not None and known.items is not None and len(mark.items) == len(known.items):
        return Field(
            known.place, items=tuple(_later(k, m, depth + 1) for k, m in zip(known.items, mark.items, strict=True))
        )
    return known


def _sensitive(values: Node, marks: Node | None, depth: int = 0) -> Iterator[str]:
    """Texts that the plan itself marks as sensitive."""
    if marks is None or depth > _DEPTH:
        return
    if marks.boolean is True and values.scalar:
        yield values.scalar
    for key, mark in marks.entries():
        if (inner := values.get(key)) is not None:
            yield from _sensitive(inner, mark, depth + 1)
    for inner, mark in zip(values.each(), marks.each(), strict=False):
        yield from _sensitive(inner, mark, depth + 1)


def _masked(file: File, plan: Node) -> tuple[str, ...]:
    """Everything of the plan that must not be shown. A plan is often one line, so it holds for all of it."""
    found = [*hidden(fielded(plan)), *paired(file.source.text)]
    root = plan.get("planned_values", "root_module")
    for module in _modules(root) if root is not None else ():
        for node in held.each() if (held := module.get("resources")) is not None else ():
            values = node.get("values")
            found += _sensitive(values, node.get("sensitive_values")) if values is not None else ()
    return tuple(dict.fromkeys(s for s in found if len(s) > 2))


def _read(file: File, plan: Node) -> Iterator[Resource]:
    root, masked = plan.get("planned_values", "root_module"), _masked(file, plan)
    changes = plan.get("resource_changes")
    marks = {
        address.scalar: change.get("change", "after_unknown")
        for change in (changes.each() if changes is not None else ())
        if (address := change.get("address")) is not None
    }
    references = dict(_references(plan.get("configuration", "root_module")))
    for module in _modules(root) if root is not None else ():
        resources = module.get("resources")
        for node in resources.each() if resources is not None else ():
            address, type_, name, values = (node.get(key) for key in ("address", "type", "name", "values"))
            if address is None or type_ is None or address.scalar is None or type_.scalar is None:
                continue
            body = fielded(values, masked) if values is not None else Field(place(node, masked), members={})
            body = _later(body, marks.get(address.scalar))
            members = {k: _document(file, v) for k, v in (body.members or {}).items()}
            named = references.get(address.scalar.partition("[")[0], ())
            mode = node.get("mode")
            kind = "data" if mode is not None and mode.scalar == "data" else "resource"
            id_ = address.scalar.partition("[")[0]
            yield Resource(
                Asset(f"plan:{file.path}#{address.scalar}", "cloud resource", address.scalar), id_, kind, type_.scalar,
                (name.scalar if name is not None else "") or "", Field(body.place, members=members, references=named), place(node, masked), "plan",
            )  # fmt: skip


def _document(file: File, value: Field) -> Field:
    """A policy that stands as JSON in a string is read too; its places are that of the string."""
    if not isinstance(value.value, str) or value.value[:1] not in {"{", "["}:
        return value
    read = documents(value.value, file.source, value.place.line - 1, value.place.secrets)
    return Field(value.place, value.value, written=value.written, documents=read)


def _references(module: Node | None, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, tuple[str, ...]]]:
    if module is None or depth > _DEPTH:
        return
    resources = module.get("resources")
    for node in resources.each() if resources is not None else ():
        address, expressions = node.get("address"), node.get("expressions")
        if address is not None and address.scalar is not None and expressions is not None:
            found = (prefix + ".".join(r.split(".")[:2]).partition("[")[0] for r in _named(expressions))
            yield prefix + address.scalar, tuple(dict.fromkeys(found))
    calls = module.get("module_calls")
    for name, call in calls.entries() if calls is not None else ():
        yield from _references(call.get("module"), f"{prefix}module.{name}.", depth + 1)


def _named(node: Node, depth: int = 0) -> Iterator[str]:
    if depth > _DEPTH:
        return
    for key, value in node.entries():
        if key == "references":
            yield from (item.scalar for item in value.each() if item.scalar)
        else:
            yield from _named(value, depth + 1)
    for item in node.each():
        yield from _named(item, depth + 1)


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """The resources a plan would have. Anything else is an empty graph. Raises ``tree.Unreadable``."""
    if not all(mark in file.source.text for mark in _MARKS):
        return Graph()
    estates = [
        Estate(tuple(_read(file, document)))
        for document in file.documents
        if document.get("planned_values") is not None
    ]
    started = tuple(w for estate in estates for w in workloads(estate, components))
    written = tuple(s for estate in estates for s in secrets(estate, (), started))
    return Graph(cloud=tuple(estates), workloads=started, secrets=written)
