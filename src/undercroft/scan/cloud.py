"""What a cloud is asked to build: resources with their settings, each value with its place, and who refers to whom.

Terraform, its plans and CloudFormation all end here, in the vocabulary of Terraform's provider schemas, because that is the one
vocabulary that AWS, Google Cloud and Azure share. A value that cannot be known stays in the tree as unknown, with the reason:
a check that takes it for absent would be wrong.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from undercroft.model.asset import Asset
from undercroft.model.evidence import FileEvidence
from undercroft.model.fix import line_digest
from undercroft.scan.graph import Span

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands. Evidence is made when it is asked for, because most values are never shown."""

    file: str
    """Path relative to the scanned root."""
    line: int
    """Line, from 1."""
    column: int
    """Column, from 1."""
    end: int
    """Column behind the value when it ends on the same line, otherwise 0."""
    text: str = field(default="", repr=False, compare=False)
    """The line as it stands there; masked on its way into evidence."""
    secrets: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """Secret values of the file, masked wherever they stand."""

    @property
    def evidence(self) -> FileEvidence:
        """The place as evidence, masked."""
        return FileEvidence(self.file, self.line, self.column, self.text.strip(), self.secrets)

    @property
    def span(self) -> Span | None:
        """The place as something a fix can replace; ``None`` for a value of several lines."""
        return Span(self.file, self.line, self.column, self.end, line_digest(self.text)) if self.end else None


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A value: a scalar, an object, a list, or something that cannot be known."""

    place: Place
    value: Scalar = field(default=None, repr=False)
    """A scalar that is known."""
    known: bool = True
    """Whether the value is known. Collections are known although some of what they hold may not be."""
    reason: str = ""
    """Why it is not."""
    written: str = field(default="", repr=False)
    """A text with what cannot be resolved left as written, for those who can read a part of it."""
    members: "Mapping[str, Field] | None" = None
    """Keys of an object or block, in their order."""
    items: "tuple[Field, ...] | None" = None
    """Items of a list; also the blocks of one name."""
    references: tuple[str, ...] = ()
    """Ids of the resources the expression names."""
    literal: bool = True
    """Whether it is written out at this place."""
    origin: Place | None = None
    """Where the value itself stands, when it came here by way of a variable."""
    documents: "tuple[Field, ...]" = field(default=(), repr=False)
    """For a text that is JSON: what it holds, with the places inside the text."""
    weight: int = field(default=1, repr=False)
    """Values in it, counted as often as they are met; worked out when it is made."""

    def __post_init__(self) -> None:
        inner = (*(self.members.values() if self.members else ()), *(self.items or ()))
        if inner:
            object.__setattr__(self, "weight", 1 + sum(each.weight for each in inner))

    def get(self, *path: str) -> "Field | None":
        """The value below these keys. Of several blocks, the first that has it. ``None`` when it is not written, or is null."""
        found: Field | None = self
        for key in path:
            if found is None:
                return None
            found = next((o.members[key] for o in found.each() if o.members is not None and key in o.members), None)
        return None if found is None or found.absent else found

    @property
    def absent(self) -> bool:
        """Whether this is a null, which providers read as not set."""
        return self.known and self.value is None and self.members is None and self.items is None

    def each(self) -> "Iterator[Field]":
        """The items of a list, lists inside it laid flat; anything else but a null is one item."""
        if self.items is None:
            if not self.absent:
                yield self
            return
        for item in self.items:
            yield from item.each()

    def all(self, key: str) -> "Iterator[Field]":
        """Every value under a key, over all blocks of this name and all items of the lists there."""
        for each in self.each():
            inner = each.members.get(key) if each.members is not None else None
            if inner is not None:
                yield from inner.each()

    @property
    def text(self) -> str:
        """A known scalar as text, otherwise what is written; empty for collections."""
        if not self.known or self.value is None:
            return self.written
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)

    @property
    def boolean(self) -> bool | None:
        """``true`` and ``false``, also written as text; ``None`` for anything else and for what is unknown."""
        low = self.text.lower() if self.known else ""
        return True if low == "true" else False if low == "false" else None

    @property
    def number(self) -> float | None:
        """A known number, also written as text."""
        if not self.known or isinstance(self.value, bool) or self.value is None:
            return None
        try:
            return float(self.value)
        except ValueError:
            return None

    @property
    def evidence(self) -> tuple[FileEvidence, ...]:
        """Where it stands, and where it came from."""
        first = (self.place.evidence,)
        return first if self.origin is None or self.origin == self.place else (*first, self.origin.evidence)

    def walk(self, depth: int = 0) -> "Iterator[tuple[str, Field]]":
        """Every (key, scalar) below, at most 20 levels deep."""
        if depth > 20:
            return
        for key, inner in (self.members or {}).items():
            if inner.members is None and inner.items is None:
                yield key, inner
            yield from inner.walk(depth + 1)
        for item in self.items or ():
            yield from item.walk(depth + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """Something to be built, looked up or configured."""

    asset: Asset
    id: str
    """What references name: ``aws_s3_bucket.data``, behind the path of its module where it has one."""
    kind: str
    """``resource``, ``data``, ``module`` (a call of a module that is not in the tree) or ``provider``."""
    type: str
    """Type in the words of Terraform's providers: ``aws_s3_bucket``; for a module its source."""
    name: str
    body: Field
    place: Place
    """The line that declares it: evidence for what is *missing*."""
    format: str
    """``terraform``, ``plan`` or ``cloudformation``."""

    def get(self, *path: str) -> Field | None:
        """The value under these keys; see :meth:`Field.get`."""
        return self.body.get(*path)

    def all(self, key: str) -> Iterator[Field]:
        """Every block or item under a key."""
        return self.body.all(key)

    @property
    def references(self) -> frozenset[str]:
        """Ids of everything its settings name."""
        return frozenset(_references(self.body))


def _references(value: Field, depth: int = 0) -> Iterator[str]:
    yield from value.references
    if depth < 20:
        for inner in (*(value.members or {}).values(), *(value.items or ())):
            yield from _references(inner, depth + 1)


@dataclass(frozen=True)
class Estate:
    """Resources that are built together, so that one can name another."""

    resources: tuple[Resource, ...] = ()
    pending: tuple[Any, ...] = field(default=(), repr=False)
    """Files that only mean something together, until their format has linked them. Checks never see any."""

    @cached_property
    def _types(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for each in self.resources:
            found[each.type].append(each)
        return found

    @cached_property
    def _ids(self) -> dict[str, Resource]:
        return {each.id: each for each in self.resources}

    @cached_property
    def _naming(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for each in self.resources:
            for target in each.references:
                found[target].append(each)
        return found

    def of(self, *types: str) -> Iterator[Resource]:
        """Resources of these types that are built here."""
        for type_ in types:
            yield from (each for each in self._types.get(type_, ()) if each.kind == "resource")

    def modules(self) -> Iterator[Resource]:
        """Calls of modules whose files are not in the tree: their inputs are all there is to see."""
        return (each for each in self.resources if each.kind == "module")

    def get(self, id_: str) -> Resource | None:
        """The resource a reference names."""
        return self._ids.get(id_)

    def named_by(self, value: Field | None) -> Iterator[Resource]:
        """Resources a value refers to."""
        for target in dict.fromkeys(_references(value)) if value is not None else ():
            if (found := self._ids.get(target)) is not None:
                yield found

    def naming(self, resource: Resource, *types: str) -> Iterator[Resource]:
        """Resources, of these types if any are given, that refer to this one."""
        return (each for each in self._naming.get(resource.id, ()) if not types or each.type in types)
