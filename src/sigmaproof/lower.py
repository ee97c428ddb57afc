"""pySigma's rule -> our predicate tree. With the backends, the only place that knows pySigma's classes.

Reads whatever names the rule holds: the raw ones as written, or the ECS ones after a pipeline.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetections, SigmaRule
from sigma.types import (
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)

from sigmaproof.conditions import ConditionError, condition_tree
from sigmaproof.predicate import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldRef,
    Keyword,
    Not,
    Null,
    Number,
    Or,
    Part,
    Pattern,
    Predicate,
    Regex,
    Text,
    TimePart,
    Wild,
    tests,
)
from sigmaproof.regex import RegexError, parse

MOST_TESTS = 10_000
__all__ = ["LoweringError", "lower_condition", "lower_rule", "lower_selection", "pattern_of_string"]


class LoweringError(ValueError):
    """A construct that has no meaning here; the message names it."""


def lower_rule(rule: SigmaRule) -> Predicate:
    """The tree of a rule; of a list of conditions, their OR (specification, Condition).

    Raises LoweringError for a construct without a meaning here, and for a condition that can't be read.
    """
    detections = rule.detection
    selection = _selections(detections)
    try:
        names = list(detections.detections)
        trees = tuple(condition_tree(one.condition, names, selection) for one in detections.parsed_condition)
    except (SigmaError, ConditionError) as error:
        raise LoweringError(str(error)) from error
    return trees[0] if len(trees) == 1 else Or(trees)


def _selections(detections: SigmaDetections) -> Callable[[str], Predicate]:
    """A function from the name of a selection to its tree, which counts the tests that a condition makes of them."""
    lowered: dict[str, tuple[Predicate, int]] = {}
    count = 0

    def selection(name: str) -> Predicate:
        nonlocal count
        if name not in lowered:
            tree = _lowered(detections, name)
            lowered[name] = tree, sum(1 for _ in tests(tree))
        tree, size = lowered[name]
        count += size
        if count > MOST_TESTS:
            raise LoweringError(f"the condition makes more than {MOST_TESTS:,} tests of the selections: write less")
        return tree

    return selection


def lower_selection(rule: SigmaRule, name: str) -> Predicate:
    """The tree of one selection of a rule. Raises LoweringError."""
    return _lowered(rule.detection, name)


def _lowered(detections: SigmaDetections, name: str) -> Predicate:
    return lower_condition(ConditionIdentifier([name]).postprocess(detections))


def lower_condition(condition: Any) -> Predicate:
    """The tree of one selection, or a part of it, as pySigma gives it."""
    match condition:
        case None:
            raise LoweringError("nothing is left of a selection after the pipelines")
        case ConditionAND():
            return And(tuple(lower_condition(arg) for arg in condition.args))
        case ConditionOR():
            return Or(tuple(lower_condition(arg) for arg in condition.args))
        case ConditionNOT():
            return Not(lower_condition(condition.args[0]))
        case ConditionFieldEqualsValueExpression():
            return _field_test(condition.field, condition.value)
        case ConditionValueExpression():
            return _keyword(condition.value)
    raise LoweringError(f"pySigma's {type(condition).__name__} has no meaning here")


def _field_test(field: str, value: SigmaType) -> Predicate:
    match value:
        case SigmaExpansion():
            return Or(tuple(_field_test(field, inner) for inner in value.values))
        case SigmaString():
            return Text(field, pattern_of_string(value), isinstance(value, SigmaCasedString))
        case SigmaBool():
            return Boolean(field, value.boolean)
        case SigmaNull():
            return Null(field)
        case SigmaExists():
            return Exists(field) if value.exists else Not(Exists(field))
        case SigmaTimestampPart():
            return _time_part(field, value, "eq")
        case SigmaNumber():
            return Number(field, value.number)
        case SigmaCompareExpression():
            return _compare(field, value)
        case SigmaRegularExpression():
            return _regex(field, value)
        case SigmaCIDRExpression():
            return Cidr(field, str(value.cidr))
        case SigmaFieldReference():
            return FieldRef(field, value.field, value.starts_with, value.ends_with)
    raise LoweringError(f"{field}: a value of pySigma's type {type(value).__name__} has no meaning here")


def _compare(field: str, value: SigmaCompareExpression) -> Predicate:
    op = value.op.name.lower()
    if isinstance(value.number, SigmaTimestampPart):
        return _time_part(field, value.number, op)
    return Compare(field, op, value.number.number)


def _time_part(field: str, value: SigmaTimestampPart, op: str) -> Predicate:
    return TimePart(field, value.timestamp_part.name.lower(), int(value.number), op)


def _regex(field: str, value: SigmaRegularExpression) -> Predicate:
    """An expression; it may have come from a pipeline, or from pySigma's own loader, so it is read here."""
    source = value.regexp if isinstance(value.regexp, str) else str(value.regexp)
    flags = "".join(sorted("s" if flag.name == "DOTALL" else flag.name[0].lower() for flag in value.flags))
    if not source:
        raise LoweringError(f"{field}: an empty expression is found in every value: use `|exists: true` instead")
    try:
        parse(source, flags)
    except RegexError as error:
        raise LoweringError(f"{field}: {error}") from None
    return Regex(field, source, flags)


def _keyword(value: SigmaType) -> Predicate:
    match value:
        case SigmaExpansion():
            return Or(tuple(_keyword(inner) for inner in value.values))
        case SigmaString():
            return Keyword(pattern_of_string(value), isinstance(value, SigmaCasedString))
        case SigmaNumber():
            return Keyword((str(value.number),))
    raise LoweringError(f"a keyword of pySigma's type {type(value).__name__} has no meaning here")


def pattern_of_string(value: SigmaString) -> Pattern:
    """The parts of pySigma's string, neighbours joined: text with text, `**` with `*`."""
    parts: list[Part] = []
    for part in map(_part, value.s):
        last = parts[-1] if parts else None
        if isinstance(part, str) and isinstance(last, str):
            parts[-1] = last + part
        elif part != "" and not (part is Wild.ANY and last is Wild.ANY):
            parts.append(part)
    return tuple(parts)


def _part(part: str | SpecialChars | Placeholder) -> Part:
    if isinstance(part, str):
        return part
    if isinstance(part, Placeholder):
        raise LoweringError(f"the placeholder %{part.name}% has no value: give a pipeline that fills it with -p")
    return Wild.ANY if part is SpecialChars.WILDCARD_MULTI else Wild.ONE
