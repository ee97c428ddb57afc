"""Fields and types: what Elasticsearch's analyzer and verifier do before any search.

Takes the syntax tree, returns it with every field resolved (an optional field that is mapped nowhere
becomes `null`), without parentheses, and with `== true` added to boolean fields. Raises for everything
that fails verification. Nothing is folded here. Facts: Analyzer, Verifier, AnalysisUtils,
TypeResolutions, InsensitiveBinaryComparison, In.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import replace

from sigmaproof.verify.eql import ast, functions, strings
from sigmaproof.verify.eql.errors import PARSING, VERIFICATION, EqlError
from sigmaproof.verify.eql.types import NUMBERS, STRINGS, FieldType, compatible

_FAMILIES = {
    "string": STRINGS,
    "number": NUMBERS,
    "ip": frozenset({"ip"}),
    "boolean": frozenset({"boolean"}),
}


def analyze(condition: ast.Node, types: Mapping[str, FieldType]) -> ast.Node:
    """The condition of an event filter with fields resolved and types checked.

    Raises EqlError (`verification_exception`; `parsing_exception` for a wrong number of arguments).
    """
    resolved = _Analysis(types).resolve(condition)
    if type_name(resolved) != "boolean":
        found = type_name(resolved).upper()
        raise _fail(f"Condition expression needs to be boolean, found [{found}]", resolved)
    return _with_equals(resolved)


def type_name(node: ast.Node) -> str:
    """EQL's name for the type of an analyzed expression."""
    match node:
        case ast.Literal():
            return _literal_type(node.value)
        case ast.Field(type=FieldType() as mapped):
            return mapped.name
        case ast.Call():
            return functions.FUNCTIONS[node.name].result
        case ast.Arithmetic():
            return "double"
    return "boolean"


def _literal_type(value: ast.Scalar) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if isinstance(value, int):
        return "integer" if value < 2**31 else "long" if value < 2**63 else "unsigned_long"
    return "keyword" if isinstance(value, str) else "double"


def _text(node: ast.Node) -> str:
    """A few words of the expression for a message."""
    match node:
        case ast.Literal():
            return f'"{node.value}"' if isinstance(node.value, str) else str(node.value).lower()
        case ast.Field() | ast.Call():
            return node.name
    return type(node).__name__.lower()


def _fail(message: str, node: ast.Node) -> EqlError:
    return EqlError(VERIFICATION, message, *node.at)


def _with_equals(node: ast.Node) -> ast.Node:
    """A boolean field on its own means `field == true` (AddMissingEqualsToBoolField)."""
    return ast.Compare(node.at, "==", node, ast.Literal(node.at, True)) if isinstance(node, ast.Field) else node


def _want(node: ast.Node, family: str, operation: str, hint: str = "") -> None:
    """Check that an operand is of a type family; `null` passes everywhere."""
    found = type_name(node)
    if found != "null" and family in _FAMILIES and found not in _FAMILIES[family]:
        message = f"argument of [{operation}] must be [{family}], found value [{_text(node)}] type [{found}]"
        raise _fail(message + hint, node)


def _want_exact(node: ast.Node, operation: str) -> None:
    """Check that a text field has a keyword sub-field: EQL compares whole values only."""
    match node:
        case ast.Field(name=name, type=FieldType(name="text", exact=None)):
            why = f"No keyword/multi-field defined exact matches for [{name}]"
            raise _fail(f"[{operation}] cannot operate on field of data type [text]: {why}", node)


