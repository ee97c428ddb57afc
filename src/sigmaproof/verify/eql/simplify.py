"""From an analyzed expression to a plan: EQL's substitutions and constant folding.

The order of the rules is Elasticsearch's (Optimizer): patterns are rewritten first, then null checks,
then constants are folded. That order shows when an optional field is mapped nowhere: `?f : "x"` is
null, but `?f == "x"` and `?f : "*"` are false, because a null check replaces them before anything is
folded. What would become a script is kept as a refusal, and raised only if folding leaves it in the
plan.
"""

from __future__ import annotations

from collections.abc import Sequence

from sigmaproof.verify.eql import ast, constants, regexes, strings
from sigmaproof.verify.eql.analysis import type_name
from sigmaproof.verify.eql.errors import UNSUPPORTED, VERIFICATION, EqlError
from sigmaproof.verify.eql.functions import FUNCTIONS
from sigmaproof.verify.eql.plan import (
    Const,
    Exists,
    Plan,
    Range,
    Refused,
    Term,
    Terms,
    Text,
    conjunction,
    disjunction,
    exact_name,
    negation,
    unique,
)

Operand = ast.Field | Plan
_BOUNDS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SCRIPT = "Elasticsearch runs this as a script, which the lowering can't: it needs a cluster with EQL"
_CONSTANT = "Elasticsearch computes this constant before the search; write its value instead"
_FIELDS = "Comparisons against fields are not (currently) supported"
_NULL = "a query for null is refused: use [== null]"


def simplify(node: ast.Node) -> Plan:
    """The plan of an analyzed boolean expression; raises nothing (see Refused)."""
    match node:
        case ast.Literal():
            return Const(node.value)
        case ast.And():
            return conjunction(map(simplify, node.operands))
        case ast.Or():
            return disjunction(map(simplify, node.operands))
        case ast.Not():
            return negation(simplify(node.operand))
        case ast.Compare():
            return _comparison(node)
        case ast.Match():
            return _match(node)
        case ast.In():
            return _insensitive_in(node) if node.insensitive else _in(node)
        case ast.Call():
            return _call(node)
    return _computed(node, node.children())


def _refused(node: ast.Node, message: str, kind: str = UNSUPPORTED) -> Refused:
    return Refused(EqlError(kind, message, *node.at))


def _operand(node: ast.Node) -> Operand:
    if isinstance(node, ast.Field):
        return node
    if isinstance(node, ast.Arithmetic) and node.left is None:
        return _signed(node)
    return simplify(node)


def _signed(node: ast.Arithmetic) -> Operand:
    inner = _operand(node.right)
    if node.operator == "+" or inner == Const(None):
        return inner
    if isinstance(inner, Const) and isinstance(inner.value, int | float):
        return Const(-inner.value)
    return inner if isinstance(inner, Refused) else _refused(node, _SCRIPT)


def _computed(node: ast.Node, decisive: Sequence[ast.Node]) -> Plan:
    """Arithmetic, and functions without a Query DSL form: null stays null, the rest can't be done here.

    `decisive` are the operands that make the result null: both of an operation, the first of a function.
    """
    if not ast.constant(node):
        return _refused(node, _SCRIPT)
    if Const(None) in [_operand(each) for each in decisive]:
        return Const(None)
    return _refused(node, _CONSTANT)


# Comparisons


def _comparison(node: ast.Compare) -> Plan:
    left, right = _operand(node.left), _operand(node.right)
    if node.operator in ("==", "!="):
        plan = _equality(node, left, right)
        return plan if node.operator == "==" else negation(plan)
    if isinstance(left, Const) and isinstance(right, Const):
        return Const(constants.compare(node.operator, left.value, right.value))
    if isinstance(left, Const):
        return _range(node, _MIRRORED[node.operator], right, left)
    if isinstance(right, Const):
        return _range(node, node.operator, left, right)
    return _unlike(node, left, right)


def _unlike(node: ast.Compare, left: Operand, right: Operand) -> Plan:
    """No side is a known value: both need a document, or one is a constant that can't be computed here."""
    if not (ast.constant(node.left) or ast.constant(node.right)):
        return _refused(node, _FIELDS, VERIFICATION)
    return next((part for part in (left, right) if isinstance(part, Refused)), _refused(node, _CONSTANT))


def _equality(node: ast.Compare, left: Operand, right: Operand) -> Plan:
    """ReplaceNullChecks, folding, LiteralsOnTheRight, BooleanFunctionEqualsElimination, then the
    translation."""
    if right == Const(None) and ast.constant(node.right):
        return _is_null(node.left, left)
    if left == Const(None) and ast.constant(node.left):
        return _is_null(node.right, right)
    if isinstance(left, Const):
        if isinstance(right, Const):
            return Const(constants.compare("==", left.value, right.value))
        left, right = right, left
    if isinstance(right, Const) and isinstance(right.value, bool) and isinstance(left, Plan):
        return left if right.value else negation(left)
    return _equals(node, left, right) if isinstance(right, Const) else _unlike(node, left, right)


def _equals(node: ast.Node, left: Operand, right: Operand) -> Plan:
    if not isinstance(right, Const):
        return right if isinstance(right, Refused) else _refused(node, _FIELDS, VERIFICATION)
    if isinstance(left, ast.Field):
        return _term(node, left, right.value)
    return left if isinstance(left, Refused) else _refused(node, _SCRIPT)


def _term(node: ast.Node, field: ast.Field, value: ast.Scalar) -> Plan:
    if value is None:
        return _refused(node, _NULL, VERIFICATION)
    return Term(_exact(field), value, type=type_name(field))


