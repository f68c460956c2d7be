"""API keys: what one looks like, what is stored of it, and how a presented one is checked.

A key is ``uc_<id>_<secret>``: the id is public and finds the record, the secret is 256 random bits. Stored is the SHA-256 of
the whole key. A slow password hash would add nothing: 256 random bits cannot be guessed, and each request pays for it.
"""

import hashlib
import hmac
import re

import msgspec

_KEY = re.compile(r"uc_([A-Za-z0-9]{6})_([A-Za-z0-9_-]{43})")
_NOBODY = hashlib.sha256(b"").digest()


class KeyRecord(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is stored of a key: one JSON line of the keys file."""

    id: str
    """Six letters or digits: the public part."""
    owner: str
    """The person or service responsible."""
    sha256: str
    """Hexadecimal SHA-256 of the key."""
    created: float
    """Seconds since 1970-01-01 UTC."""
    expires: float = 0.0
    """Seconds since 1970-01-01 UTC; 0: never."""
    revoked: float = 0.0
    """Seconds since 1970-01-01 UTC; 0: not revoked."""
    requests_per_minute: float = 0.0
    """0: the guard's default, as for the following."""
    tokens_per_minute: float = 0.0
    concurrency: int = 0
    budget: int = 0
    """Tokens this key may use in all while the guard runs; 0: not bounded."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9]{6}", self.id) or not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError("id must be six letters or digits and sha256 64 hexadecimal digits")
        if (
            min(
                self.requests_per_minute,
                self.tokens_per_minute,
                self.concurrency,
                self.budget,
                self.expires,
                self.revoked,
            )
            < 0
        ):
            raise ValueError("limits and times must not be negative")


def make(identifier: str, secret: str) -> str:
    """The key of this public id and secret. Raises :class:`ValueError` when they do not make one."""
    key = f"uc_{identifier}_{secret}"
    if not _KEY.fullmatch(key):
        raise ValueError("a key needs an id of six letters or digits and 43 base64url characters (256 bits) of secret")
    return key


def digest(key: str) -> str:
    """What is stored of ``key``."""
    return hashlib.sha256(key.encode()).hexdigest()


def public_id(key: str) -> str:
    """The public id a presented key claims; empty when it has not the shape of a key."""
    match = _KEY.fullmatch(key)
    return match[1] if match else ""


class KeyRing:
    """The keys in force."""

    def __init__(self, records: tuple[KeyRecord, ...]) -> None:
        self._records = {record.id: (record, bytes.fromhex(record.sha256)) for record in records}

    def __len__(self) -> int:
        return len(self._records)

    def ids(self) -> frozenset[str]:
        """Public ids of all records."""
        return frozenset(self._records)

    def good(self, identifier: str, epoch: float) -> bool:
        """Whether the key of this id exists, is not revoked and has not expired."""
        entry = self._records.get(identifier)
        return entry is not None and not entry[0].revoked and not 0 < entry[0].expires <= epoch

    def check(self, key: str, epoch: float) -> KeyRecord | None:
        """The record of a presented key that is good now, compared in constant time; a digest is taken for unknown ids, too."""
        identifier = public_id(key)
        record, expected = self._records.get(identifier, (None, _NOBODY))
        same = hmac.compare_digest(hashlib.sha256(key.encode()).digest(), expected)
        return record if record is not None and same and self.good(identifier, epoch) else None