class _Analysis:
    """One pass over the tree, bottom up."""

    def __init__(self, types: Mapping[str, FieldType]) -> None:
        self.types = types
        self.steps: Mapping[type[ast.Node], Callable[..., ast.Node]] = {
            ast.Field: self.field,
            ast.Group: self.group,
            ast.Not: self.negation,
            ast.And: self.logic,
            ast.Or: self.logic,
            ast.Compare: self.comparison,
            ast.Match: self.match,
            ast.In: self.membership,
            ast.Call: self.call,
            ast.Arithmetic: self.arithmetic,
        }

    def resolve(self, node: ast.Node) -> ast.Node:
        step = self.steps.get(type(node))
        return step(node) if step else node

    def group(self, node: ast.Group) -> ast.Node:
        return self.resolve(node.inner)

    def field(self, node: ast.Field) -> ast.Node:
        found = self.types.get(node.name)
        if found is None:
            if node.optional:
                return ast.Literal(node.at, None)
            near = difflib.get_close_matches(node.name, self.types, n=1, cutoff=0.7)
            hint = f", did you mean [{near[0]}]?" if near else ""
            raise _fail(f"Unknown column [{node.name}]{hint}", node)
        problem = _problem(found)
        if problem:
            raise _fail(f"Cannot use field [{node.name}] {problem}", node)
        return replace(node, type=found)

    def negation(self, node: ast.Not) -> ast.Node:
        return replace(node, operand=self.boolean(node.operand, "not"))

    def logic(self, node: ast.And | ast.Or) -> ast.Node:
        name = type(node).__name__.lower()
        return replace(node, operands=tuple(self.boolean(part, name) for part in node.operands))

    def boolean(self, node: ast.Node, operation: str) -> ast.Node:
        resolved = self.resolve(node)
        _want(resolved, "boolean", operation)
        return _with_equals(resolved)

    def comparison(self, node: ast.Compare) -> ast.Node:
        left, right = self.resolve(node.left), self.resolve(node.right)
        for side in (left, right):
            _want_exact(side, node.operator)
        return replace(node, left=left, right=right)

    def match(self, node: ast.Match) -> ast.Node:
        operand = self.resolve(node.operand)
        hint = "; consider using [==] instead" if node.operator == ":" else ""
        _want(operand, "string", node.operator, hint)
        _want_exact(operand, node.operator)
        if node.operator.startswith("like"):
            return replace(node, operand=operand, values=tuple(map(_as_pattern, node.values)))
        for value in node.values:
            _want(value, "string", node.operator, hint)
            if value.value is None and node.operator != ":":
                raise _fail(f"the pattern of [{node.operator}] must not be null", value)
        return replace(node, operand=operand)

    def membership(self, node: ast.In) -> ast.Node:
        resolved = replace(node, operand=self.resolve(node.operand), values=tuple(map(self.resolve, node.values)))
        _want_exact(resolved.operand, "in")
        if node.insensitive:
            for part in (resolved.operand, *resolved.values):
                _want(part, "string", "in~", "; consider using [in] instead")
        else:
            _check_list(resolved)
        return resolved

    def call(self, node: ast.Call) -> ast.Node:
        name = node.name.lower()
        function = functions.FUNCTIONS.get(name)
        if function is None:
            raise _fail(functions.unknown(node.name), node)
        if node.insensitive and not function.folds:
            raise _fail(f"function [{node.name}] has no form that ignores case ([{node.name}~])", node)
        if not function.accepts(len(node.arguments)):
            message = f"error building [{name}]: it does not take {len(node.arguments)} argument(s)"
            raise EqlError(PARSING, message, *node.at)
        arguments = tuple(map(self.resolve, node.arguments))
        for index, argument in enumerate(arguments):
            _want(argument, function.parameter(index), node.name)
            _want_exact(argument, node.name)
        _check_constants(function, arguments, node.name)
        return replace(node, name=name, arguments=arguments)

    def arithmetic(self, node: ast.Arithmetic) -> ast.Node:
        left = self.resolve(node.left) if node.left else None
        right = self.resolve(node.right)
        for side in (left, right):
            if side:
                _want(side, "number", node.operator)
        return replace(node, left=left, right=right)


def _problem(found: FieldType) -> str | None:
    """Why a mapped field can't be used at all (AnalysisUtils.handleSpecialFields)."""
    if found.refusal:
        return found.refusal
    if found.name == "unsupported":
        return f"with unsupported type [{found.type}]"
    return {
        "object": "type [object] only its subfields",
        "nested": "type [nested] due to nested fields not being supported yet",
    }.get(found.name)


def _as_pattern(value: ast.Literal) -> ast.Literal:
    """`like` takes any constant and uses its text."""
    if value.value is None:
        raise _fail("the pattern of [like] must not be null", value)
    return replace(value, value=strings.java_text(value.value))


def _check_list(node: ast.In) -> None:
    wanted = type_name(node.operand)
    for value in node.values:
        if not ast.constant(value):
            message = "Comparisons against fields are not (currently) supported"
            raise _fail(f"{message}; offender [{_text(value)}] in [in]", value)
        found = type_name(value)
        if not compatible(wanted, found):
            raise _fail(f"argument of [in] must be [{wanted}], found value [{_text(value)}] type [{found}]", value)


def _check_constants(function: functions.Function, arguments: tuple[ast.Node, ...], name: str) -> None:
    if function.becomes == "cidr":
        for argument in arguments[1:]:
            if not ast.constant(argument):
                raise _fail(f"argument of [{name}] must be a constant, received [{_text(argument)}]", argument)
