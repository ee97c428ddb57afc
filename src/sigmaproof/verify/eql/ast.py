"""The syntax tree of an EQL query: frozen nodes, as the text says them.

Nothing here is folded or typed, except `Field.type`, which the analysis fills in. The grammar is in
eql.lark.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sigmaproof.verify.eql.types import FieldType

Position = tuple[int, int]
"""Line and column of a node's first character, both from 1."""
Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """Any expression; `at` is where it starts."""

    at: Position

    def children(self) -> tuple[Node, ...]:
        """The expressions directly inside this one."""
        return ()


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A string, number, boolean or `null`."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A field name; `optional` if written `?name`; `type` once it is found in the mapping."""

    name: str
    optional: bool = False
    type: FieldType | None = None


@dataclass(frozen=True, slots=True)
class Group(Node):
    """Parentheses around an expression."""

    inner: Node

    def children(self) -> tuple[Node, ...]:
        """The expression in the parentheses."""
        return (self.inner,)


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(arguments)`; `insensitive` if written `name~(…)`."""

    name: str
    insensitive: bool
    arguments: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """The arguments."""
        return self.arguments


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`left operator right`; the unary minus has no `left`."""

    operator: str
    left: Node | None
    right: Node

    def children(self) -> tuple[Node, ...]:
        """The operands."""
        return (self.right,) if self.left is None else (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """`left operator right` with one of `== != < <= > >=`."""

    operator: str
    left: Node
    right: Node

    def children(self) -> tuple[Node, ...]:
        """Both sides."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Match(Node):
    """`operand operator values` with one of `: like like~ regex regex~`; the values are constants."""

    operator: str
    operand: Node
    values: tuple[Literal, ...]

    def children(self) -> tuple[Node, ...]:
        """The left side."""
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class In(Node):
    """`operand in (values)`; `insensitive` for `in~`. A `not in` is a `Not` around it."""

    operand: Node
    values: tuple[Node, ...]
    insensitive: bool

    def children(self) -> tuple[Node, ...]:
        """The left side and the list."""
        return (self.operand, *self.values)


@dataclass(frozen=True, slots=True)
class Not(Node):
    """`not operand`."""

    operand: Node

    def children(self) -> tuple[Node, ...]:
        """The negated expression."""
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class And(Node):
    """`a and b and …`, in the order of the text."""

    operands: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """The operands."""
        return self.operands


@dataclass(frozen=True, slots=True)
class Or(Node):
    """`a or b or …`, in the order of the text."""

    operands: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """The operands."""
        return self.operands


@dataclass(frozen=True, slots=True)
class EventFilter:
    """`category where condition`; `category` is None for `any`."""

    at: Position
    category: str | None
    condition: Node


@dataclass(frozen=True, slots=True)
class Query:
    """A whole statement. `kind` is `event`, `sequence`, `sample` or `join`; an event query has one
    filter."""

    kind: str
    at: Position
    filters: tuple[EventFilter, ...]
    pipes: tuple[tuple[str, Position], ...] = field(default=())


def walk(node: Node) -> Iterator[tuple[Node, int]]:
    """Every expression in `node` with its depth, itself first at 1; iterative, so no depth can hurt it."""
    pending = [(node, 1)]
    while pending:
        current, depth = pending.pop()
        yield current, depth
        pending.extend((child, depth + 1) for child in current.children())


def constant(node: Node) -> bool:
    """Does the expression hold no mapped field, so that Elasticsearch can compute it before the search?"""
    return not any(isinstance(part, Field) for part, _ in walk(node))
