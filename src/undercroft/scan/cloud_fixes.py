"""Edits of cloud files: a value set anew, or a setting added to the block that lacks it."""

from undercroft.model.fix import Edit, line_digest
from undercroft.scan.cloud import Field, Resource


def changed(value: Field | None, new: str) -> tuple[Edit, ...]:
    """The value replaced, when it is written out at this place."""
    span = value.place.span if value is not None and value.literal and value.known else None
    return (Edit(span.file, span.line, span.digest, span.start, span.end, new),) if span is not None else ()


def added(resource: Resource, setting: str) -> tuple[Edit, ...]:
    """``setting`` as the first line of a block of Terraform. Nothing for other formats and for blocks on one line."""
    place = resource.place
    line = place.text.rstrip()
    if resource.format != "terraform" or not line.endswith("{") or place.file.endswith(".json"):
        return ()
    at = len(line) + 1
    return (Edit(place.file, place.line, line_digest(place.text), at, at, f"\n{' ' * (place.column + 1)}{setting}"),)
