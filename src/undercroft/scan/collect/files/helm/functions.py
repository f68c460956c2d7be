"""The functions of templates that charts use most, of Go's text/template, Sprig and Helm. One that is not here is unknown.

Their meaning is documented at https://helm.sh/docs/chart_template_guide/function_list/ (Apache-2.0).
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Sequence

from undercroft.scan.collect.files.helm.rendered import Piece
from undercroft.scan.collect.files.helm.values import (
    UNKNOWN,
    Rope,
    Value,
    dump,
    elements,
    field,
    is_list,
    is_map,
    like,
    plain,
    rope,
    truth,
)  # fmt: skip
from undercroft.scan.collect.files.tree import Node

KUBERNETES = (1, 30, 0)
"""The cluster a chart is taken to be installed in, where it asks."""

Function = Callable[[Sequence[Value]], Value]


def _text(value: Value) -> str | None:
    made = rope(value)
    return None if made is UNKNOWN else str(made)


def _strings(change: Callable[..., str]) -> Function:
    """A function on strings: arguments as text, the result placed where the last argument was written."""

    def run(arguments: Sequence[Value]) -> Value:
        texts = [_text(a) for a in arguments]
        if None in texts:
            return UNKNOWN
        try:
            return like(change(*texts), *arguments)
        except (TypeError, ValueError):
            return UNKNOWN

    return run


def _data(change: Callable[..., Value]) -> Function:
    """A function on data; unknown as soon as one argument is."""

    def run(arguments: Sequence[Value]) -> Value:
        given = [plain(a) for a in arguments]
        if any(a is UNKNOWN for a in given):
            return UNKNOWN
        try:
            return change(*given)
        except (TypeError, ValueError, ZeroDivisionError, IndexError, KeyError, OverflowError):
            return UNKNOWN

    return run


def indented(text: Rope, width: int) -> Rope:
    """Every line moved to the right."""
    pad, out = " " * min(width, 200), []
    for i, line in enumerate(_lines(text)):
        if i:
            out.append(Piece("\n"))
        out.append(Piece(pad))
        out += line
    return Rope(out)


def _lines(text: Rope) -> list[list[Piece]]:
    lines: list[list[Piece]] = [[]]
    for piece in text:
        for i, part in enumerate(piece.text.split("\n")):
            if i:
                lines.append([])
            if part or piece.hole:
                shift = piece.column if i == 0 else 1
                lines[-1].append(
                    Piece(part, piece.source, piece.line + i, shift, piece.value, piece.exact, piece.end, piece.hole)
                )
    return lines


def _indent(arguments: Sequence[Value], before: str = "") -> Value:
    if len(arguments) != 2 or not isinstance(width := plain(arguments[0]), int):
        return UNKNOWN
    text = rope(arguments[1])
    if not isinstance(text, Rope):
        return UNKNOWN
    moved = Rope(
        Piece(p.text, p.source, p.line, p.column, p.value, p.exact, p.end, p.hole + width) if p.hole else p
        for p in indented(text, width)
    )
    return Rope((Piece(before), *moved)) if before else moved


def _quote(mark: str) -> Function:
    def run(arguments: Sequence[Value]) -> Value:
        out: list[Piece] = []
        for each in arguments:
            if each is None:
                continue
            text = rope(each)
            if not isinstance(text, Rope):
                return UNKNOWN
            if any(mark in p.text or "\\" in p.text or "\n" in p.text for p in text):
                text = like(json.dumps(str(text), ensure_ascii=False)[1:-1], text)
            out += [Piece(mark), *text, Piece(mark)]
        return Rope(out)

    return run


def _default(arguments: Sequence[Value]) -> Value:
    if len(arguments) != 2:
        return arguments[0] if arguments else UNKNOWN
    held = truth(arguments[1])
    return UNKNOWN if held is None else (arguments[1] if held else arguments[0])


def _coalesce(arguments: Sequence[Value]) -> Value:
    for each in arguments:
        held = truth(each)
        if held is None:
            return UNKNOWN
        if held:
            return each
    return None


def _and(arguments: Sequence[Value]) -> Value:
    doubt = False
    for each in arguments:
        held = truth(each)
        if held is False:
            return each if not doubt else False
        doubt = doubt or held is None
    return UNKNOWN if doubt else arguments[-1]


def _or(arguments: Sequence[Value]) -> Value:
    doubt = False
    for each in arguments:
        held = truth(each)
        if held:
            return UNKNOWN if doubt and not isinstance(plain(each), bool) else each
        doubt = doubt or held is None
    return UNKNOWN if doubt else arguments[-1]


def _not(arguments: Sequence[Value]) -> Value:
    held = truth(arguments[0])
    return UNKNOWN if held is None else not held


def _ternary(arguments: Sequence[Value]) -> Value:
    held = truth(arguments[-1])
    return UNKNOWN if held is None or len(arguments) != 3 else arguments[0 if held else 1]


def _equal(arguments: Sequence[Value]) -> Value:
    given = [plain(a) for a in arguments]
    return UNKNOWN if any(a is UNKNOWN for a in given) else any(given[0] == other for other in given[1:])


def _has_key(arguments: Sequence[Value]) -> Value:
    holder, key = arguments[0], plain(arguments[1])
    if holder is UNKNOWN or key is UNKNOWN:
        return UNKNOWN
    if isinstance(holder, Node):
        return holder.get(str(key)) is not None
    return isinstance(holder, dict) and key in holder


def _get(arguments: Sequence[Value]) -> Value:
    found = field(arguments[0], str(plain(arguments[1])))
    return "" if found is None else found


def _dig(arguments: Sequence[Value]) -> Value:
    found = arguments[-1]
    for key in arguments[:-2]:
        found = field(found, str(plain(key)))
    return arguments[-2] if found is None else found


def _index(arguments: Sequence[Value]) -> Value:
    found = arguments[0]
    for key in arguments[1:]:
        step = plain(key)
        if found is UNKNOWN or step is UNKNOWN:
            return UNKNOWN
        if is_list(found):
            items = _list_of(found) or []
            if not isinstance(step, int) or not 0 <= step < len(items):
                return UNKNOWN
            found = items[step]
        else:
            found = field(found, str(step))
    return found


def _shallow(value: Value) -> dict[str, Value] | None:
    if isinstance(value, dict):
        return dict(value)
    return dict(value.entries()) if isinstance(value, Node) and value.pairs is not None else None


def _merge(arguments: Sequence[Value], *, overwrite: bool = False, depth: int = 0) -> Value:
    """Sprig's ``merge`` lets the first map win, ``mergeOverwrite`` the last; both go into maps below."""
    if any(a is UNKNOWN for a in arguments) or depth > 30:
        return UNKNOWN
    maps = [m for a in arguments if (m := _shallow(a)) is not None]
    found: dict[str, Value] = {}
    for each in maps if overwrite else reversed(maps):
        for key, value in each.items():
            both = is_map(found.get(key)) and is_map(value)
            pair = [found[key], value] if both else []
            found[key] = _merge(pair, overwrite=True, depth=depth + 1) if both else value
    return found


