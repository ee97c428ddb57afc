"""From EQL text to the Query DSL that Elasticsearch's EQL plug-in would run.

The way: parser.py -> analysis.py -> simplify.py -> here, where a plan is written as JSON. The result
selects the same documents as `_eql/search`; its shape can differ where that changes no verdict
(Elasticsearch factors out common parts of `and` and `or`, and adds `boost`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sigmaproof.verify.eql import ast
from sigmaproof.verify.eql.analysis import analyze
from sigmaproof.verify.eql.errors import UNSUPPORTED, EqlError
from sigmaproof.verify.eql.parser import parse
from sigmaproof.verify.eql.plan import (
    Combination,
    Const,
    Exists,
    Negation,
    Plan,
    Range,
    Refused,
    Term,
    Terms,
    Text,
)
from sigmaproof.verify.eql.simplify import simplify
from sigmaproof.verify.eql.types import FieldType

Dsl = dict[str, object]


def lower(query: str, types: Mapping[str, FieldType], *, event_category_field: str = "event.category") -> Dsl:
    """The Query DSL query object of an EQL event query.

    `types` maps each mapped field's full name to its type (see `types_of`); `event_category_field` is
    the request parameter of that name. Raises EqlError for what Elasticsearch refuses and for what has
    no Query DSL form.
    """
    statement = _parsed(query)
    if statement.kind != "event":
        raise EqlError(UNSUPPORTED, f"a {statement.kind} {_NEEDS_CLUSTER}", *statement.at)
    for name, at in statement.pipes:
        raise EqlError(UNSUPPORTED, f"the pipe [{name}] {_NEEDS_CLUSTER}", *at)
    return lower_condition(condition_of(statement, event_category_field), types)


def condition_of(statement: ast.Query, event_category_field: str = "event.category") -> ast.Node:
    """The condition of an event query, the test of its category in front."""
    return _with_category(statement.filters[0], event_category_field)


def lower_condition(condition: ast.Node, types: Mapping[str, FieldType]) -> Dsl:
    """The Query DSL of a condition, or of a part of one. Raises EqlError, as `lower`."""
    return _query(simplify(analyze(condition, types)))


# One query is lowered for several mappings in a row; what parsing gives is frozen.
_parsed = lru_cache(maxsize=32)(parse)
_NEEDS_CLUSTER = "has no Query DSL form: it needs a cluster with EQL"


def _with_category(event: ast.EventFilter, field: str) -> ast.Node:
    if event.category is None:
        return event.condition
    at = event.at
    category = ast.Compare(at, "==", ast.Field(at, field), ast.Literal(at, event.category))
    return ast.And(at, (category, event.condition))


def _query(plan: Plan) -> Dsl:
    match plan:
        case Const():
            return {"match_all": {}} if plan.value is True else {"match_none": {}}
        case Negation():
            return {"bool": {"must_not": [_query(plan.operand)]}}
        case Combination():
            return {"bool": {plan.kind: [_query(part) for part in plan.operands]}}
        case Refused():
            raise plan.error
    return _leaf(plan)


def _leaf(plan: Plan) -> Dsl:
    match plan:
        case Term():
            return {"term": {plan.field: {"value": plan.value, **_folding(plan.insensitive)}}}
        case Terms():
            return {"terms": {plan.field: list(plan.values)}}
        case Text():
            flags = {"flags": "ALL"} if plan.kind == "regexp" else {}
            return {plan.kind: {plan.field: {"value": plan.value, **flags, **_folding(plan.insensitive)}}}
        case Range():
            zone = {"time_zone": "Z"} if plan.date else {}
            return {"range": {plan.field: {plan.bound: plan.value, **zone}}}
    assert isinstance(plan, Exists), plan
    found: Dsl = {"exists": {"field": plan.field}}
    return {"bool": {"must_not": [found]}} if plan.missing else found


def _folding(insensitive: bool) -> Dsl:
    return {"case_insensitive": True} if insensitive else {}
