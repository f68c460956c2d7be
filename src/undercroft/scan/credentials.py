"""Credentials written out where anyone who reads the file reads them. Shared by the checks that judge them differently."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence, FileEvidence
from undercroft.model.exposure import UNKNOWN_EXPOSURE, Exposure
from undercroft.model.fix import Fix
from undercroft.model.redact import names_a_secret
from undercroft.scan.edits import replaced
from undercroft.scan.graph import Graph, Span, Text, Workload
from undercroft.scan.passwords import Strength, strength, written_out

_USERINFO = re.compile(
    r"(?<![a-z0-9+.\-])(?P<scheme>[a-z][a-z0-9+.\-]*)://(?P<user>[^\s:/@'\"]*):(?P<value>[^\s@/'\"]+)@", re.IGNORECASE
)
_USER = ("USER", "USERNAME", "_DB", "DATABASE", "ACCESS_KEY", "ACCESS_KEY_ID")
# The public half of a pair: the other half is what counts.
_ACCESS_KEY = re.compile(r"(?i)(?<!secret)(?<!secret_)access_?key(?:_?id)?$")
# ``ngcAPISecret: ngc-api`` and ``keyOfSecretAccessKey: …`` name an object or a key, in the way of charts.
_NAMES_ANOTHER = re.compile(
    r"(?:^(?:keyOf|nameOf|existing)[A-Z]|(?<![cC]lient)(?<![jJ]wt)(?<![sS]ession)[a-zA-Z]Secret$)"
)
_OBJECT = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)+$|^[A-Z0-9]+(?:_[A-Z0-9]+)+$")
# Emulators of a cloud take any key, so theirs are none.
_EMULATOR = re.compile(r"(?i)localstack|:4566\b|\bmoto\b|azurite|fake-?gcs")
_IDLE = frozenset(
    {"abc", "xyz", "test", "testing", "dummy", "fake", "foo", "foobar", "none", "mock", "key", "secret", "example"}
)
_JWT = re.compile(r"^eyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]*$")


@dataclass(frozen=True, slots=True)
class Credential:
    """One of them."""

    asset: Asset
    name: str
    """Variable, flag or key."""
    value: str
    """The value itself: judged, never shown."""
    evidence: tuple[Evidence, ...]
    exposure: Exposure
    place: str
    """``environment``, ``argument``, ``manifest``, ``file`` (a file of variables) or ``template`` (one to be copied)."""
    span: Span | None = None
    format: str = ""
    encoded: bool = False
    """Whether the value may be base64, as in a Secret's ``data``."""
    users: frozenset[str] = frozenset()
    """User names written beside it: a password equal to one is a default."""

    in_list: bool = False
    """Whether it stands as ``NAME=value``, so that the span is the end of a scalar and not a whole one."""
    fallback: str = ""
    """Variable it is the fallback of, when it is one."""
    url: bool = False
    """Whether it is the password of an address that the variable or argument holds."""
    documented: frozenset[str] = frozenset()
    """What the products beside it document as their defaults."""
    ignored: bool = False
    """Whether the file is kept out of the repository."""

    @property
    def strength(self) -> Strength:
        """What the value is worth."""
        found = strength(self.name, self.value, self.users, self.documented)
        if self.encoded and found in {Strength.UNKNOWN, Strength.PREDICTABLE}:
            try:
                decoded = base64.b64decode(self.value, validate=True).decode().strip()
            except (binascii.Error, UnicodeDecodeError, ValueError):
                return found
            found = strength(self.name, decoded, self.users, self.documented)
        return found

    def fix(self) -> Fix | None:
        """The value replaced by a reference, where the format has one."""
        variable = self.fallback or self.name
        named = re.fullmatch(r"[A-Za-z_]\w*", variable)  # what Compose takes for a variable's name
        if self.format != "compose" or self.span is None or self.place != "environment" or named is None or self.url:
            return None
        reference = f"${{{variable}:?set {variable} outside this file}}"
        edit = replaced(self.span, reference if self.in_list else f'"{reference}"')
        note = f"put {variable} into an .env that is not committed, and rotate the old value"
        return Fix(f"Take {variable} from outside the file", (edit,), note)


def names_another(name: str, value: str) -> bool:
    """Whether the value is the name of a Secret or of a key in one: ``ngcAPISecret: ngc-api``, ``secretKey: hf_token``."""
    if name in {"secretKey", "key"}:
        return (
            re.fullmatch(r"(?i)[a-z0-9]+(?:[-_.][a-z0-9]+)+|token|password|key|secret|username|api_?key", value)
            is not None
        )
    return _NAMES_ANOTHER.search(name) is not None and _OBJECT.match(value) is not None


def secret_name(name: str, value: str) -> bool:
    """Whether a variable holds a credential: by its name, or because the value is a signed token."""
    if names_another(name, value) or _ACCESS_KEY.search(name):
        return False
    return names_a_secret(name) or _JWT.match(value) is not None


def _counts(name: str, value: str) -> bool:
    """Whether name and value together are a written credential."""
    return bool(value) and secret_name(name, value) and written_out(value)


