"""Reads a hand-written EQL query: the query that the engine is asked, and its cut.

Parsing, types and the lowering to Query DSL are in `verify.eql`. `not` of what folds to null (an optional field that
no index maps) stays in one leaf: EQL is three-valued there, a cut is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sigmaproof.diagnostics import InputError, Place
from sigmaproof.diff.backwards import Backwards, pattern_of
from sigmaproof.diff.cut import All, Any_, Cut, Leaf, Neg
from sigmaproof.predicate import Not, Or, Pattern, Predicate, Wild
from sigmaproof.verify.eql import EqlError, FieldType, ast, parse
from sigmaproof.verify.eql.analysis import analyze
from sigmaproof.verify.eql.errors import PARSING, VERIFICATION
from sigmaproof.verify.eql.lowering import condition_of, lower, lower_condition
from sigmaproof.verify.eql.plan import Const
from sigmaproof.verify.eql.simplify import simplify
from sigmaproof.verify.eql.text import eql_text

__all__ = ["RefusedQueryError", "read_eql"]

Types = Mapping[str, FieldType]


class RefusedQueryError(Exception):
    """A query that can be read and that Elasticsearch refuses to run on these documents, in its words."""


def read_eql(
    text: str, file: str, backwards: Backwards, types: Types, category: str
) -> tuple[Mapping[str, object], Cut]:
    """The Query DSL of the whole, and its cut. category: the field of the event category.

    Raises InputError for what is no EQL, or can't be lowered; RefusedQueryError for an unknown field or a wrong type.
    """
    try:
        whole = lower(text, types, event_category_field=category)
        statement = parse(text)
        condition = condition_of(statement, category)
        named = statement.filters[0].category
        return whole, _Reader(backwards, types, named and condition).cut(condition)
    except EqlError as error:
        if error.kind == VERIFICATION:
            raise RefusedQueryError(str(error)) from None
        code, help = _HELP[error.kind == PARSING]
        raise InputError(code, Place(file, error.line, error.column), error.message, help) from None


_HELP = {
    True: ("query-syntax", 'write it as Elasticsearch\'s EQL reference says: `any where field == "value" and …`'),
    False: ("query-unsupported", "only an event query without pipes and scripts can be compared: write it without"),
}


class _Reader:
    def __init__(self, backwards: Backwards, types: Types, with_category: object) -> None:
        self.backwards, self.types = backwards, types
        self.category = with_category.operands[0] if isinstance(with_category, ast.And) else None

    def cut(self, node: ast.Node) -> Cut:
        match node:
            case ast.Group():
                return self.cut(node.inner)
            case ast.And():
                return All(tuple(map(self.cut, node.operands)))
            case ast.Or():
                return Any_(tuple(map(self.cut, node.operands)))
            case ast.Not() if simplify(analyze(node.operand, self.types)) != Const(None):
                return Neg(self.cut(node.operand))
            case ast.Compare(operator="!="):
                return Neg(self.cut(ast.Compare(node.at, "==", node.left, node.right)))
        return self.leaf(node)

    def leaf(self, node: ast.Node) -> Leaf:
        names = tuple(dict.fromkeys(part.name for part, _ in ast.walk(node) if isinstance(part, ast.Field)))
        words = eql_text(node)
        category = None
        if node is self.category:
            category = str(getattr(_right(node), "value", ""))
            words += f" (the category of `{category} where`)"
        return Leaf(words, names, self.query(node), self.tree(node), *node.at, category=category)

    def query(self, node: ast.Node) -> Mapping[str, object]:
        return lower_condition(node, self.types)

    def tree(self, node: ast.Node) -> Predicate | None:
        """The test over raw fields; rough, and None where there is none."""
        back = self.backwards
        match node:
            case ast.Not():
                inner = self.tree(node.operand)
                return None if inner is None else Not(inner)
            case ast.Group():
                return self.tree(node.inner)
            case ast.Field():
                return back.text(node.name, ("true",))
            case ast.Compare():
                return self.comparison(node)
            case ast.Match(operand=ast.Field() as field):
                return _any([self.match(field.name, node.operator, value.value) for value in node.values])
            case ast.In(operand=ast.Field() as field):
                values = [value.value for value in node.values if isinstance(value, ast.Literal)]
                return _any([back.text(field.name, (_text(v),), not node.insensitive) for v in values])
            case ast.Call():
                return self.call(node)
        return None

    def comparison(self, node: ast.Compare) -> Predicate | None:
        field, value, operator = node.left, node.right, node.operator
        if isinstance(value, ast.Field):
            field, value, operator = value, field, _MIRRORED[operator]
        if not (isinstance(field, ast.Field) and isinstance(value, ast.Literal)):
            return None
        if value.value is None:
            found = self.backwards.exists(field.name)
            return None if found is None else Not(found)
        if operator != "==":
            return self.backwards.compare(field.name, _OPERATORS[operator], _text(value.value))
        if self.backwards.is_address(field.name):
            return self.backwards.network(field.name, _text(value.value))
        return self.backwards.text(field.name, (_text(value.value),))

    def match(self, name: str, operator: str, value: ast.Scalar) -> Predicate | None:
        if operator.startswith("regex"):
            return self.backwards.regex(name, _text(value), operator == "regex~")
        return self.backwards.text(name, pattern_of(_text(value), escapes=False), operator == "like")

    def call(self, node: ast.Call) -> Predicate | None:
        name, texts = node.name.lower(), [part.value for part in node.arguments[1:] if isinstance(part, ast.Literal)]
        if not texts or not isinstance(node.arguments[0], ast.Field):
            return None
        field = node.arguments[0].name
        if name == "cidrmatch":
            return _any([self.backwards.network(field, _text(text)) for text in texts])
        around = _AROUND.get(name)
        if around is None:
            return None
        # The wildcards in what is sought are wildcards there (facts: the function trap).
        inner: Pattern = (_text(texts[0]),) if name == "startswith" else pattern_of(_text(texts[0]))
        before, behind = around
        pattern = (*((Wild.ANY,) if before else ()), *inner, *((Wild.ANY,) if behind else ()))
        return self.backwards.text(field, pattern, not node.insensitive)


_MIRRORED = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!="}
_OPERATORS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_AROUND = {"startswith": (False, True), "endswith": (True, False), "stringcontains": (True, True)}


def _text(value: ast.Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _right(node: ast.Node) -> ast.Node:
    assert isinstance(node, ast.Compare)
    return node.right


def _any(found: Sequence[Predicate | None]) -> Predicate | None:
    known = tuple(tree for tree in found if tree is not None)
    return None if not known else known[0] if len(known) == 1 else Or(known)
