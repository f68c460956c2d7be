"""CloudFormation and SAM templates, YAML or JSON: resources with parameters' defaults and mappings filled in.

The intrinsic functions are those of https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html,
long or as short tags. What is decided when the stack is made stays unknown.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.collect.files.cloud_secrets import paired, secrets
from undercroft.scan.collect.files.cloud_startup import startup
from undercroft.scan.collect.files.cloud_workloads import workloads
from undercroft.scan.collect.files.cloudformation_names import keeps_keys, snake, type_name
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.json_text import MAX_VALUES, place, scalar
from undercroft.scan.collect.files.tree import Node
from undercroft.scan.graph import Graph

_DEPTH = 40
_SHORT = {"!Ref": "Ref", "!Condition": "Condition"}
_FUNCTIONS = frozenset({
    "Ref", "Fn::Sub", "Fn::GetAtt", "Fn::If", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::FindInMap", "Fn::ImportValue", "Fn::Base64",
    "Fn::Cidr", "Fn::GetAZs", "Fn::Transform", "Fn::ToJsonString", "Fn::Length",
})  # fmt: skip
_HOLE = re.compile(r"\$\{([^!{}][^{}]*)\}")


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """YAML and JSON; what a template is called is up to whoever wrote it."""
    return path.lower().endswith((".yaml", ".yml", ".json", ".template"))


def is_template(document: Node) -> bool:
    """Whether a document is a template: it says so, or its resources have types of AWS."""
    resources = document.get("Resources")
    if resources is None or resources.pairs is None:
        return False
    if document.get("AWSTemplateFormatVersion") is not None:
        return True
    return any(
        (kind := r.get("Type")) is not None and (kind.scalar or "").startswith("AWS::") for _, r in resources.entries()
    )


@dataclass(frozen=True, slots=True)
class _Template:
    """One template and what its functions may refer to."""

    document: Node
    secrets: tuple[str, ...]
    budget: list[int] = field(default_factory=lambda: [MAX_VALUES])
    """Values that may still be read, those that aliases repeat counted again."""

    def unknown(self, node: Node, reason: str, written: str = "", references: tuple[str, ...] = ()) -> Field:
        return Field(
            place(node, self.secrets),
            None,
            False,
            reason,
            written or node.scalar or "",
            references=references,
            literal=False,
        )

    def value(self, node: Node, *, raw: bool = False, depth: int = 0) -> Field:
        """A property's value. Keys become Terraform's unless ``raw``."""
        self.budget[0] -= 1
        if depth > _DEPTH or self.budget[0] < 0:
            return self.unknown(node, "nested too deep")
        if node.tag:
            name = _SHORT.get(node.tag, f"Fn::{node.tag[1:]}")
            return self.call(name, node, node, depth + 1)
        if node.pairs is not None:
            if len(node.pairs) == 1 and (key := node.pairs[0][0].scalar) in _FUNCTIONS and key is not None:
                return self.call(key, node.pairs[0][1], node, depth + 1)
            members = {}
            for name, inner in node.entries():
                shown = name if raw else snake(name)
                found = self.value(inner, raw=raw or keeps_keys(shown), depth=depth + 1)
                if not found.absent:
                    members[shown] = found
            return Field(place(node, self.secrets), members=members)
        if node.items is not None:
            found_items = (self.value(item, raw=raw, depth=depth + 1) for item in node.each())
            return Field(place(node, self.secrets), items=tuple(f for f in found_items if not f.absent))
        return Field(place(node, self.secrets), scalar(node))

    def call(self, name: str, argument: Node, node: Node, depth: int) -> Field:
        """An intrinsic function, given in either spelling."""
        if name == "Ref":
            return self.reference(argument.scalar or "", node, depth)
        if name == "Fn::GetAtt":
            target = (
                argument.scalar.partition(".")[0]
                if argument.scalar
                else next((i.scalar or "" for i in argument.each()), "")
            )
            return self.unknown(node, f"an attribute of {target}", f"${{{target}}}", (target,))
        if name == "Fn::Sub":
            return self.substituted(argument, node, depth)
        if name == "Fn::Join":
            return self.joined(argument, node, depth)
        if name == "Fn::FindInMap":
            return self.mapped(argument, node, depth)
        if name == "Fn::If":
            branches = [self.value(i, depth=depth) for i in list(argument.each())[1:]]
            if (
                len(branches) == 2
                and all(b.known and b.members is None and b.items is None for b in branches)
                and branches[0].value == branches[1].value
            ):
                return branches[0]
            return self.unknown(
                node, "depends on a condition", references=tuple(r for b in branches for r in b.references)
            )
        if name == "Fn::Base64":
            inner = self.value(argument, depth=depth)
            return replace(inner, literal=False)
        return self.unknown(node, f"{name} is decided when the stack is made")

    def reference(self, name: str, node: Node, depth: int) -> Field:
        where = place(node, self.secrets)
        if name == "AWS::NoValue":
            return Field(where)
        parameter = self.document.get("Parameters", name)
        if parameter is not None:
            default = parameter.get("Default")
            if default is None:
                return self.unknown(node, f"parameter {name} has no default", f"${{{name}}}")
            kind = parameter.get("Type")
            if kind is not None and (kind.scalar or "").startswith("AWS::SSM::"):
                return self.unknown(node, f"parameter {name} is read from the parameter store", f"${{{name}}}")
            value = self.value(default, depth=depth)
            if kind is not None and kind.scalar in {"CommaDelimitedList", "List<Number>"} and value.items is None:
                parts = tuple(
                    Field(where, part.strip(), literal=False, origin=value.place) for part in value.text.split(",")
                )
                return Field(where, items=parts, literal=False)
            return replace(value, place=where, literal=False, origin=value.place)
        if self.document.get("Resources", name) is not None:
            return self.unknown(node, f"refers to {name}", f"${{{name}}}", (name,))
        return self.unknown(node, f"{name} is decided when the stack is made", f"${{{name}}}")

    def substituted(self, argument: Node, node: Node, depth: int) -> Field:
        first = next(argument.each(), argument) if argument.items is not None else argument
        extra = list(argument.each())[1] if argument.items is not None and len(argument.items) > 1 else None
        text = first.scalar or ""
        reason = ""
        references: list[str] = []

        def fill(match: re.Match[str]) -> str:
            nonlocal reason
            name = match[1].strip()
            given = extra.get(name) if extra is not None else None
            value = (
                self.value(given, depth=depth)
                if given is not None
                else self.reference(name.partition(".")[0] if "::" not in name else name, node, depth)
            )
            references.extend(value.references)
            if not value.known or "." in name:
                reason = reason or value.reason or f"an attribute of {name}"
                return match[0]
            return value.text

        filled = _HOLE.sub(fill, text).replace("${!", "${")
        where = place(node, self.secrets)
        if reason:
            return Field(where, None, False, reason, filled, references=tuple(references), literal=False)
        return Field(where, filled, references=tuple(references), literal="${" not in text)

    def joined(self, argument: Node, node: Node, depth: int) -> Field:
        parts = list(argument.each())
        items = self.value(parts[1], depth=depth) if len(parts) == 2 else None
        if items is None:
            return self.unknown(node, "an odd Fn::Join")
        texts = list(items.each())
        written = (parts[0].scalar or "").join(t.text for t in texts)
        references = tuple(r for t in texts for r in t.references)
        if not items.known or any(not t.known for t in texts):
            return self.unknown(node, next((t.reason for t in texts if not t.known), items.reason), written, references)
        return Field(place(node, self.secrets), written, references=references, literal=False)

    def mapped(self, argument: Node, node: Node, depth: int) -> Field:
        keys = [self.value(item, depth=depth) for item in argument.each()]
        if len(keys) >= 3 and all(k.known for k in keys[:3]):
            found = self.document.get("Mappings", *(k.text for k in keys[:3]))
            if found is not None:
                return replace(self.value(found, depth=depth), literal=False)
        return self.unknown(node, "which entry of the mapping is taken is decided when the stack is made")

    def resources(self, path: str) -> Iterator[Resource]:
        """Every resource of the template, one that only a condition brings about included."""
        holder = self.document.get("Resources")
        for key, node in holder.pairs or () if holder is not None else ():
            kind, properties = node.get("Type"), node.get("Properties")
            if key.scalar is None or kind is None or not (kind.scalar or "").startswith("AWS::"):
                continue
            type_ = type_name(kind.scalar or "")
            body = self.value(properties) if properties is not None else Field(place(node, self.secrets), members={})
            asset = Asset(f"cloudformation:{path}#{key.scalar}", "cloud resource", key.scalar)
            yield Resource(
                asset, key.scalar, "resource", type_, key.scalar, body, place(key, self.secrets), "cloudformation"
            )


def _known(document: Node) -> Iterator[str]:
    """Values that stand where secrets belong, for masking."""
    parameters = document.get("Parameters")
    for name, parameter in parameters.entries() if parameters is not None else ():
        default, hidden = parameter.get("Default"), parameter.get("NoEcho")
        if (
            default is not None
            and default.scalar
            and (names_a_secret(name) or (hidden is not None and hidden.boolean))
            and is_literal_secret(default.scalar)
        ):
            yield default.scalar
    stack, seen = [document], 0
    while stack and seen < 50_000:
        node = stack.pop()
        seen += 1
        for key, value in node.pairs or ():
            if (
                value.scalar
                and key.scalar
                and names_a_secret(key.scalar)
                and is_literal_secret(value.scalar)
                and not value.tag
            ):
                yield value.scalar
            stack.append(value)
        stack += node.items or ()


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:
    """The resources of a template. Anything else is an empty graph. Raises ``tree.Unreadable``."""
    if "AWS::" not in file.source.text or "Resources" not in file.source.text:
        return Graph()
    parts = []
    for document in file.documents:
        if not is_template(document):
            continue
        hidden = tuple(dict.fromkeys(s for s in (*_known(document), *paired(file.source.text)) if len(s) > 2))
        template = _Template(document, hidden)
        estate = Estate(tuple(template.resources(file.path)))
        started = tuple(workloads(estate, components))
        parameters = document.get("Parameters")
        values = [
            (Asset(f"cloudformation:{file.path}#{name}", "cloud resource", name), name, template.value(default))
            for name, parameter in (parameters.entries() if parameters is not None else ())
            if (default := parameter.get("Default")) is not None
        ]
        parts.append(startup(estate, {file.path: file.source}, components))
        parts.append(Graph(cloud=(estate,), workloads=started, secrets=tuple(secrets(estate, values, started))))
    return Graph.joined(parts)
