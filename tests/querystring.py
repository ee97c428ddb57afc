r"""The part of Lucene's query_string syntax that our queries may use: a grammar of its own, and its Query DSL.

Shares nothing with the emitter. What is not in the grammar is an error here, though Elasticsearch may take it: and
and or side by side without parentheses, a value without quotes that is no boolean, a second field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError, VisitError

__all__ = ["Leaf", "QueryStringError", "leaves", "parse", "to_dsl"]

# The tokens are those of Lucene's grammar (QueryParser.jj): a backslash takes the next character, whatever it is; an
# expression ends at the first slash without a backslash before it, inside a set too.
GRAMMAR = r"""
start: choice
?choice: both | clause (_OR clause)+ -> either
?both: clause (_AND clause)* -> all_of
?clause: "NOT " clause -> negated
    | "(" choice ")"
    | "_exists_:" TERM -> exists
    | TERM ":" value -> leaf
    | TERM ":" RANGE -> span
    | TERM ":(" value (_OR value)* ")" -> leaf
?value: PHRASE -> phrase | REGEXP -> regexp | PREFIX -> prefix | BOOLEAN -> boolean
_OR: " OR "
_AND: " AND "
BOOLEAN.3: /(?:true|false)(?=[ )]|$)/
PREFIX.2: /(?:[^ \t\n\r\u3000+\-!(){}\[\]^"~*?:\\\/<>=|&]|\\[\s\S])+\*/
TERM.1: /(?!_exists_:|NOT[ ])(?:[^ \t\n\r\u3000+\-!(){}\[\]^"~*?:\\\/<>=|&]|\\[\s\S])+(?=:|$|[ )])/
RANGE: /(?:\["[^"\\]*"|\[\*) TO (?:"[^"\\]*"\}|\*\])/
PHRASE: /"(?:[^"\\]|\\[\s\S])*"/
REGEXP: /\/(?:\\\/|[^\/])*\//
"""
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|([\s\S]))")


class QueryStringError(ValueError):
    """A text that is not in the part of the language that we use."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One field with its values. kind of a value: phrase, regexp, prefix, range, boolean; `exists` has none."""

    field: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Node:
    """`must`, `should` or `must_not` of its parts."""

    kind: str
    parts: tuple[Any, ...]


class _Build(Transformer[Token, Any]):
    def start(self, parts: list[Any]) -> Any:
        return parts[0]

    def either(self, parts: list[Any]) -> Node:
        return Node("should", tuple(parts))

    def all_of(self, parts: list[Any]) -> Any:
        return parts[0] if len(parts) == 1 else Node("must", tuple(parts))

    def negated(self, parts: list[Any]) -> Node:
        return Node("must_not", tuple(parts))

    def exists(self, parts: list[Token]) -> Leaf:
        return Leaf(_unescaped(parts[0]), (("exists", ""),))

    def leaf(self, parts: list[Any]) -> Leaf:
        return Leaf(_unescaped(parts[0]), tuple(parts[1:]))

    def span(self, parts: list[Token]) -> Leaf:
        return Leaf(_unescaped(parts[0]), (("range", str(parts[1])),))

    def phrase(self, parts: list[Token]) -> tuple[str, str]:
        return "phrase", _unescaped(parts[0][1:-1])

    def regexp(self, parts: list[Token]) -> tuple[str, str]:
        return "regexp", str(parts[0][1:-1])

    def prefix(self, parts: list[Token]) -> tuple[str, str]:
        return "prefix", _unescaped(parts[0][:-1])

    def boolean(self, parts: list[Token]) -> tuple[str, str]:
        return "boolean", str(parts[0])


def _unescaped(text: str) -> str:
    r"""As Lucene's discardEscapeChar: `\uXXXX` is that UTF-16 unit, any other escaped character is itself."""
    found = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else str(escape[2]), text)
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@cache
def _grammar() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer="contextual")


def parse(query: str) -> Any:
    """The query as nodes and leaves. Raises QueryStringError."""
    try:
        return _Build().transform(_grammar().parse(query))
    except (LarkError, VisitError) as error:
        raise QueryStringError(f"{query!r}: {error}") from error


def leaves(node: Any) -> Iterator[Leaf]:
    """All leaves, left to right."""
    if isinstance(node, Leaf):
        yield node
    else:
        for part in node.parts:
            yield from leaves(part)


def to_dsl(query: str) -> dict[str, Any]:
    """The Query DSL that query_string makes of it on fields without an analyzer. Raises QueryStringError."""
    return _dsl(parse(query))


def _dsl(node: Any) -> dict[str, Any]:
    if isinstance(node, Node):
        return {"bool": {node.kind: [_dsl(part) for part in node.parts]}}
    found = [_value(node.field, kind, text) for kind, text in node.values]
    return found[0] if len(found) == 1 else {"bool": {"should": found}}


def _value(field: str, kind: str, text: str) -> dict[str, Any]:
    if kind == "exists":
        return {"exists": {"field": field}}
    if kind == "range":
        bounds = re.fullmatch(r'\[(?:\*|"(.*)") TO (?:\*\]|"(.*)"\})', text)
        assert bounds is not None
        signs = (("gte", bounds[1]), ("lt", bounds[2]))
        return {"range": {field: {sign: bound for sign, bound in signs if bound}}}
    if kind == "regexp":
        return {"regexp": {field: {"value": text, "flags": "ALL"}}}
    return {"prefix" if kind == "prefix" else "term": {field: {"value": text}}}
