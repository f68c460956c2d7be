"""Credentials written out where anyone who reads the file reads them. Shared by the checks that judge them differently."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import UNKNOWN_EXPOSURE, Exposure
from undercroft.model.fix import Fix
from undercroft.model.redact import is_literal_secret, names_a_secret
from undercroft.scan.edits import replaced
from undercroft.scan.graph import Graph, Span, Workload


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
    """``environment``, ``argument`` or ``manifest``."""
    span: Span | None = None
    format: str = ""
    encoded: bool = False
    """Whether the value is base64, as in a Secret's ``data``."""
    users: frozenset[str] = frozenset()
    """User names written beside it: a password equal to one is a default."""

    in_list: bool = False
    """Whether it stands as ``NAME=value``, so that the span is the end of a scalar and not a whole one."""

    def fix(self) -> Fix | None:
        """The value replaced by a reference, where the format has one."""
        named = re.fullmatch(r"[A-Za-z_]\w*", self.name)  # what Compose takes for a variable's name
        if self.format != "compose" or self.span is None or self.place != "environment" or named is None:
            return None
        reference = f"${{{self.name}:?set {self.name} outside this file}}"
        edit = replaced(self.span, reference if self.in_list else f'"{reference}"')
        note = f"put {self.name} into an .env that is not committed, and rotate the old value"
        return Fix(f"Take {self.name} from outside the file", (edit,), note)


def _of(workload: Workload) -> Iterator[Credential]:
    users = frozenset(
        text.value
        for name, text in workload.environment.items()
        if text.value and name.upper().endswith(("USER", "USERNAME", "_DB", "DATABASE"))
    )
    for name, text in workload.environment.items():
        if text.value and text.literal and names_a_secret(name) and is_literal_secret(text.value):
            column = text.evidence.column if text.evidence is not None and hasattr(text.evidence, "column") else 0
            in_list = text.span is not None and column != text.span.start
            evidence = (text.evidence,) if text.evidence else ()
            yield Credential(
                workload.asset,
                name,
                text.value,
                evidence,
                workload.exposure,
                "environment",
                text.span,
                workload.format,
                False,
                users,
                in_list,
            )
    words = workload.words
    for i, word in enumerate(words):
        if word.value is None or not word.value.startswith("-") or not word.literal:
            continue
        flag, equals, rest = word.value.partition("=")
        following = words[i + 1] if i + 1 < len(words) else None
        value = rest if equals else (following.value if following is not None and following.literal else None)
        if value and names_a_secret(flag.lstrip("-")) and is_literal_secret(value) and not value.startswith("-"):
            evidence = (word.evidence,) if word.evidence else ()
            yield Credential(
                workload.asset,
                flag,
                value,
                evidence,
                workload.exposure,
                "argument",
                None,
                workload.format,
                False,
                users,
            )


def written(graph: Graph) -> Iterator[Credential]:
    """Every credential whose value stands in a file: not empty, not a reference, not resolved from elsewhere."""
    for workload in graph.workloads:
        yield from _of(workload)
    for secret in graph.secrets:
        evidence = (secret.text.evidence,) if secret.text.evidence else ()
        yield Credential(
            secret.asset, secret.name, secret.text.value or "", evidence, UNKNOWN_EXPOSURE, "manifest", None, "kubernetes",
            encoded=True,
        )  # fmt: skip
