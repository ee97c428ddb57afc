"""Where the engine of the package `eql` and Elasticsearch are known to agree: which queries, on which documents.

The package always ignores case, reads another dialect of expressions, takes `?` for itself, has three-valued nulls and
no lists; a query or a document on which that matters is outside, with its cause. Queries are read by
`sigmaproof.verify.eql`, which shares nothing with the emitter.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from sigmaproof.verify.eql import FieldType, ast, parse

__all__ = ["OF_DOCUMENTS", "OF_QUERIES", "outside", "outside_on", "verdicts"]

OF_QUERIES = {
    "regex": "an expression: another dialect, not anchored at the end",
    "like": "a pattern that minds case: the package never does",
    "question mark": "`?` in a pattern: the package takes it for itself",
    "not ascii": "a text with other letters: the package folds all of Unicode",
    "time": "a comparison of times: texts for the package",
    "not a field": "a condition that is about no field",
    "unguarded": "a negation of something that is null for the package when the field is missing",
}
OF_DOCUMENTS = {
    "list": "a list: the package has none",
    "object": "an object where a value is looked for",
    "type": "a value of another type: the package does not convert",
    "not ascii": "a text with other letters",
    "only case": "a value that differs in nothing but its case from one that is compared with ==",
    "long": "a value longer than what the index keeps",
    "no address": "a text that is no IP address",
    "line feed": "a text that ends with one: the package takes `:` for an expression whose end is also before it",
    "mapped": "an IPv4 address written as one of IPv6: the same for Elasticsearch and Sigma, not for the package",
}
_AND_OR = (ast.And, ast.Or)


def outside(query: str, types: Mapping[str, FieldType]) -> str | None:
    """The first of OF_QUERIES that holds for a query, or None."""
    return next(_causes(_condition(query), types, False), None)


@lru_cache(maxsize=8)
def _condition(query: str) -> ast.Node:
    return parse(query).filters[0].condition


def _causes(node: ast.Node, types: Mapping[str, FieldType], negated: bool) -> Iterator[str]:
    """negated: below a negation, and not behind a guard."""
    node = _bare(node)
    if isinstance(node, ast.Not):
        yield from _causes(node.operand, types, True)
    elif isinstance(node, _AND_OR):
        guarded = isinstance(node, ast.And) and _is_guard(node.operands[0])
        for operand in node.operands:
            yield from _causes(operand, types, negated and not guarded)
    else:
        yield from _of_atom(node, types)
        if negated and not _is_null_test(node):
            yield "unguarded"


def _bare(node: ast.Node) -> ast.Node:
    while isinstance(node, ast.Group):
        node = node.inner
    return node


def _is_null_test(node: ast.Node) -> bool:
    node = _bare(node)
    return isinstance(node, ast.Compare) and isinstance(node.right, ast.Literal) and node.right.value is None


def _is_guard(node: ast.Node) -> bool:
    node = _bare(node)
    return _is_null_test(node) and isinstance(node, ast.Compare) and node.operator == "!="


def _of_atom(node: ast.Node, types: Mapping[str, FieldType]) -> Iterator[str]:
    if isinstance(node, ast.Match) and node.operator in {"regex", "regex~", "like"}:
        yield node.operator.rstrip("~")
    fields, literals = _parts(node)
    if len(fields) != 1:
        yield "not a field"
        return
    if types[fields[0].name].type == "date":
        yield "time"
    for value in literals:
        if isinstance(value, str):
            yield from ["not ascii"] * (not value.isascii())
            yield from ["question mark"] * ("?" in value and isinstance(node, ast.Match))


def _parts(node: ast.Node) -> tuple[list[ast.Field], list[Any]]:
    found = [*node.children(), *(node.values if isinstance(node, ast.Match) else ())]
    fields = [one for one in found if isinstance(one, ast.Field)]
    return fields, [one.value for one in found if isinstance(one, ast.Literal)]


def outside_on(query: str, document: Mapping[str, Any], types: Mapping[str, FieldType]) -> str | None:
    """The first of OF_DOCUMENTS that holds for a document of a query that is inside, or None."""
    atoms = [node for node, _ in ast.walk(_condition(query)) if not isinstance(node, (*_AND_OR, ast.Not, ast.Group))]
    causes = (cause for node in atoms if (cause := _on_atom(node, document, types)) is not None)
    return next(causes, None)


def _on_atom(node: ast.Node, document: Mapping[str, Any], types: Mapping[str, FieldType]) -> str | None:
    fields, literals = _parts(node)
    if isinstance(node, ast.Field | ast.Literal) or not fields:
        return None
    value, kind = _value(document, fields[0].name), types[fields[0].name]
    if value is None:
        return None
    if isinstance(value, list | dict):
        return "list" if isinstance(value, list) else "object"
    if _is_null_test(node):
        return "long" if _is_long(value, kind) else None
    if any(type(value) is not type(literal) for literal in literals):
        return "type"
    return _on_text(node, value, literals, kind) if isinstance(value, str) else None


def _value(document: Any, name: str) -> Any:
    """What stands at a name; a list on the way is the value."""
    for key in name.split("."):
        if isinstance(document, list):
            return document
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _is_long(value: Any, kind: FieldType) -> bool:
    return isinstance(value, str) and kind.ignore_above is not None and len(value) > kind.ignore_above


def _on_text(node: ast.Node, value: str, literals: list[Any], kind: FieldType) -> str | None:
    if not value.isascii():
        return "not ascii"
    if _is_long(value, kind):
        return "long"
    if isinstance(node, ast.Call) and node.name == "cidrMatch":
        return _on_address(value)
    if isinstance(node, ast.Match) and value.endswith("\n"):
        return "line feed"
    minds_case = isinstance(node, ast.Compare) or (isinstance(node, ast.In) and not node.insensitive)
    if minds_case and any(value != text and value.lower() == text.lower() for text in literals):
        return "only case"
    return None


def _on_address(value: str) -> str | None:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return "no address"
    return "mapped" if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped else None


def verdicts(query: str, documents: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The names of the documents that the package's engine finds. query: as the package reads it."""
    import eql.engine
    import eql.parser
    from eql.events import Event

    found: set[str] = set()
    engine = eql.engine.PythonEngine({"flatten": True})
    engine.add_output_hook(lambda event: found.add(event.data["the name"]))
    with eql.parser.elasticsearch_syntax:
        engine.add_query(eql.parser.parse_query(query))
    for name, document in documents.items():
        engine.stream_event(Event("generic", 0, {**document, "the name": name}))
    engine.finalize()
    return found
