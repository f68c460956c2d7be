"""Turns a Sigma condition tree into a function from an event to yes or no.

Field names are the attributes of :class:`undercroft.model.event.Event`. Semantics are those of the Sigma rules
specification, version 2: strings compare without regard to case unless ``cased``, ``*`` and ``?`` are wildcards, a
regular expression may match anywhere, ``null`` is a field that is empty. What is not supported here is refused by name:
a rule that silently matched nothing would be worse than none.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from operator import attrgetter, ge, gt, le, lt
from typing import Any

from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR
from sigma.types import (
    CompareOperators,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SpecialChars,
)

from undercroft.model.event import Event

Predicate = Callable[[Event], bool]

FIELDS = frozenset(Event.__struct_fields__) - {"cls", "time", "repeat"}
"""The names a rule may use."""

GATE = frozenset({"component", "action", "outcome", "reason", "status"})
"""Fields of which a log has few different values."""

_NUMERIC = {"status", "cost"}
_COMPARE: dict[CompareOperators, Callable[[Any, Any], bool]] = {
    CompareOperators.LT: lt,
    CompareOperators.LTE: le,
    CompareOperators.GT: gt,
    CompareOperators.GTE: ge,
}
_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: re.IGNORECASE,
    SigmaRegularExpressionFlag.MULTILINE: re.MULTILINE,
    SigmaRegularExpressionFlag.DOTALL: re.DOTALL,
}


class Unsupported(ValueError):
    """A Sigma construct that is not supported. The message names it and says what to write instead."""


def known_field(name: str) -> str:
    """``name`` where it is a field of an event. Raises :class:`Unsupported` otherwise."""
    if name not in FIELDS:
        raise Unsupported(f"field {name!r} does not exist; the fields are {', '.join(sorted(FIELDS))}")
    return name


def _text(name: str, value: SigmaString) -> Predicate:
    get = attrgetter(name)
    cased = isinstance(value, SigmaCasedString)
    if not value.contains_special():
        plain = value.to_plain(escape_backslash=False) if cased else value.to_plain(escape_backslash=False).lower()
        return (lambda event: get(event) == plain) if cased else (lambda event: get(event).lower() == plain)
    pieces = {SpecialChars.WILDCARD_MULTI: ".*", SpecialChars.WILDCARD_SINGLE: "."}
    pattern = "".join(pieces[part] if isinstance(part, SpecialChars) else re.escape(str(part)) for part in value.s)
    match = re.compile(pattern, re.DOTALL | (0 if cased else re.IGNORECASE)).fullmatch
    return lambda event: match(get(event)) is not None


def _network(name: str, value: SigmaCIDRExpression) -> Predicate:
    get, network = attrgetter(name), value.network

    def inside(event: Event) -> bool:
        try:
            return ip_address(get(event)) in network
        except ValueError:
            return False

    return inside


def _compare(name: str, value: SigmaCompareExpression) -> Predicate:
    get, compare, bound = attrgetter(name), _COMPARE.get(value.op), value.number.number
    if compare is None or name not in _NUMERIC:
        raise Unsupported(f"{name}|{value.op.name.lower()}: only {', '.join(sorted(_NUMERIC))} can be compared by size")
    return lambda event: compare(get(event), bound)


def _field(name: str, value: object) -> Predicate:
    get = attrgetter(known_field(name))
    match value:
        case SigmaString() if name not in _NUMERIC:
            return _text(name, value)
        case SigmaNumber():
            number = value.number
            return (
                (lambda event: get(event) == number) if name in _NUMERIC else (lambda event: get(event) == str(number))
            )
        case SigmaNull():
            return lambda event: not get(event)
        case SigmaExists():
            wanted = value.exists
            return lambda event: bool(get(event)) is wanted
        case SigmaRegularExpression() if name not in _NUMERIC:
            flags = re.NOFLAG
            for flag in value.flags:
                flags |= _FLAGS[flag]
            search = re.compile(str(value.regexp), flags).search
            return lambda event: search(get(event)) is not None
        case SigmaCIDRExpression() if name not in _NUMERIC:
            return _network(name, value)
        case SigmaCompareExpression():
            return _compare(name, value)
        case _:
            raise Unsupported(
                f"{name}: a value of type {type(value).__name__.removeprefix('Sigma')} cannot be compared with this field"
            )


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in two halves that must both hold, so that the engine can look the first one up."""

    gate: Predicate
    """Looks at ``GATE`` fields alone: few values, the same for thousands of events."""
    rest: Predicate | None
    """Looks at the others; ``None`` where there is nothing more to ask."""

    def __call__(self, event: Event) -> bool:
        return self.gate(event) and (self.rest is None or self.rest(event))


def condition(node: object) -> Condition:
    """The condition as a function. Raises :class:`Unsupported` for keywords and for values that no field can have."""
    parts = node.args if isinstance(node, ConditionAND) else [node]
    gate = [predicate(part) for part in parts if _fields(part) <= GATE]
    rest = [predicate(part) for part in parts if not _fields(part) <= GATE]
    return Condition(_both(tuple(gate)), _both(tuple(rest)) if rest else None)


def _fields(node: Any) -> set[str]:
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return {node.field}
    return set().union(*(_fields(part) for part in getattr(node, "args", ())))


def predicate(node: object) -> Predicate:
    """One node of the tree, with everything below it."""
    match node:
        case ConditionFieldEqualsValueExpression():
            return _field(node.field, node.value)
        case ConditionNOT():
            inner = predicate(node.args[0])
            return lambda event: not inner(event)
        case ConditionAND() | ConditionOR():
            parts = tuple(predicate(part) for part in node.args)
            return _both(parts) if isinstance(node, ConditionAND) else _either(parts)
        case _:
            raise Unsupported(
                "keywords (values without a field) are not searched for; name the field, such as line|contains"
            )


def _both(parts: tuple[Predicate, ...]) -> Predicate:
    if len(parts) == 1:
        return parts[0]

    def every(event: Event) -> bool:
        for part in parts:  # noqa: SIM110 - a generator costs twice as much here, once for each event and rule
            if not part(event):
                return False
        return True

    return every


def _either(parts: tuple[Predicate, ...]) -> Predicate:
    def some(event: Event) -> bool:
        for part in parts:  # noqa: SIM110 - as above
            if part(event):
                return True
        return False

    return some
