"""A side cut at its boolean structure: all of, any of, not, and leaves that are asked by themselves.

Each leaf stands in one place of the tree, so whether its flip would change the verdict can be read top down. What a
leaf means is the engine's answer, or the native matcher's; nothing here knows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from sigmaproof.predicate import And, Not, Or, Predicate

__all__ = [
    "All",
    "Any_",
    "Cut",
    "Leaf",
    "Neg",
    "critical",
    "deciding",
    "forced",
    "holds",
    "leaves",
    "numbered",
    "searched_tree",
]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test of a side.

    words: as the user wrote it, or can read it. fields: the names that it looks at, ECS in a query, raw in a rule.
    query: what the engine is asked for it; None in a rule. tree: the same test over raw fields, from which records are
    made; None when it has no such form. line, column: where it begins in the file, 0 when unknown. category: what is
    wanted, where it is the test of EQL's event category. number: its place among the leaves of its side.
    """

    words: str
    fields: tuple[str, ...] = ()
    query: Any = None
    tree: Predicate | None = None
    line: int = 0
    column: int = 0
    category: str | None = None
    number: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """All of them; of none: true."""

    parts: tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class Any_:
    """Any of them; of none: false."""

    parts: tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class Neg:
    """The other verdict."""

    part: Cut


Cut: TypeAlias = "All | Any_ | Neg | Leaf"


def numbered(cut: Cut) -> Cut:
    """The same with each leaf numbered, left to right."""
    count = iter(range(10**9))

    def walk(node: Cut) -> Cut:
        if isinstance(node, Leaf):
            return replace(node, number=next(count))
        if isinstance(node, Neg):
            return Neg(walk(node.part))
        return type(node)(tuple(map(walk, node.parts)))

    return walk(cut)


def leaves(cut: Cut) -> Iterator[Leaf]:
    """Every leaf, left to right: of a numbered cut in the order of the numbers."""
    if isinstance(cut, Leaf):
        yield cut
    elif isinstance(cut, Neg):
        yield from leaves(cut.part)
    else:
        for part in cut.parts:
            yield from leaves(part)


def holds(cut: Cut, truths: Sequence[bool]) -> bool:
    """The verdict, from those of the leaves by number."""
    match cut:
        case Leaf():
            return truths[cut.number]
        case Neg():
            return not holds(cut.part, truths)
        case All():
            return all(holds(part, truths) for part in cut.parts)
        case Any_():
            return any(holds(part, truths) for part in cut.parts)


def forced(cut: Cut, number: int, truth: bool) -> bool | None:
    """The verdict that one leaf with this truth makes by itself, whatever the others are; None when they matter."""
    match cut:
        case Leaf():
            return truth if cut.number == number else None
        case Neg():
            inner = forced(cut.part, number, truth)
            return None if inner is None else not inner
        case All() | Any_():
            strong = isinstance(cut, Any_)
            parts = {forced(part, number, truth) for part in cut.parts}
            return strong if strong in parts else None if None in parts else not strong


def critical(cut: Cut, truths: Sequence[bool]) -> frozenset[int]:
    """The leaves each of which would change the verdict if it alone were otherwise."""
    return frozenset(_critical(cut, truths))


def _critical(cut: Cut, truths: Sequence[bool]) -> Iterator[int]:
    match cut:
        case Leaf():
            yield cut.number
        case Neg():
            yield from _critical(cut.part, truths)
        case All() | Any_():
            neutral = isinstance(cut, All)
            against = [part for part in cut.parts if holds(part, truths) is not neutral]
            for part in cut.parts if not against else against[:1] if len(against) == 1 else ():
                yield from _critical(part, truths)


def deciding(cut: Cut, truths: Sequence[bool]) -> frozenset[int]:
    """The leaves that make the verdict what it is, together too: under a false `all` those of all false parts."""
    match cut:
        case Leaf():
            return frozenset({cut.number})
        case Neg():
            return deciding(cut.part, truths)
        case All() | Any_():
            verdict = holds(cut, truths)
            parts = [part for part in cut.parts if holds(part, truths) is verdict]
            return frozenset().union(*(deciding(part, truths) for part in parts))


def searched_tree(cut: Cut) -> Predicate | None:
    """The tree over raw fields; what has no such form is left out, None when nothing is left. So is what is true, or
    false, on every document: no record could make it otherwise, and none could be made that needs it so."""
    match cut:
        case Leaf():
            return None if cut.tree in (And(()), Or(())) else cut.tree
        case Neg():
            inner = searched_tree(cut.part)
            return None if inner is None else Not(inner)
        case All() | Any_():
            parts = [tree for part in cut.parts if (tree := searched_tree(part)) is not None]
            if not parts and cut.parts:
                return None
            return parts[0] if len(parts) == 1 else (And if isinstance(cut, All) else Or)(tuple(parts))
