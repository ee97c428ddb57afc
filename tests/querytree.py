"""What a test looks at in a query's text: its fields, its literals, and its structure without either.

EQL is read by `sigmaproof.verify.eql`, whose grammar shares nothing with the emitter; Lucene by `querystring`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import querystring

from sigmaproof.fidelity import Conversion
from sigmaproof.verify.eql import ast, parse

__all__ = ["fields", "literals", "skeleton"]

_KINDS = {"regex": "regexp", "regex~": "regexp"}


def fields(conversion: Conversion) -> list[str]:
    """The fields that a query searches, with repetitions."""
    return [name for name, _ in _leaves(conversion)]


def literals(conversion: Conversion) -> list[tuple[str, str]]:
    """Kind (regexp, or another) and text of every literal."""
    return [literal for _, found in _leaves(conversion) for literal in found]


def skeleton(conversion: Conversion) -> Any:
    """The structure, in which a field is the number of its first appearance and a literal is its kind."""
    names: dict[str, int] = {}
    for name, _ in _leaves(conversion):
        names.setdefault(name, len(names))
    if conversion.target == "lucene":
        return _lucene(querystring.parse(conversion.query), names)
    return _eql(_condition(conversion), names)


def _condition(conversion: Conversion) -> ast.Node:
    query = parse(conversion.query)
    assert query.kind == "event"
    assert query.pipes == ()
    assert query.filters[0].category is None
    return query.filters[0].condition


def _leaves(conversion: Conversion) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Every field with the literals that it is compared with."""
    if conversion.target == "lucene":
        for leaf in querystring.leaves(querystring.parse(conversion.query)):
            yield leaf.field, [value for value in leaf.values if value[0] != "exists"]
    else:
        yield from _eql_leaves(_condition(conversion))


def _eql_leaves(node: ast.Node) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    own = [child for child in node.children() if isinstance(child, ast.Field)]
    if own:
        operator = node.operator if isinstance(node, ast.Match | ast.Compare) else type(node).__name__.lower()
        values = [*node.children(), *(node.values if isinstance(node, ast.Match) else ())]
        found = [value.value for value in values if isinstance(value, ast.Literal)]
        kind = _KINDS.get(operator, operator)
        yield own[0].name, [(kind, _text(value)) for value in found if value is not None]
        assert len(own) == 1
    else:
        for child in node.children():
            yield from _eql_leaves(child)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _eql(node: ast.Node, names: dict[str, int]) -> Any:
    match node:
        case ast.Field():
            return names[node.name], node.optional
        case ast.Literal():
            return type(node.value).__name__
        case ast.Match():
            return node.operator, _eql(node.operand, names), [_eql(value, names) for value in node.values]
        case ast.Call():
            return node.name, node.insensitive, [_eql(child, names) for child in node.arguments]
    operator = getattr(node, "operator", getattr(node, "insensitive", None))
    return type(node).__name__, operator, [_eql(child, names) for child in node.children()]


def _lucene(node: Any, names: dict[str, int]) -> Any:
    if isinstance(node, querystring.Leaf):
        return names[node.field], [kind for kind, _ in node.values]
    return node.kind, [_lucene(part, names) for part in node.parts]
