"""Reads Sigma rules and correlations (https://github.com/SigmaHQ/sigma-specification, version 2.1) into what the engine runs.

pySigma parses; nothing else of it is used. A rule that needs something unsupported is refused with its file, the construct
and what to write instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from sigma.collection import SigmaCollection
from sigma.correlations import (
    SigmaCorrelationCondition,
    SigmaCorrelationConditionOperator,
    SigmaCorrelationRule,
    SigmaCorrelationType,
)
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule
from yaml import YAMLError

from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Severity
from undercroft.watch.engine.extension import Extension
from undercroft.watch.engine.predicate import FIELDS, Condition, Unsupported, condition, known_field

_LEVELS = {
    "informational": Severity.INFO,
    "low": Severity.LOW,
    "medium": Severity.MEDIUM,
    "high": Severity.HIGH,
    "critical": Severity.CRITICAL,
}
_CEILING = 10_000


class RuleError(ValueError):
    """A rule file that cannot be run. The message names the file, the construct and the remedy."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One detection, ready to run."""

    id: str
    """The detection's id: the folder's name, or the file's."""
    component: str
    """Slug of the log source it looks at."""
    matches: tuple[Condition, ...]
    """Which events it is about: those of any of these."""
    threshold: int
    """Smallest count that raises an alert."""
    span: int
    """Seconds over which it counts."""
    group_by: tuple[str, ...]
    """Fields that make a group; empty for everybody together."""
    values: tuple[str, ...]
    """Fields whose distinct values are counted; empty to count events."""
    severity: Severity
    """From Sigma's ``level``."""
    risk: Risk
    """The row of the register."""
    confidence: Confidence
    """How sure an alert is."""
    extension: Extension
    """What Sigma cannot say."""


def _component(rule: SigmaRule, sources: frozenset[str]) -> str:
    service = rule.logsource.service
    if service is None or service not in sources:
        raise Unsupported(f"logsource.service {service!r} is no source here; one of {', '.join(sorted(sources))}")
    if rule.logsource.category is not None:
        raise Unsupported("logsource.category is not supported; logsource.service alone says which log it is")
    return service


def _match(rule: SigmaRule) -> Condition:
    if len(rule.detection.parsed_condition) != 1:
        raise Unsupported("a list of conditions is not supported; join them with 'or'")
    return condition(rule.detection.parsed_condition[0].parsed)


def _extension(rule: SigmaRule | SigmaCorrelationRule) -> Extension:
    block = rule.custom_attributes.get("undercroft")
    if block is None:
        raise Unsupported("the block 'undercroft' is missing; give at least undercroft: {risk: TTP-BRUTE, says: …}")
    try:
        extension = msgspec.convert(block, Extension)
    except msgspec.ValidationError as error:
        raise Unsupported(f"undercroft: {error}") from error
    if wrong := extension.wrong(FIELDS):
        raise Unsupported("; ".join(wrong))
    return extension


def _threshold(condition: object) -> tuple[int, tuple[str, ...]]:
    if not isinstance(condition, SigmaCorrelationCondition):
        raise Unsupported("an extended correlation condition is not supported; use gte or gt")
    name = condition.op.name.lower()
    if condition.op not in {SigmaCorrelationConditionOperator.GTE, SigmaCorrelationConditionOperator.GT}:
        raise Unsupported(
            f"condition {name!r} is not supported: a count is only ever known to have reached something; use gte or gt"
        )
    threshold = int(condition.count) + (condition.op is SigmaCorrelationConditionOperator.GT)
    if (
        threshold != condition.count + (condition.op is SigmaCorrelationConditionOperator.GT)
        or not 1 <= threshold <= _CEILING
    ):
        raise Unsupported(f"condition {name}: {condition.count} is not a whole number from 1 to {_CEILING}")
    fields = condition.fieldref or ()
    return threshold, (fields,) if isinstance(fields, str) else tuple(fields)


def _correlation(rule: SigmaCorrelationRule) -> tuple[list[SigmaRule], int, int, tuple[str, ...], tuple[str, ...]]:
    if rule.type not in {SigmaCorrelationType.EVENT_COUNT, SigmaCorrelationType.VALUE_COUNT}:
        raise Unsupported(
            f"correlation type {rule.type.name.lower()!r} is not supported; event_count and value_count are"
        )
    if rule.aliases.aliases:
        raise Unsupported(
            "correlation aliases are not supported; every source uses the same field names, group by those"
        )
    if rule.generate:
        raise Unsupported("'generate: true' is not supported; put an event rule of its own beside the correlation")
    referenced = [reference.rule for reference in rule.rules or ()]
    plain = [inner for inner in referenced if isinstance(inner, SigmaRule)]
    if len(plain) != len(referenced):
        raise Unsupported("a correlation of correlations is not supported; correlate event rules")
    threshold, values = _threshold(rule.condition)
    if rule.type is SigmaCorrelationType.EVENT_COUNT and values:
        raise Unsupported("event_count counts events; its condition has no field, use value_count")
    group_by = tuple(known_field(name) for name in rule.group_by or ())
    return plain, threshold, rule.timespan.seconds, group_by, tuple(known_field(name) for name in values)


def _rule(slug: str, rule: SigmaRule | SigmaCorrelationRule, sources: frozenset[str]) -> Rule:
    if isinstance(rule, SigmaCorrelationRule):
        events, threshold, span, group_by, values = _correlation(rule)
    else:  # an event rule that nothing correlates: each event counts, and an hour without one ends the incident
        events, threshold, span, group_by, values = [rule], 1, 3600, ("source",), ()
    components = {_component(event, sources) for event in events}
    if len(components) != 1:
        raise Unsupported(
            f"a correlation over several log sources ({', '.join(sorted(components))}) is not supported; write one for each"
        )
    extension = _extension(rule)
    if extension.never_succeeded and values and not {"source", "principal"} <= {*group_by, *values}:
        raise Unsupported(
            "never_succeeded is about a source and a principal; have both in group-by or in the condition's field"
        )
    level = rule.level.name.lower() if rule.level is not None else ""
    if level not in _LEVELS:
        raise Unsupported(f"level is missing; one of {', '.join(_LEVELS)}")
    return Rule(
        slug, components.pop(), tuple(_match(event) for event in events), threshold, span, group_by, values,
        _LEVELS[level], Risk(extension.risk), Confidence(extension.confidence), extension,
    )  # fmt: skip


def parse(slug: str, text: str, place: str, sources: Iterable[str]) -> list[Rule]:
    """The detections of one rule file: its correlations, and its event rules that no correlation refers to.

    ``place`` is the file's name for messages. One detection has the id ``slug``; several are told apart by their names.
    Raises :class:`RuleError`.
    """
    try:
        rules = SigmaCollection.from_yaml(text).rules
    except (
        SigmaError,
        YAMLError,
        ValueError,
        TypeError,
        AttributeError,
    ) as error:  # what pySigma raises on a malformed document
        raise RuleError(f"{place}: not a Sigma rule: {error}") from error
    if not rules:
        raise RuleError(f"{place}: no Sigma rule in it")
    referenced = {
        id(reference.rule) for rule in rules if isinstance(rule, SigmaCorrelationRule) for reference in rule.rules or ()
    }
    raising = [rule for rule in rules if id(rule) not in referenced]
    made = []
    for rule in raising:
        try:
            made.append(
                _rule(slug if len(raising) == 1 else f"{slug}/{rule.name or rule.title}", rule, frozenset(sources))
            )
        except (Unsupported, SigmaError) as error:
            raise RuleError(f"{place}: {rule.title!r}: {error}") from error
    return made
