"""What happened, in one flat record whatever log told of it.

The class ids are OCSF's (https://schema.ocsf.io, 1.6, Apache-2.0); the record becomes an OCSF object only where it leaves
Undercroft. ``msgspec`` structs rather than dataclasses: a million of these a second are made, compared and thrown away.
"""

from enum import IntEnum, StrEnum

import msgspec


class EventClass(IntEnum):
    """OCSF class ids in use."""

    AUTHENTICATION = 3002
    NETWORK_ACTIVITY = 4001
    HTTP_ACTIVITY = 4002
    API_ACTIVITY = 6003


class Outcome(StrEnum):
    """How it ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNKNOWN = "unknown"


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One thing that happened.

    ``time`` is seconds since the epoch, UTC. ``line`` is the raw text it was read from, cut and with control characters
    escaped, kept for evidence; secrets never reach a log line of ours.
    """

    cls: EventClass
    """OCSF class."""
    time: float
    """When, in seconds since 1970-01-01 UTC, as the log says it."""
    outcome: Outcome = Outcome.UNKNOWN
    """Success, failure or unknown."""
    source: str = ""
    """Address of the client, as text."""
    principal: str = ""
    """Account, key id or identity acting; empty when anonymous or unknown."""
    target: str = ""
    """What it acted on: a host for logins, a path for HTTP, a model for inference."""
    component: str = ""
    """Slug of the component whose log this is: ``sshd``, ``guard``, ``mlflow`` …"""
    instance: str = ""
    """Which one of them: host name or listen address."""
    action: str = ""
    """Verb: ``login``, ``request``, ``reject`` …"""
    reason: str = ""
    """Stable reason code of a refusal or failure."""
    status: int = 0
    """HTTP status, 0 where there is none."""
    cost: int = 0
    """Cost in the profile's unit (tokens for inference), 0 where unknown."""
    line: str = ""
    """The text it was read from, for evidence."""
    repeat: int = 1
    """How often it happened: a log daemon folds identical lines into one."""


class Identity(msgspec.Struct, frozen=True):
    """Who acts, as the guard knows them."""

    id: str
    """Public id: the key's prefix, a certificate's subject, a token's subject."""
    owner: str
    """The person or service responsible."""
    anonymous: bool = False
    """Whether nobody proved anything."""