def _range(node: ast.Node, symbol: str, left: Operand, right: Const) -> Plan:
    if not isinstance(left, ast.Field):
        return left if isinstance(left, Refused) else _refused(node, _SCRIPT)
    if right.value is None:
        # An open range on both ends, which Elasticsearch's range query runs as an existence check.
        return Exists(left.name)
    # Unlike an equality, a range asks the field itself, not its keyword sub-field.
    return Range(left.name, _BOUNDS[symbol], right.value, type_name(left) == "datetime")


def _is_null(node: ast.Node, operand: Operand) -> Plan:
    match operand:
        case Const():
            return Const(operand.value is None)
        case ast.Field():
            return Exists(operand.name, missing=True)
    return operand if isinstance(operand, Refused) else _refused(node, _SCRIPT)


def _exact(field: ast.Field) -> str:
    return exact_name(field.name, field.type) if field.type else field.name


# Patterns


def _match(node: ast.Match) -> Plan:
    operand = _operand(node.operand)
    if node.operator.startswith("regex"):
        return _regex(node, operand)
    if node.operator == ":":
        return disjunction(_colon(node, operand, value.value) for value in node.values)
    return disjunction(_like(node, operand, str(value.value), node.operator == "like~") for value in node.values)


def _colon(node: ast.Node, operand: Operand, value: ast.Scalar) -> Plan:
    if isinstance(value, str) and strings.has_wildcard(value):
        return _like(node, operand, value, insensitive=True)
    return _insensitive_equals(node, operand, Const(value))


def _like(node: ast.Node, operand: Operand, pattern: str, insensitive: bool) -> Plan:
    try:
        lucene = strings.lucene_wildcard(pattern, *node.at)
    except EqlError as error:
        return Refused(error)
    if strings.matches_all(pattern):
        return _not_null(node, operand)
    if not strings.has_wildcard(pattern):
        return _exact_match(node, operand, pattern, insensitive)
    return _text_query(node, operand, "wildcard", lucene, insensitive)


def _regex(node: ast.Match, operand: Operand) -> Plan:
    pattern = "|".join(str(value.value) for value in node.values)
    insensitive = node.operator == "regex~"
    if regexes.matches_all(pattern):
        return _not_null(node, operand)
    single = regexes.single_string(pattern)
    if single is not None:
        return _exact_match(node, operand, single, insensitive)
    return _text_query(node, operand, "regexp", pattern, insensitive)


def _not_null(node: ast.Node, operand: Operand) -> Plan:
    if isinstance(operand, ast.Field):
        return Exists(operand.name)
    return negation(_is_null(node, operand))


def _exact_match(node: ast.Node, operand: Operand, value: str, insensitive: bool) -> Plan:
    """A pattern that is one string: an equality. The sensitive one meets the null check, the other
    doesn't."""
    if insensitive:
        return _insensitive_equals(node, operand, Const(value))
    if isinstance(operand, Const):
        return Const(operand.value == value)
    return _equals(node, operand, Const(value))


def _text_query(node: ast.Node, operand: Operand, kind: str, value: str, insensitive: bool) -> Plan:
    match operand:
        case ast.Field():
            return Text(kind, _exact(operand), value, insensitive)
        case Const(value=None):
            return operand
        case Const():
            return _refused(node, _CONSTANT)
    return operand if isinstance(operand, Refused) else _refused(node, _SCRIPT)


def _insensitive_equals(node: ast.Node, operand: Operand, value: Operand) -> Plan:
    if isinstance(operand, Const) and isinstance(value, Const):
        return Const(constants.same_ignoring_case(operand.value, value.value))
    if isinstance(operand, Const):
        operand, value = value, operand
    plan = _equals(node, operand, value)
    return Term(plan.field, plan.value, insensitive=True) if isinstance(plan, Term) else plan


# Lists


def _insensitive_in(node: ast.In) -> Plan:
    operand = _operand(node.operand)
    return disjunction(_insensitive_equals(node, operand, _operand(value)) for value in node.values)


def _in(node: ast.In) -> Plan:
    operand = _operand(node.operand)
    values = [_operand(value) for value in node.values]
    for part in (operand, *values):
        if isinstance(part, Refused):
            return part
    known = unique(value.value for value in values if isinstance(value, Const))
    if operand == Const(None) or known == (None,):
        return Const(None)
    if isinstance(operand, Const):
        return Const(constants.one_of(operand.value, known))
    if isinstance(operand, ast.Field):
        found = tuple(value for value in known if value is not None)
        return Terms(_exact(operand), found, type_name(operand))
    return _refused(node, _SCRIPT)


# Functions


def _call(node: ast.Call) -> Plan:
    becomes = FUNCTIONS[node.name].becomes
    if becomes == "script":
        return _computed(node, node.arguments[:1])
    operand, *others = (_operand(argument) for argument in node.arguments)
    known = [part.value for part in others if isinstance(part, Const)]
    if ast.constant(node):
        return Const(None) if operand == Const(None) or None in known else _refused(node, _CONSTANT)
    if not isinstance(operand, ast.Field) or len(known) < len(others):
        return next((part for part in others if isinstance(part, Refused)), _refused(node, _SCRIPT))
    if None in known:
        return _refused(node, "a null argument has no Query DSL form", VERIFICATION)
    if becomes == "cidr":
        return Terms(_exact(operand), unique(known))
    return _affix(node, becomes, _exact(operand), str(known[0]))


def _affix(node: ast.Call, becomes: str, field: str, text: str) -> Plan:
    """`endsWith` and `stringContains` put the text unescaped into a wildcard: `\\`, `*` and `?` are not
    literal."""
    if becomes == "prefix":
        return Text("prefix", field, text, node.insensitive)
    wildcard = f"*{text}" if becomes == "suffix" else f"*{text}*"
    return Text("wildcard", field, wildcard, node.insensitive)