def _idle(name: str, value: str, variables: Mapping[str, Text]) -> bool:
    """Whether a cloud's key is one that opens nothing: a stand-in, or meant for an emulator."""
    if not name.upper().startswith("AWS_"):
        return False
    return value.lower() in _IDLE or any(_EMULATOR.search(text.value) for text in variables.values() if text.value)


def users_of(variables: Mapping[str, Text]) -> frozenset[str]:
    """User names and database names among variables."""
    return frozenset(
        text.value.strip("\"'") for name, text in variables.items() if text.value and name.upper().endswith(_USER)
    )


def _documented(workload: Workload) -> frozenset[str]:
    return frozenset(
        secret
        for running in workload.running
        for each in running.fact.credentials
        for secret in (each.secret, f"{each.user}/{each.secret}")
    )


def in_addresses(text: str) -> Iterator[tuple[str, str]]:
    """(user, password) of every address in ``text`` that holds both and names neither by a reference."""
    for match in _USERINFO.finditer(text):
        if (
            written_out(match["value"])
            and not re.search(r"[$<{%]", match["value"])
            and match["scheme"].lower() != "git"
        ):
            yield match["user"], match["value"]


def _masked(evidence: Evidence | None, value: str) -> tuple[Evidence, ...]:
    if isinstance(evidence, FileEvidence):
        evidence = FileEvidence(evidence.file, evidence.line, evidence.column, evidence.text, (value,))
    return (evidence,) if evidence is not None else ()


def _variables(
    asset: Asset,
    variables: Mapping[str, Text],
    place: str,
    exposure: Exposure,
    format_: str,
    documented: Iterable[str],
    *,
    ignored: bool = False,
) -> Iterator[Credential]:
    users = users_of(variables)
    for name, text in variables.items():
        if not text.value or not (text.literal or text.fallback):
            continue
        column = text.evidence.column if isinstance(text.evidence, FileEvidence) else 0
        in_list = text.span is not None and column != text.span.start
        if _counts(name, text.value) and not _idle(name, text.value.strip("\"'"), variables):
            yield Credential(
                asset, name, text.value, _masked(text.evidence, text.value), exposure, place, text.span, format_, False,
                users, in_list, text.fallback, False, frozenset(documented), ignored,
            )  # fmt: skip
        for user, password in in_addresses(text.value):
            yield Credential(
                asset, name, password, _masked(text.evidence, password), exposure, place, text.span, format_, False,
                frozenset({user, *users}), in_list, text.fallback, True, frozenset(documented), ignored,
            )  # fmt: skip


def _arguments(workload: Workload) -> Iterator[Credential]:
    users, documented, words = users_of(workload.environment), _documented(workload), workload.words
    for i, word in enumerate(words):
        if word.value is None or not (word.literal or word.fallback):
            continue
        for user, password in in_addresses(word.value):
            yield Credential(
                workload.asset, "a password in an address", password, _masked(word.evidence, password), workload.exposure, "argument", None,
                workload.format, False, frozenset({user, *users}), False, word.fallback, True, documented,
            )  # fmt: skip
        if not word.value.startswith("-"):
            continue
        flag, equals, rest = word.value.partition("=")
        following = words[i + 1] if i + 1 < len(words) else None
        value = rest if equals else (following.value if following is not None and following.literal else None)
        if value and names_a_secret(flag.lstrip("-")) and written_out(value) and not value.startswith("-"):
            yield Credential(
                workload.asset, flag, value, _masked(word.evidence, value), workload.exposure, "argument", None, workload.format, False,
                users, False, word.fallback, False, documented,
            )  # fmt: skip


def written(graph: Graph) -> Iterator[Credential]:
    """Every credential whose value stands in a file: not empty, not a reference, not resolved from elsewhere."""
    for workload in graph.workloads:
        yield from _variables(
            workload.asset,
            workload.environment,
            "environment",
            workload.exposure,
            workload.format,
            _documented(workload),
        )
        yield from _arguments(workload)
    for file in graph.variables:
        place = "template" if file.example else "file"
        yield from _variables(file.asset, file.variables, place, UNKNOWN_EXPOSURE, "env", (), ignored=file.ignored)
    for secret in graph.secrets:
        evidence = (secret.text.evidence,) if secret.text.evidence else ()
        value = secret.text.value or ""
        place = "values" if secret.format == "helm" else "manifest"
        if not secret.encoded:
            for user, password in in_addresses(value):
                yield Credential(
                    secret.asset, secret.name, password, _masked(secret.text.evidence, password), UNKNOWN_EXPOSURE, place, None,
                    secret.format, False, frozenset({user}), False, "", True,
                )  # fmt: skip
        if not written_out(value) or not (secret.encoded or _counts(secret.name, value)):
            continue
        if secret.encoded and _ACCESS_KEY.search(secret.name):
            continue
        yield Credential(
            secret.asset,
            secret.name,
            value,
            evidence,
            UNKNOWN_EXPOSURE,
            place,
            None,
            secret.format,
            secret.encoded,
            secret.users,
            documented=secret.documented,
        )
