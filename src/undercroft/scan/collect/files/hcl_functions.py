"""Terraform's pure functions and operators over known values; ``None`` wherever the answer is not known.

Their meaning is documented at https://developer.hashicorp.com/terraform/language/functions.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import replace

from undercroft.scan.cloud import Field, Place, Scalar

Function = Callable[[Place, Sequence[Field]], Field | None]


def _same(left: Field, right: Field) -> bool | None:
    if not (left.known and right.known) or left.items or right.items or left.members or right.members:
        return None
    if left.absent or right.absent:
        whole = (
            left.members is not None or right.members is not None or left.items is not None or right.items is not None
        )
        return False if whole else left.absent and right.absent
    return left.text == right.text


OPERATORS = frozenset({"==", "!=", "&&", "||", "+", "-", "*", "/", "%", "<", ">", "<=", ">="})


def operate(operator: str, left: Field, right: Field) -> Scalar:
    """An operator over two values."""
    if operator in {"==", "!="}:
        same = _same(left, right)
        if same is None and (left.known and right.known) and left.absent != right.absent:
            same = False  # a collection is not null
        return None if same is None else same == (operator == "==")
    if operator in {"&&", "||"}:
        short = operator == "||"
        if short in (left.boolean, right.boolean):
            return short
        return None if None in (left.boolean, right.boolean) else not short
    a, b = left.number, right.number
    if a is None or b is None:
        return None
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / b if b else None
        case "%":
            return a % b if b else None
        case "<":
            return a < b
        case ">":
            return a > b
        case "<=":
            return a <= b
        case ">=":
            return a >= b
    return None


def _list(place: Place, items: Sequence[Field]) -> Field:
    return Field(place, items=tuple(items), literal=False)


def _text(place: Place, value: Scalar) -> Field:
    return Field(place, value, literal=False)


def _known_texts(arguments: Sequence[Field]) -> list[str] | None:
    scalars = [a for a in arguments if a.known and a.members is None and a.items is None]
    return [a.text for a in scalars] if len(scalars) == len(arguments) else None


def _items(value: Field) -> tuple[Field, ...] | None:
    return value.items if value.items is not None else (() if value.absent else None)


def _concat(place: Place, arguments: Sequence[Field]) -> Field | None:
    return _list(place, [each for a in arguments for each in (a.items if a.items is not None else (a,))])


def _flatten(place: Place, arguments: Sequence[Field]) -> Field | None:
    return _list(place, list(arguments[0].each())) if arguments and arguments[0].items is not None else None


def _same_value(place: Place, arguments: Sequence[Field]) -> Field | None:
    return replace(arguments[0], place=place) if arguments and arguments[0].known else None


def _merge(place: Place, arguments: Sequence[Field]) -> Field | None:
    members: dict[str, Field] = {}
    for each in arguments:
        if each.members is not None:
            members |= each.members
        elif not each.absent:
            return None  # an unknown map may hold any key
    return Field(place, members=members, literal=False)


def _lookup(place: Place, arguments: Sequence[Field]) -> Field | None:
    if len(arguments) < 2 or arguments[0].members is None or not arguments[1].known:
        return None
    found = arguments[0].members.get(arguments[1].text, arguments[2] if len(arguments) > 2 else None)
    return replace(found, place=place, literal=False) if found is not None else None


def _coalesce(place: Place, arguments: Sequence[Field]) -> Field | None:
    for each in arguments:
        if not each.known:
            return None
        if (not each.absent and each.text != "") or each.items or each.members:
            return replace(each, place=place, literal=False)
    return None


def _try(place: Place, arguments: Sequence[Field]) -> Field | None:
    return replace(arguments[0], place=place, literal=False) if arguments and arguments[0].known else None


def _texts(work: Callable[[list[str]], Scalar]) -> Function:
    def function(place: Place, arguments: Sequence[Field]) -> Field | None:
        known = _known_texts(arguments)
        if known is None:
            return None
        try:
            return _text(place, work(known))
        except (ValueError, IndexError, TypeError, KeyError, binascii.Error):
            return None

    return function


def _format(texts: list[str]) -> Scalar:
    pattern = texts[0].replace("%d", "%s").replace("%v", "%s").replace("%q", '"%s"')
    return pattern % tuple(texts[1:])


def _join(place: Place, arguments: Sequence[Field]) -> Field | None:
    known = _known_texts(list(arguments[1].each())) if len(arguments) == 2 else None
    return _text(place, arguments[0].text.join(known)) if known is not None else None


def _split(place: Place, arguments: Sequence[Field]) -> Field | None:
    known = _known_texts(arguments)
    if known is None or len(known) != 2 or not known[0]:
        return None
    return _list(place, [_text(place, part) for part in known[1].split(known[0])])


def _length(place: Place, arguments: Sequence[Field]) -> Field | None:
    value = arguments[0] if arguments else None
    if value is None or not value.known:
        return None
    inside = value.items if value.items is not None else value.members
    return _text(place, len(inside) if inside is not None else len(value.text))


def _contains(place: Place, arguments: Sequence[Field]) -> Field | None:
    if len(arguments) != 2 or arguments[0].items is None or not arguments[1].known:
        return None
    known = _known_texts(arguments[0].items)
    return _text(place, arguments[1].text in known) if known is not None else None


def _keys(place: Place, arguments: Sequence[Field]) -> Field | None:
    members = arguments[0].members if arguments else None
    return _list(place, [_text(v.place, k) for k, v in members.items()]) if members is not None else None


def _values(place: Place, arguments: Sequence[Field]) -> Field | None:
    members = arguments[0].members if arguments else None
    return _list(place, list(members.values())) if members is not None else None


def _element(place: Place, arguments: Sequence[Field]) -> Field | None:
    items = _items(arguments[0]) if len(arguments) == 2 else None
    index = arguments[1].number if len(arguments) == 2 else None
    return replace(items[int(index) % len(items)], place=place) if items and index is not None else None


FUNCTIONS: dict[str, Function] = {
    "concat": _concat, "flatten": _flatten, "merge": _merge, "lookup": _lookup, "coalesce": _coalesce, "coalescelist": _coalesce,
    "try": _try, "join": _join, "split": _split, "length": _length, "contains": _contains, "keys": _keys, "values": _values,
    "element": _element, "one": _element,
    **dict.fromkeys(("toset", "tolist", "tomap", "tostring", "tonumber", "tobool", "distinct", "compact", "sort", "nonsensitive", "sensitive",
                     "jsonencode", "yamlencode", "abspath"), _same_value),
    "lower": _texts(lambda t: t[0].lower()),
    "upper": _texts(lambda t: t[0].upper()),
    "trimspace": _texts(lambda t: t[0].strip()),
    "chomp": _texts(lambda t: t[0].rstrip("\n")),
    "replace": _texts(lambda t: t[0].replace(t[1], t[2])),
    "format": _texts(_format),
    "base64encode": _texts(lambda t: base64.b64encode(t[0].encode()).decode()),
    "base64decode": _texts(lambda t: base64.b64decode(t[0]).decode()),
    "startswith": _texts(lambda t: t[0].startswith(t[1])),
    "endswith": _texts(lambda t: t[0].endswith(t[1])),
}  # fmt: skip
"""Functions by name. ``jsonencode`` keeps the value it is given: who reads a policy wants its parts with their places."""