def _dict(arguments: Sequence[Value]) -> Value:
    keys = [plain(k) for k in arguments[::2]]
    if any(k is UNKNOWN for k in keys) or len(arguments) % 2:
        return UNKNOWN
    return dict(zip((str(k) for k in keys), arguments[1::2], strict=True))


def _list_of(value: Value) -> list[Value] | None:
    if isinstance(value, list):
        return value
    return list(value.items) if isinstance(value, Node) and value.items is not None else ([] if value is None else None)


def _concat(arguments: Sequence[Value]) -> Value:
    lists = [_list_of(a) for a in arguments]
    return UNKNOWN if None in lists else [item for each in lists for item in each or ()]


def _append(arguments: Sequence[Value]) -> Value:
    first = _list_of(arguments[0])
    return UNKNOWN if first is None or arguments[0] is UNKNOWN else [*first, *arguments[1:]]


def _join(arguments: Sequence[Value]) -> Value:
    items = _list_of(arguments[1])
    texts = [_text(i) for i in items] if items is not None else [None]
    if arguments[1] is UNKNOWN or None in texts:
        return UNKNOWN
    return like(str(plain(arguments[0])).join(t or "" for t in texts), *(items or ()))


def _has(arguments: Sequence[Value]) -> Value:
    items = _list_of(arguments[1])
    if items is None or arguments[1] is UNKNOWN:
        return UNKNOWN
    found = [_equal((arguments[0], item)) for item in items]
    return True if True in found else UNKNOWN if UNKNOWN in found else False


