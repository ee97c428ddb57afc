"""The rule's tree prepared for the search: what each node is over, and what makes one place in it decide.

A place is where a test stands. It decides the verdict when everything beside it on the way up is neutral: true
beside it in an `and`, false in an `or` (masking MC/DC).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sigmaproof.predicate import And, Not, Or, Predicate, Test, tests
from sigmaproof.verify.domains import Variable
from sigmaproof.verify.suggested import suggested
from sigmaproof.verify.variables import variables

__all__ = ["Demand", "Node", "Place", "Tree"]


class Tree:
    """A rule's tree, with the variables that its tests are over."""

    def __init__(self, tree: Predicate) -> None:
        found = [test for test, _ in tests(tree)]
        self.variables: list[Variable] = variables(found)
        self.number = {test: at for at, variable in enumerate(self.variables) for test in variable.tests}
        self.root = Node(tree, self)
        for field, value in suggested(found):
            for variable in self.variables:
                if field in variable.fields:
                    variable.add({field: value})
        self.places = list(_places(self.root, ()))
        self.is_entangled = any(variable.is_entangled for variable in self.variables)


class Node:
    """A node with the variables below it. Sets of candidates are bits, as in `domains`."""

    def __init__(self, tree: Predicate, whole: Tree) -> None:
        self.tree = tree
        self.whole = whole
        self.is_and = isinstance(tree, And)
        inner = tree.parts if isinstance(tree, And | Or) else (tree.part,) if isinstance(tree, Not) else ()
        self.parts = tuple(Node(part, whole) for part in inner)
        self.test: Test | None = None if isinstance(tree, And | Or | Not) else tree
        own = set() if self.test is None else {whole.number[self.test]}
        self.over: frozenset[int] = frozenset(own.union(*(part.over for part in self.parts)))
        self._true: tuple[int, int] | None = None
        self._beside: dict[int, tuple[int, list[int], list[int]]] = {}

    @property
    def variable(self) -> Variable:
        """The variable of a node that is over one."""
        return self.whole.variables[next(iter(self.over))]

    def true(self) -> int:
        """The candidates on which it is true, of a node over one variable or none."""
        if not self.over:
            return -1 if self._constant() else 0
        size = len(self.variable.candidates)
        if self._true is None or self._true[0] != size:
            self._true = (size, self._of_parts())
        return self._true[1]

    def _constant(self) -> bool:
        if isinstance(self.tree, Not):
            return not self.parts[0]._constant()
        return (all if self.is_and else any)(part._constant() for part in self.parts)

    def _of_parts(self) -> int:
        if self.test is not None:
            return self.variable.true[self.test]
        if isinstance(self.tree, Not):
            return ~self.parts[0].true() & self.variable.all()
        return _joined([part.true() for part in self.parts], self.is_and) & self.variable.all()

    def beside(self, at: int) -> tuple[dict[int, int], list[Node]]:
        """What the parts other than this one leave, when they are neutral: sets by variable, and what is no set."""
        sets = {number: self._neutral(number, at) for number in self._simple}
        return sets, [part for one, part in self._others if one != at]

    @cached_property
    def _simple(self) -> set[int]:
        return {number for part in self.parts if len(part.over) == 1 for number in part.over}

    @cached_property
    def _others(self) -> list[tuple[int, Node]]:
        return [(at, part) for at, part in enumerate(self.parts) if len(part.over) != 1]

    def _neutral(self, number: int, but: int) -> int:
        """The candidates on which the parts over a variable are neutral, without one: from both sides of it."""
        variable = self.whole.variables[number]
        size = len(variable.candidates)
        known = self._beside.get(number)
        if known is None or known[0] != size:
            sets = [self._set(part, variable) if part.over == {number} else -1 for part in self.parts]
            known = self._beside[number] = (size, _running(sets), _running(sets[::-1])[::-1])
        return known[1][but] & known[2][but + 1] & variable.all()

    def _set(self, part: Node, variable: Variable) -> int:
        return part.true() if self.is_and else ~part.true() & variable.all()


def _joined(sets: Sequence[int], is_and: bool) -> int:
    whole = -1 if is_and else 0
    for one in sets:
        whole = whole & one if is_and else whole | one
    return whole


def _running(sets: Sequence[int]) -> list[int]:
    """Of how many first sets the intersection is what: one more entry than sets."""
    found = [-1]
    for one in sets:
        found.append(found[-1] & one)
    return found


@dataclass(frozen=True, slots=True)
class Demand:
    """That a node has this verdict; or, with `but`, that its parts other than that one have it."""

    node: Node
    truth: bool
    but: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test stands. negated: under an odd number of negations. around: what makes it decide."""

    node: Node
    negated: bool = False
    around: tuple[Demand, ...] = ()

    @property
    def test(self) -> Test:
        """The test that stands there."""
        assert self.node.test is not None
        return self.node.test

    def demands(self, truth: bool) -> tuple[Demand, ...]:
        """What makes it decide, its test having this truth."""
        return (Demand(self.node, truth), *self.around)


def _places(node: Node, around: tuple[Demand, ...], negated: bool = False) -> Iterator[Place]:
    if node.test is not None:
        yield Place(node, negated, around)
    elif isinstance(node.tree, Not):
        yield from _places(node.parts[0], around, not negated)
    else:
        for at, part in enumerate(node.parts):
            yield from _places(part, (*around, Demand(node, node.is_and, at)), negated)
