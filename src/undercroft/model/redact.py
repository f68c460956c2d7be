"""Secrets are removed where text is read, so that no renderer, log or test can leak one.

Redaction errs on the side of hiding: a masked harmless word costs a reader a glance at the file, a leaked key costs a
rotation. Empty values, references (``${TOKEN}``, ``$(TOKEN)``, ``{{ .Values.token }}``) and booleans are not secrets and
stay readable, because whether a password is *empty* or *referenced* is what a check reports.

Callers that know a value to be secret pass it in ``known``; it is masked wherever it stands.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

MASK = "[redacted]"
"""What stands where a secret stood. It says nothing of the secret's length."""

_WORD = (
    r"[\w.\-]*(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_\-]?key|access[_\-]?key|private[_\-]?key|"
    r"account[_\-]?key|client[_\-]?key|master[_\-]?key|enc(?:ryption)?[_\-]?key|fernet[_\-]?key|signing[_\-]?key|credentials?|auth[_\-]?key|"
    r"secret[_\-]?key|session[_\-]?key|jwt[_\-]?key|role[_\-]?key|anon[_\-]?key|secret[_\-]?key[_\-]?base|"
    r"(?<![a-z])(?:pass|salt)|require[_\-]?pass|master[_\-]?auth|(?:redis|neo4j|smtp|basic|http|gradio|api)[_\-]auth)"
)
_NAME = r"(?<![\w.\-])" + _WORD
# The look-behind lets a match begin at the start of a word only: without it a long run of letters costs its square.
# Names that end like a secret's but hold none: limits, modes, references, file names.
_NOT_SECRET = re.compile(
    r"(?i)(max|min|num|stop|pad|eos|bos|per|total|output|prompt|input|batch\w*|completion)[_\-]?tokens?$"
    r"|tokenizer|secret[_\-]?name$|secretkeyref$|automount\w*token$|token[_\-]?(url|uri|path|file|type|limit|expir\w*|ttl)$"
    r"|(password|secret|key|token)[_\-]?file$|existing[_\-]?secret$|imagepullsecrets?$"
    r"|(?-i:[a-z]SecretKey)$"  # a chart's name for the key inside a Secret
)
_HARMLESS = re.compile(
    r"""(?ix) ^(?: ["']? (?: true|false|yes|no|on|off|null|none|~|[01] )? ["']?
        | ["']? \$ (?: \{ [^}]* \} | \( [^)]* \) | \w+ ) ["']?
        | ["']? \$\{\{ .* \}\} ["']?
        | ["']? \{\{ .* \}\} ["']?
        | \[redacted\] | [\[{|>&*] .* | [|>][+-]? )$"""
)
_ASSIGN = re.compile(
    rf"""(?ix) (?P<name> {_NAME} ) (?P<q1> ["']? ) (?P<sep> \s*[:=]\s* | \s+ (?=[^\s:=]) ) (?P<value>
        \$\{{[^}}]*\}} | \$\([^)]*\) | \{{\{{ .*? \}}\}} | "(?:[^"\\]|\\.)*" | '(?:[^']|'')*' | [^\s,;&"'}}\]]+ )"""
)
_DIRECTIVE = re.compile(rf"(?im)^(?P<head>[ \t]*{_WORD}[ \t]+)(?P<value>\S+)(?P<tail>[ \t]*)$")
"""A line of two words whose first names a secret: ``requirepass …`` in redis.conf."""
_LIST_VALUE = re.compile(
    rf"""(?ix) (?P<head> (?<![\w.\-]) ["']?--?{_WORD} ["']? \s* , \s* ) (?P<value> "(?:[^"\\]|\\.)*" | '(?:[^']|'')*' )"""
)
_TOKENS = re.compile(
    r"""(?x)
      \bhf_[A-Za-z0-9]{16,} | \bsk-[A-Za-z0-9_\-]{12,} | \bgh[pousr]_[A-Za-z0-9]{20,} | \bgithub_pat_[A-Za-z0-9_]{20,}
    | \bglpat-[A-Za-z0-9_\-]{16,} | \bxox[abprs]-[A-Za-z0-9\-]{10,} | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b | \bAIza[A-Za-z0-9_\-]{30,}
    | \beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*  | \bnvapi-[A-Za-z0-9_\-]{20,} | \bdapi[a-f0-9]{32}\b
    | \buc_[A-Za-z0-9]{6}_[A-Za-z0-9_\-]{16,} | \bnpm_[A-Za-z0-9]{30,} | \bpypi-[A-Za-z0-9_\-]{30,}
    """
)
_BEARER = re.compile(r"(?i)\b(bearer|basic|token)(\s+)([A-Za-z0-9._~+/=\-]{8,})")
_USERINFO = re.compile(
    r"(?P<head>(?<![a-z0-9+.\-])[a-z][a-z0-9+.\-]*://[^\s:/@'\"]*:)(?P<value>[^\s@/'\"]+)(?P<tail>@)", re.IGNORECASE
)
_PEM = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


def is_literal_secret(value: str) -> bool:
    """Whether ``value``, found where a secret belongs, is one written out: not empty, not a reference, not a switch."""
    return _HARMLESS.match(value.strip()) is None


_SECRET_NAME = re.compile(rf"(?i)^{_NAME}$")


@lru_cache(maxsize=4096)
def names_a_secret(name: str) -> bool:
    """Whether a setting, variable or key of this name usually holds a secret.

    >>> names_a_secret("MYSQL_ROOT_PASSWORD"), names_a_secret("max_tokens"), names_a_secret("secretName")
    (True, False, False)
    """
    return _SECRET_NAME.search(name) is not None and _NOT_SECRET.search(name) is None


def _assignment(match: re.Match[str]) -> str:
    name, value = match["name"], match["value"]
    if _NOT_SECRET.search(name) or _HARMLESS.match(value):
        return match[0]
    if match["sep"].strip() == "" and not name.startswith("-"):
        return match[0]  # prose such as "the token is", not an assignment; flags do take their value after a blank
    quote = value[0] if value[0] in "\"'" else ""
    return f"{name}{match['q1']}{match['sep']}{quote}{MASK}{quote}"


def _directive(match: re.Match[str]) -> str:
    value = match["value"]
    if _HARMLESS.match(value) or _NOT_SECRET.search(match["head"].strip()) or value in {"=", ":"}:
        return match[0]
    return f"{match['head']}{MASK}{match['tail']}"


def _list_value(match: re.Match[str]) -> str:
    value = match["value"]
    return match[0] if _HARMLESS.match(value) else f"{match['head']}{value[0]}{MASK}{value[0]}"


def redact_known(text: str, known: Iterable[str]) -> str:
    """``text`` with every value in ``known`` masked, the longest first."""
    for secret in sorted({value for value in known if is_literal_secret(value)}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def redact(text: str, known: Iterable[str] = ()) -> str:
    """``text`` with every recognisable secret, and every value in ``known``, masked. Idempotent, and linear in its length."""
    text = redact_known(text, known)
    text = _PEM.sub(rf"\1{MASK}\2", text)
    text = _USERINFO.sub(lambda m: m[0] if _HARMLESS.match(m["value"]) else f"{m['head']}{MASK}{m['tail']}", text)
    text = _TOKENS.sub(MASK, text)
    text = _BEARER.sub(rf"\1\2{MASK}", text)
    text = _LIST_VALUE.sub(_list_value, text)
    text = _DIRECTIVE.sub(_directive, text)
    return _ASSIGN.sub(_assignment, text)
