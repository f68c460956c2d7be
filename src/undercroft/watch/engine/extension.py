"""What Sigma cannot say, in one block under the custom key ``undercroft`` of the document that raises the alert."""

from string import Formatter

import msgspec

from undercroft.model.risk import Risk

PLACES = frozenset({"source", "principal", "target", "reason", "instance", "count", "values", "span"})
"""What ``says`` may name in braces. ``values`` is the number of distinct values, ``span`` the rule's time span in words."""


class Extension(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The block, as it is written."""

    risk: str
    """Id of a row of the risk register."""
    says: str
    """The alert's title, with places such as ``{source}`` and ``{count}``."""
    confidence: str = "medium"
    """``low``, ``medium`` or ``high``."""
    response: str = ""
    """What to do now, in a sentence or two."""
    never_succeeded: bool = False
    """Count a failure only while its source has not logged in as that principal: what separates guessing from mistyping.
    A later success takes the pair's failures back out of the window; an alert already raised stays, and says so."""
    succeeded_before: bool = False
    """Count a failure only when its source has logged in as that principal before."""
    entities: tuple[str, ...] = ("source", "principal", "target")
    """Fields whose values the alert lists."""

    def wrong(self, fields: frozenset[str]) -> list[str]:
        """What does not fit, as sentences."""
        found = []
        if self.risk not in set(Risk):
            found.append(f"undercroft.risk: {self.risk!r} is no row of the register; one of {', '.join(Risk)}")
        if self.confidence not in {"low", "medium", "high"}:
            found.append(f"undercroft.confidence: {self.confidence!r} is not low, medium or high")
        if self.never_succeeded and self.succeeded_before:
            found.append("undercroft: never_succeeded and succeeded_before exclude each other; keep one")
        found += [
            f"undercroft.entities: {name!r} is no field of an event" for name in self.entities if name not in fields
        ]
        try:
            places = [part for _, part, form, _ in Formatter().parse(self.says) if part is not None or form]
        except ValueError as error:
            return [*found, f"undercroft.says: {error}"]
        found += [
            f"undercroft.says: {{{part}}} is not known; one of {', '.join(sorted(PLACES))}"
            for part in places
            if part not in PLACES
        ]
        return found