def _keys(arguments: Sequence[Value]) -> Value:
    pairs = elements(arguments[0])
    return UNKNOWN if pairs is None else [key for key, _ in pairs]


def _kind(value: Value) -> str:
    value = plain(value)
    for kind, test in (("bool", bool), ("int", int), ("float64", float), ("string", str)):
        if isinstance(value, test):
            return kind
    return "map" if is_map(value) else "slice" if is_list(value) else "invalid"


def _kind_is(arguments: Sequence[Value]) -> Value:
    if arguments[1] is UNKNOWN:
        return UNKNOWN
    kind, wanted = _kind(arguments[1]), str(plain(arguments[0]))
    # Helm reads every number of values.yaml as float64, yet people test for either.
    return kind == wanted or (kind == "int" and wanted in {"float64", "int64"}) or (kind == "map" and "map" in wanted)


def _printf(arguments: Sequence[Value]) -> Value:
    form = _text(arguments[0])
    if form is None:
        return UNKNOWN
    rest, out, position = list(arguments[1:]), [], 0
    for verb in re.finditer(r"%([#+\-0 ]*\d*(?:\.\d+)?)([a-zA-Z%])", form):
        out.append(Piece(form[position : verb.start()]))
        position = verb.end()
        if verb[2] == "%":
            out.append(Piece("%"))
            continue
        if not rest:
            return UNKNOWN
        text = rope(rest.pop(0))
        if not isinstance(text, Rope):
            return UNKNOWN
        out += [Piece('"'), *text, Piece('"')] if verb[2] == "q" else list(text)
    return Rope((*out, Piece(form[position:])))


def _print(arguments: Sequence[Value]) -> Value:
    ropes = [rope(a) for a in arguments]
    if any(not isinstance(r, Rope) for r in ropes):
        return UNKNOWN
    return Rope(piece for each in ropes if isinstance(each, Rope) for piece in each)


