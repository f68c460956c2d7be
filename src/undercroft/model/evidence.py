"""Where and what: the place a statement rests on.

Every text here passes through :func:`undercroft.model.redact.redact` when the evidence is made, so a renderer cannot leak
what it never had. Texts are cut at ``EXCERPT`` characters: evidence is for reading, not for archiving.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from undercroft.model.redact import redact, redact_known

EXCERPT = 400
"""Characters of a line or a response that are kept."""
READ = 16 * 1024
"""Characters of it that are looked through for secrets: far more than are kept, because masking shortens."""


_masked = lru_cache(maxsize=8192)(redact)
"""Many statements rest on one line: a line is worked through once. Long lines are not kept."""
_SHORT = 2 * EXCERPT


def _excerpt(text: str, known: tuple[str, ...]) -> str:
    # Only the beginning is kept, so only the beginning is worked through; known values are masked in all of it first.
    begin = redact_known(text, known)[:READ]
    clean = _masked(begin) if len(begin) <= _SHORT else redact(begin)
    return clean if len(clean) <= EXCERPT else clean[: EXCERPT - 1] + "…"


@dataclass(frozen=True, slots=True)
class FileEvidence:
    """A place in a scanned file."""

    file: str
    """Path relative to the scanned root, with forward slashes."""
    line: int
    """Line, counted from 1."""
    column: int
    """Column, counted from 1, in characters."""
    text: str
    """The line as it stands there, redacted and cut to ``EXCERPT`` characters."""
    known_secrets: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """Values the collector knew to be secret. Used for masking at birth and emptied then."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _excerpt(self.text, self.known_secrets))
        object.__setattr__(self, "known_secrets", ())

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def at(self, column: int) -> "FileEvidence":
        """Another column of the same line. Its text is masked already, so the copy is not masked again."""
        other = object.__new__(FileEvidence)
        for name in ("file", "line", "text", "known_secrets"):
            object.__setattr__(other, name, getattr(self, name))
        object.__setattr__(other, "column", column)
        return other


@dataclass(frozen=True, slots=True)
class EndpointEvidence:
    """One exchange with a live endpoint."""

    endpoint: str
    """URL or ``scheme://host:port``, without credentials or query values."""
    request: str
    """What was sent, as method and path or as a named stimulus."""
    response: str
    """What came back: status and the telling part of headers or body, redacted and cut to ``EXCERPT`` characters."""
    known_secrets: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """Values the collector knew to be secret. Used for masking at birth and emptied then."""

    def __post_init__(self) -> None:
        for name in ("endpoint", "request", "response"):
            object.__setattr__(self, name, _excerpt(getattr(self, name), self.known_secrets))
        object.__setattr__(self, "known_secrets", ())

    @property
    def where(self) -> str:
        return self.endpoint


@dataclass(frozen=True, slots=True)
class HostEvidence:
    """A fact read from the host the scan runs on."""

    fact: str
    """What was looked at, such as ``sshd effective configuration``."""
    command: str
    """The command or file it was read from, so that a reader can look again."""
    text: str
    """The telling line, redacted and cut to ``EXCERPT`` characters."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _excerpt(self.text, ()))

    @property
    def where(self) -> str:
        return self.command


Evidence = FileEvidence | EndpointEvidence | HostEvidence
"""Any of the three kinds of place."""
