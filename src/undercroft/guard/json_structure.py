"""The shape of a JSON text, seen without building it: depth, and how many keys it names.

Decoders disagree about duplicate keys (some take the first, some the last), so a document that has one can mean two things.
msgspec keeps the last and cannot be asked. Removing all string contents with one regular expression leaves a skeleton in
which every colon is a key; when the decoded document holds fewer keys, some were named twice. That is ten times cheaper
than a decoder that calls back for every object.
"""

import re
from typing import Any

# Possessive quantifiers: a string that never ends costs one pass, not one for each way of splitting it.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_FLAT = re.compile(rb"[^\[\]{}]++")


def skeleton(text: bytes) -> bytes:
    """``text`` without its strings. Meaningful for valid JSON; for other text it only bounds the depth from above or below."""
    return _STRING.sub(b"", text)


def depth(bones: bytes, enough: int) -> int:
    """How deep a skeleton nests; counted exactly only as far as matters: at most ``enough + 1`` is returned."""
    if bones.count(b"[") + bones.count(b"{") <= enough:
        return bones.count(b"[") + bones.count(b"{")
    deepest = level = 0
    for char in _FLAT.sub(b"", bones):
        if char in b"[{":
            level += 1
            if level > deepest:
                deepest = level
                if deepest > enough:
                    break
        else:
            level -= 1
    return deepest


def key_count(document: Any) -> int:
    """How many keys a decoded document holds, at every level. Recursion is bounded by the depth checked before."""
    if type(document) is dict:
        count = len(document)
        for value in document.values():
            if type(value) in (dict, list):
                count += key_count(value)
        return count
    if type(document) is list:
        return sum(key_count(item) for item in document if type(item) in (dict, list))
    return 0