def _semver(constraint: str, version: str) -> bool:
    """The plain comparisons charts ask for; a constraint of another form is a ``ValueError``."""
    numbers = re.match(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?", version)
    if numbers is None:
        raise ValueError(version)
    have = tuple(int(n or 0) for n in numbers.groups())
    for part in re.split(r"[,\s]+(?=[<>=^~])", constraint.strip()):
        match = re.fullmatch(r"(>=|<=|>|<|=|\^|~)?\s*v?(\d+)(?:\.(\d+|x))?(?:\.(\d+|x))?(?:-[\w.]+)?", part.strip())
        if match is None:
            raise ValueError(constraint)
        want = tuple(int(n) if n and n != "x" else 0 for n in match.groups()[1:])
        holds = {
            ">=": have >= want, "<=": have <= want, ">": have > want, "<": have < want, "=": have == want,
            "^": have >= want and have[0] == want[0], "~": have >= want and have[:2] == want[:2], None: have == want,
        }[match[1]]  # fmt: skip
        if not holds:
            return False
    return True


def _to_json(value: Value) -> Value:
    return UNKNOWN if is_map(value) or is_list(value) else rope(value)


def _number(value: Value) -> int:
    return int(float(value)) if value not in ("", None) else 0


def _cut(length: str, text: str) -> str:
    n = int(length)
    return text[:n] if n >= 0 else text[n:]


FUNCTIONS: dict[str, Function] = {
    "default": _default, "coalesce": _coalesce, "and": _and, "or": _or, "not": _not, "ternary": _ternary,
    "empty": lambda a: UNKNOWN if truth(a[0]) is None else not truth(a[0]),
    "eq": _equal, "ne": lambda a: UNKNOWN if (e := _equal(a)) is UNKNOWN else not e,
    "lt": _data(lambda a, b: a < b), "le": _data(lambda a, b: a <= b), "gt": _data(lambda a, b: a > b), "ge": _data(lambda a, b: a >= b),
    "quote": _quote('"'), "squote": _quote("'"), "indent": _indent, "nindent": lambda a: _indent(a, "\n"),
    "toYaml": lambda a: dump(a[0]), "toYamlPretty": lambda a: dump(a[0]), "toJson": lambda a: _to_json(a[0]),
    "toString": lambda a: rope(a[0]), "printf": _printf, "print": _print, "cat": _print,
    "trunc": _strings(_cut), "trim": _strings(str.strip), "lower": _strings(str.lower), "upper": _strings(str.upper),
    "title": _strings(str.title), "trimSuffix": _strings(lambda s, t: t.removesuffix(s)), "trimPrefix": _strings(lambda s, t: t.removeprefix(s)),
    "trimAll": _strings(lambda s, t: t.strip(s)), "replace": _strings(lambda a, b, t: t.replace(a, b)), "nospace": _strings(lambda t: re.sub(r"\s", "", t)),
    "b64enc": _strings(lambda t: base64.b64encode(t.encode()).decode()), "b64dec": _strings(lambda t: base64.b64decode(t).decode()),
    "sha256sum": _strings(lambda t: hashlib.sha256(t.encode()).hexdigest()), "kebabcase": _strings(lambda t: re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", t).lower()),
    "contains": _data(lambda s, t: str(s) in str(t)), "hasPrefix": _data(lambda s, t: str(t).startswith(str(s))), "hasSuffix": _data(lambda s, t: str(t).endswith(str(s))),
    "int": _data(_number), "int64": _data(_number), "float64": _data(float), "atoi": _data(_number), "len": _data(lambda v: len(_sized(v))),
    "add": _data(lambda *n: sum(map(_number, n))), "add1": _data(lambda n: _number(n) + 1), "sub": _data(lambda a, b: _number(a) - _number(b)),
    "mul": _data(lambda a, b: _number(a) * _number(b)), "div": _data(lambda a, b: _number(a) // _number(b)), "mod": _data(lambda a, b: _number(a) % _number(b)),
    "max": _data(lambda *n: max(map(_number, n))), "min": _data(lambda *n: min(map(_number, n))),
    "hasKey": _has_key, "get": _get, "dig": _dig, "index": _index, "dict": _dict, "list": list, "tuple": list, "keys": _keys,
    "merge": _merge, "mergeOverwrite": lambda a: _merge(a, overwrite=True), "deepCopy": lambda a: a[0], "mustDeepCopy": lambda a: a[0],
    "concat": _concat, "append": _append, "mustAppend": _append, "join": _join, "has": _has, "kindIs": _kind_is, "typeIs": _kind_is, "kindOf": lambda a: UNKNOWN if a[0] is UNKNOWN else _kind(a[0]),
    "first": lambda a: _index((a[0], 0)), "splitList": _data(lambda s, t: str(t).split(str(s))), "sortAlpha": lambda a: a[0], "uniq": lambda a: a[0], "compact": lambda a: a[0],
    "until": _data(lambda n: list(range(min(max(n, 0), 1000)))), "semverCompare": _data(lambda c, v: _semver(str(c), str(v))),
    "required": lambda a: a[1] if len(a) > 1 else UNKNOWN, "fail": lambda _: Rope(), "lookup": lambda _: {},
    "regexMatch": _data(lambda p, t: re.search(p, t) is not None if len(p) < 60 and len(t) < 200 and not re.search(r"[+*]\)?[+*{]", p) else UNKNOWN),
}  # fmt: skip


def _sized(value: Value) -> Sequence[Value]:
    if isinstance(value, Node):
        return value.pairs if value.pairs is not None else value.items or ()
    return value if isinstance(value, str | list | dict) else ()  # type: ignore[return-value] # len is all that is asked
