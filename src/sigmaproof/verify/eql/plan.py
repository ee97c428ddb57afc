"""What is left of a condition after folding: constants, tests on one field, and their combinations.

One class per kind of query that EQL's planner makes. The folding rules of `and`, `or` and `not` live
here (BooleanSimplification, PruneFilters and CombineDisjunctionsToIn of Elasticsearch); how expressions
become these tests is in simplify.py, and how they are written as Query DSL in lowering.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sigmaproof.verify.eql.ast import Scalar
from sigmaproof.verify.eql.errors import EqlError
from sigmaproof.verify.eql.types import FieldType, compatible


@dataclass(frozen=True, slots=True)
class Plan:
    """Any part of a plan."""


@dataclass(frozen=True, slots=True)
class Const(Plan):
    """A value known before the search; as a condition True, False, or None, which is three-valued
    logic's null."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Term(Plan):
    """The field's whole value is `value`; one that may become part of a Terms list has `type`, the
    field's type."""

    field: str
    value: Scalar
    insensitive: bool = False
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Terms(Plan):
    """The field's value is one of `values`; `type` as for Term."""

    field: str
    values: tuple[Scalar, ...]
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Text(Plan):
    """A `prefix`, `wildcard` or `regexp` query (`kind`) in Lucene's own syntax."""

    kind: str
    field: str
    value: str
    insensitive: bool


@dataclass(frozen=True, slots=True)
class Exists(Plan):
    """The field has a value; `missing` turns it round."""

    field: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Range(Plan):
    """The field compares to `value` by `bound` (gt gte lt lte); `date` for date fields."""

    field: str
    bound: str
    value: Scalar
    date: bool


@dataclass(frozen=True, slots=True)
class Negation(Plan):
    """No document that matches `operand`."""

    operand: Plan


@dataclass(frozen=True, slots=True)
class Combination(Plan):
    """All (`must`) or some (`should`) of at least two operands."""

    kind: str
    operands: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Refused(Plan):
    """A part that can't be run; it only counts if folding leaves it in the plan, as in Elasticsearch."""

    error: EqlError


def negation(operand: Plan) -> Plan:
    """`not`: constants flip, null stays null, a double negation goes."""
    match operand:
        case Const(value=None):
            return operand
        case Const():
            return Const(not operand.value)
        case Negation():
            return operand.operand
    return Negation(operand)


def conjunction(operands: Iterable[Plan]) -> Plan:
    """`and`: false wins over null, null over everything else."""
    parts = list(_flat("must", operands))
    constants = [part.value for part in parts if isinstance(part, Const)]
    if False in constants:
        return Const(False)
    if None in constants:
        return Const(None)
    return _combination("must", [part for part in parts if not isinstance(part, Const)], Const(True))


def disjunction(operands: Iterable[Plan]) -> Plan:
    """`or`: true wins, null and false vanish beside a test; equalities on one field become one list."""
    parts = list(_flat("should", operands))
    constants = [part.value for part in parts if isinstance(part, Const)]
    if True in constants:
        return Const(True)
    empty = Const(None if None in constants else False)
    return _combination("should", _merged([part for part in parts if not isinstance(part, Const)]), empty)


def _flat(kind: str, operands: Iterable[Plan]) -> Iterator[Plan]:
    for operand in operands:
        if isinstance(operand, Combination) and operand.kind == kind:
            yield from operand.operands
        else:
            yield operand


def _combination(kind: str, parts: Sequence[Plan], empty: Plan) -> Plan:
    if len(parts) < 2:
        return parts[0] if parts else empty
    return Combination(kind, tuple(parts))


def _merged(parts: Sequence[Plan]) -> list[Plan]:
    """CombineDisjunctionsToIn: `a == 1 or a in (2)` is `a in (1, 2)`.

    Where the types don't fit (an ip field and strings) the equalities stay apart, as since 8.18, 8.19
    and 9.1 (pull request 132167); older releases refuse such a query with a planning_exception.
    """
    lists: dict[str, list[Term | Terms]] = {}
    others: list[Plan] = []
    for part in parts:
        if isinstance(part, Term | Terms) and part.type and _fits(part.type, part):
            lists.setdefault(part.field, []).append(part)
        else:
            others.append(part)
    if all(len(group) == 1 for group in lists.values()):
        return list(parts)
    return others + [_one_list(field, group) for field, group in lists.items()]


def _values(part: Term | Terms) -> tuple[Scalar, ...]:
    return (part.value,) if isinstance(part, Term) else part.values


def _fits(wanted: str, part: Term | Terms) -> bool:
    return all(compatible(wanted, kind_of(value)) for value in _values(part))


def _one_list(field: str, group: Sequence[Term | Terms]) -> Plan:
    if len(group) == 1:
        return group[0]
    values = unique([value for part in group for value in _values(part)])
    made = group[0].type
    return Term(field, values[0], type=made) if len(values) == 1 else Terms(field, values, made)


def unique(values: Iterable[Scalar]) -> tuple[Scalar, ...]:
    """Each value once, in order; `1`, `1.0` and `true` are three values."""
    return tuple({(type(value), value): value for value in values}.values())


def kind_of(value: Scalar) -> str:
    """A type name that stands for the value's family."""
    if isinstance(value, bool):
        return "boolean"
    return "keyword" if isinstance(value, str) else "double"


def exact_name(name: str, mapped: FieldType) -> str:
    """The field to ask for whole values: a text field's keyword sub-field, else the field itself."""
    return mapped.exact or name
