"""From the text of an EQL query to its syntax tree.

The grammar is eql.lark; here are the callbacks that build the nodes while Lark parses (so that no tree
walk has to recurse), and the refusals that Elasticsearch's own parser adds to its grammar (EqlParser,
LogicalPlanBuilder). Fields and types are not looked at here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib import resources
from typing import TYPE_CHECKING, Any

from sigmaproof.verify.eql import ast, strings
from sigmaproof.verify.eql.errors import PARSING, UNSUPPORTED, EqlError

if TYPE_CHECKING:
    from lark import Lark, Token

MAX_DEPTH = 100
"""Deepest nesting of an expression, parentheses included. Elasticsearch has its own limit: its stack."""
_UNITS = ("ms", "s", "m", "h", "d")
_PIPES = ("head", "tail")
_MAX_RUNS = 100
_HINTS = {
    "=": "a single = compares nothing in EQL: write == or :",
    "!": "write != for not equal; !: was removed from EQL",
    "'": "use double quotes for a string, not single quotes",
    '"': "a string must end on its line, and only \\b \\t \\n \\f \\r \\\" \\' \\\\ \\u{…} are escapes",
    "`": "the backtick must be closed",
}


def parse(query: str) -> ast.Query:
    """The syntax tree of an EQL statement.

    Raises EqlError: `parsing_exception` for what Elasticsearch's parser refuses, `unsupported` for
    nesting deeper than MAX_DEPTH.
    """
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    try:
        tree: Any = _grammar().parse(query)  # a Query, since the callbacks build nodes
    except UnexpectedCharacters as error:
        char = query[error.pos_in_stream or 0]
        raise EqlError(PARSING, _unexpected(char), error.line, error.column) from None
    except UnexpectedToken as error:
        raise _unexpected_token(error.token, query) from None
    statement: ast.Query = tree
    for event in statement.filters:
        _check_depth(event.condition)
    return statement


@cache
def _grammar() -> Lark:
    from lark import Lark

    text = resources.files(__package__).joinpath("eql.lark").read_text(encoding="utf-8")
    builder: Any = _Builder()
    return Lark(text, parser="lalr", lexer="basic", transformer=builder)


def _unexpected(char: str) -> str:
    hint = _HINTS.get(char)
    return f"unexpected character [{char}]" + (f": {hint}" if hint else "")


def _unexpected_token(token: Token, query: str) -> EqlError:
    if token.type == "$END":
        line = query.count("\n") + 1
        return EqlError(PARSING, "the query ends too early", line, len(query) - query.rfind("\n"))
    hint = _HINTS.get(str(token))
    message = f"unexpected [{token[:60]}]" + (f": {hint}" if hint else "")
    if token.type.isalpha() and token.isalpha():
        message += f": it is a keyword; a field of that name is written `{token}`"
    return EqlError(PARSING, message, *_at(token))


def _check_depth(condition: ast.Node) -> None:
    for node, depth in ast.walk(condition):
        if depth > MAX_DEPTH:
            message = f"an expression nested deeper than {MAX_DEPTH} levels is not read here"
            raise EqlError(UNSUPPORTED, message, *node.at)


def _at(part: Any) -> ast.Position:
    if isinstance(part, str):
        token: Any = part
        return (token.line, token.column)
    at: ast.Position = part.at
    return at


def _refuse(message: str, part: Any) -> EqlError:
    return EqlError(PARSING, message, *_at(part))


def _operators(kind: type[ast.And] | type[ast.Or]) -> Callable[[Any, list[ast.Node]], ast.Node]:
    def build(_: Any, parts: list[ast.Node]) -> ast.Node:
        return kind(parts[0].at, tuple(parts))

    return build


class _Builder:
    """Lark's callbacks: each takes the finished parts of a rule and returns a node.

    Parts are tokens (strings with `line` and `column`) and the results of other callbacks.
    """

    conjunction = _operators(ast.And)
    disjunction = _operators(ast.Or)

    def start(self, parts: list[Any]) -> ast.Query:
        query, *pipes = parts
        return ast.Query(query.kind, query.at, query.filters, tuple(pipes))

    def pipe(self, parts: list[Any]) -> tuple[str, ast.Position]:
        name, *arguments = parts
        if str(name) not in _PIPES:
            raise _refuse(f"pipe [{name}] is not supported, only head and tail", name)
        if [type(_plain(each)) for each in arguments] != [int]:
            raise _refuse(f"pipe [{name}] takes one whole number", name)
        return str(name), _at(name)

    # Statements

    def event_query(self, parts: list[ast.EventFilter]) -> ast.Query:
        return ast.Query("event", parts[0].at, (parts[0],))

    def event_filter(self, parts: list[Any]) -> ast.EventFilter:
        head, condition = parts
        if isinstance(head, ast.Literal):
            return ast.EventFilter(head.at, str(head.value), condition)
        return ast.EventFilter(_at(head), None, condition)

    def category(self, parts: list[Any]) -> ast.Literal:
        return parts[0] if isinstance(parts[0], ast.Literal) else ast.Literal(_at(parts[0]), str(parts[0]))

    def series(self, parts: list[Any]) -> ast.Query:
        filters = tuple(part for part in parts if isinstance(part, ast.EventFilter))
        return ast.Query(str(parts[0]), _at(parts[0]), filters)

    def sequence(self, parts: list[Any]) -> ast.Query:
        terms = [part for part in parts if isinstance(part, tuple)]
        events = [event for event, _ in terms]
        if sum(runs for _, runs in terms) < 2:
            raise _refuse("a sequence needs at least two events", parts[0])
        return self.series([parts[0], *events, *(part for part in parts[1:] if not isinstance(part, tuple))])

    sample = series
    join = series

    def keys_after_span(self, parts: list[Any]) -> None:
        raise _refuse("write [by] before [with], not after it", parts[1])

    def no_keys(self, _: list[Any]) -> None:
        return None

    sequence_head = no_keys

    def by(self, parts: list[ast.Node]) -> ast.Node:
        for key in parts:
            if not isinstance(key, ast.Field):
                raise _refuse("a join key must be a field", key)
        return parts[0]

    def max_span(self, parts: list[Any]) -> None:
        if parts[0].type == "DECIMAL" or int(parts[0][:20]) == 0:
            raise _refuse("maxspan takes a positive whole number", parts[0])
        if len(parts) < 2 or str(parts[1]) not in _UNITS:
            raise _refuse(f"maxspan needs a time unit, one of {', '.join(_UNITS)}", parts[-1])

    def runs(self, parts: list[Any]) -> int:
        name, count = parts
        if str(name) != "runs":
            raise _refuse(f"unknown option [{name}]: only [runs] is known here", name)
        if count.type == "DECIMAL" or not 1 <= int(count[:20]) <= _MAX_RUNS:
            raise _refuse(f"runs takes a whole number from 1 to {_MAX_RUNS}", count)
        return int(count)

    def sequence_term(self, parts: list[Any]) -> tuple[ast.EventFilter, int]:
        return parts[0], next((part for part in parts if isinstance(part, int)), 1)

    def until_sequence(self, parts: list[Any]) -> ast.EventFilter:
        event: ast.EventFilter = parts[0][0]
        return event

    def join_term(self, parts: list[Any]) -> ast.EventFilter:
        event: ast.EventFilter = parts[0]
        return event

    subquery = join_term
    missing = join_term

    # Expressions

    def process_check(self, parts: list[Any]) -> None:
        raise _refuse("process relationships (child of, descendant of) are not supported", parts[0])

    def negated(self, parts: list[Any]) -> ast.Node:
        return ast.Not(_at(parts[0]), parts[1])

    def compare(self, parts: list[Any]) -> ast.Node:
        left, operator, right = parts
        return ast.Compare(left.at, str(operator), left, right)

    def arithmetic(self, parts: list[Any]) -> ast.Node:
        left, operator, right = parts
        return ast.Arithmetic(left.at, str(operator), left, right)

    def signed(self, parts: list[Any]) -> ast.Node:
        operator, operand = parts
        return ast.Arithmetic(_at(operator), str(operator), None, operand)

    def inside(self, parts: list[Any]) -> ast.Node:
        operand, operator, values = parts
        return ast.In(operand.at, operand, values, operator.type == "IN_I")

    def not_inside(self, parts: list[Any]) -> ast.Node:
        operand, _, operator, values = parts
        return ast.Not(operand.at, self.inside([operand, operator, values]))

    def match(self, parts: list[Any]) -> ast.Node:
        operand, operator, values = parts
        many = values if isinstance(values, tuple) else (values,)
        return ast.Match(operand.at, str(operator), operand, many)

    def list_(self, parts: list[ast.Node]) -> tuple[ast.Node, ...]:
        return tuple(parts)

    literals = list_

    def group(self, parts: list[ast.Node]) -> ast.Node:
        return ast.Group(parts[0].at, parts[0])

    def call(self, parts: list[Any]) -> ast.Node:
        name, *arguments = parts
        folds = name.type == "TILDE_IDENTIFIER"
        return ast.Call(_at(name), str(name).removesuffix("~"), folds, tuple(arguments))

    def field(self, parts: list[Any]) -> ast.Node:
        optional = getattr(parts[0], "type", "") == "OPTIONAL"
        segments = parts[1:] if optional else parts
        for part in segments:
            if part.type == "ARRAY_INDEX":
                raise _refuse("array indexes are not supported: a field already stands for all its values", part)
        return ast.Field(_at(parts[0]), ".".join(map(_unquoted, segments)), optional)

    def segment(self, parts: list[Any]) -> Any:
        return parts[0]

    def literal(self, parts: list[Any]) -> ast.Literal:
        token = parts[0]
        if isinstance(token, ast.Literal):
            return token
        read: Callable[[], ast.Scalar] = {
            "NULL": lambda: None,
            "TRUE": lambda: True,
            "FALSE": lambda: False,
        }.get(token.type, partial(strings.number, str(token), token.line, token.column))
        return ast.Literal(_at(token), read())

    def string(self, parts: list[Any]) -> ast.Literal:
        token = parts[0]
        return ast.Literal(_at(token), strings.unquote(str(token), token.line, token.column))


def _unquoted(segment: Any) -> str:
    return segment[1:-1].replace("``", "`") if segment.type == "QUOTED_IDENTIFIER" else str(segment)


def _plain(node: ast.Node) -> ast.Scalar:
    return node.value if isinstance(node, ast.Literal) else None
