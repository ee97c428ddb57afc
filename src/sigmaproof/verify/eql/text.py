"""An expression of EQL as text again: what `parser` reads as the same tree, up to parentheses and positions."""

from __future__ import annotations

import re

from sigmaproof.verify.eql import ast

__all__ = ["eql_text"]

_PLAIN = re.compile(r"[A-Za-z_@][A-Za-z0-9_]*")
_KEYWORDS = frozenset(
    "and any by false in join like maxspan not null of or regex sample sequence true until where with".split()
)
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def eql_text(node: ast.Node) -> str:
    """The expression; parentheses stand where the tree needs them, or had them."""
    match node:
        case ast.Literal():
            return _literal(node.value)
        case ast.Field():
            return ("?" if node.optional else "") + ".".join(map(_segment, node.name.split(".")))
        case ast.Group():
            return f"({eql_text(node.inner)})"
        case ast.Call():
            return f"{node.name}{'~' if node.insensitive else ''}({_listed(node.arguments)})"
        case ast.Not():
            return f"not {_operand(node.operand)}"
        case ast.And() | ast.Or():
            word = " and " if isinstance(node, ast.And) else " or "
            return word.join(map(_operand, node.operands))
    return _comparison(node)


def _comparison(node: ast.Node) -> str:
    match node:
        case ast.Compare():
            return f"{_operand(node.left)} {node.operator} {_operand(node.right)}"
        case ast.Match():
            values = _listed(node.values)
            return f"{_operand(node.operand)} {node.operator} " + (values if len(node.values) == 1 else f"({values})")
        case ast.In():
            return f"{_operand(node.operand)} in{'~' if node.insensitive else ''} ({_listed(node.values)})"
        case ast.Arithmetic():
            left = "" if node.left is None else f"{_operand(node.left)} "
            return f"{left}{node.operator}{' ' if left else ''}{_operand(node.right)}"
    raise TypeError(f"no text for {type(node).__name__}")


def _operand(node: ast.Node) -> str:
    """An operand in parentheses, unless it is one word."""
    single = isinstance(node, ast.Literal | ast.Field | ast.Group | ast.Call)
    return eql_text(node) if single else f"({eql_text(node)})"


def _listed(nodes: tuple[ast.Node, ...]) -> str:
    return ", ".join(map(eql_text, nodes))


def _segment(name: str) -> str:
    if _PLAIN.fullmatch(name) and name not in _KEYWORDS:
        return name
    return "`" + name.replace("`", "``") + "`"


def _literal(value: ast.Scalar) -> str:
    if isinstance(value, str):
        return '"' + "".join(_ESCAPES.get(char, char) for char in value) + '"'
    return "null" if value is None else str(value).lower()
