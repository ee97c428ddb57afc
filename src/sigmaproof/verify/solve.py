"""Finds records on which nodes of a rule's tree have given verdicts, or proves that there are none.

A search over sets: each variable (`domains`) has candidate values, a test is the set of those on which it is true,
so a part of the tree over one variable is one set, and only parts over several variables need branching. Where that
finds nothing, a second search goes down to single tests, for which new values are made, or excluded. No general
solver is used: what is hard here are texts under folding, wildcards and expressions, which none of them knows, and
what is left is small.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from sigmaproof.predicate import Not, Test
from sigmaproof.verify.candidates import UnknownError
from sigmaproof.verify.places import Demand, Node, Tree
from sigmaproof.verify.records import Draft

__all__ = ["Search"]

# Steps of the search for one draft, and of all those for one rule.
MOST_STEPS, MOST_TOGETHER = 20_000, 200_000
# Candidates of one variable that are tried, and steps of the search test by test, whose sets of tests are copied.
MOST_PICKS, MOST_BY_TESTS = 3, 2_000

Sets: TypeAlias = dict[int, int]
"""By variable the candidates that are left. A variable that is not there has all of them."""
Agenda: TypeAlias = "tuple[Demand, Agenda] | None"
Known: TypeAlias = dict[int, tuple[frozenset[Test], frozenset[Test]]]
"""By variable the tests that are true and those that are false."""


class Search:
    """The search for drafts in one tree, which takes a limited number of steps together."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._together = 0
        self._steps, self._most = 0, MOST_STEPS

    def drafts(self, demands: Iterable[Demand]) -> Iterator[Draft]:
        """Drafts of records on which the demands are met, as far as the fields don't depend on each other.

        Raises UnknownError when none is found and it isn't proved either that there is none.
        """
        found = False
        self._steps, self._most = 0, MOST_STEPS
        agenda = _agenda(demands)
        for sets in self._by_sets(agenda):
            found = True
            yield from self._drafts(sets)
        if not found:
            for sets in self._by_tests(agenda):
                yield from self._drafts(sets)

    def _drafts(self, sets: Sets) -> Iterator[Draft]:
        """Drafts of candidates of these sets: the first of each, then others of one variable at a time."""
        choices = [self.tree.variables[number].picks(left, MOST_PICKS) for number, left in sorted(sets.items())]
        first = [picks[0] for picks in choices]
        yield _united(first)
        for at, picks in enumerate(choices):
            for other in picks[1:]:
                yield _united([*first[:at], other, *first[at + 1 :]])

    def _step(self) -> None:
        self._steps += 1
        self._spend(1)

    def _spend(self, work: int) -> None:
        """Counts work of all searches: a step, or each test of a set for which a value is looked up or made."""
        self._together += work
        if self._steps > self._most or self._together > MOST_TOGETHER:
            raise UnknownError

    def _by_sets(self, agenda: Agenda) -> Iterator[Sets]:
        stack: list[tuple[Sets, Agenda]] = [({}, agenda)]
        while stack:
            sets, agenda = stack.pop()
            narrowed: Sets | None = sets
            while agenda is not None and narrowed is not None:
                self._step()
                demand, agenda = agenda
                narrowed, agenda = self._met(narrowed, demand, agenda, stack)
            if narrowed is not None:
                yield narrowed

    def _met(
        self, sets: Sets, demand: Demand, agenda: Agenda, stack: list[tuple[Sets, Agenda]]
    ) -> tuple[Sets | None, Agenda]:
        """The sets when a demand is met, and what is then left to do; alternatives go onto the stack."""
        node, truth = demand.node, demand.truth
        if demand.but is not None:
            simple, others = node.beside(demand.but)
            return self._all_narrowed(sets, simple), _pushed(agenda, others, truth)
        if len(node.over) <= 1:
            return self._narrowed(sets, node, truth), agenda
        if isinstance(node.tree, Not):
            return sets, (Demand(node.parts[0], not truth), agenda)
        if node.is_and == truth:
            return sets, _pushed(agenda, node.parts, truth)
        stack.extend((sets, (Demand(part, truth), agenda)) for part in reversed(node.parts))
        return None, agenda

    def _narrowed(self, sets: Sets, node: Node, truth: bool) -> Sets | None:
        true = node.true()
        if not node.over:
            return sets if bool(true) is truth else None
        return self._all_narrowed(sets, {next(iter(node.over)): true if truth else ~true})

    def _all_narrowed(self, sets: Sets, wanted: Sets) -> Sets | None:
        narrowed = dict(sets)
        for number, allowed in wanted.items():
            left = narrowed.get(number, self.tree.variables[number].all()) & allowed
            if not left:
                return None
            narrowed[number] = left
        return narrowed

    def _by_tests(self, agenda: Agenda) -> Iterator[Sets]:
        """The same test by test, where no candidates fit: new ones are made."""
        stack: list[tuple[Known, Agenda]] = [({}, agenda)]
        unknown, found = None, False
        self._steps, self._most = 0, MOST_BY_TESTS
        while stack:
            known, agenda = stack.pop()
            while agenda is not None:
                self._step()
                demand, agenda = agenda
                opened = _opened(demand, agenda)
                if opened is None:
                    known = _with(known, self.tree, demand)
                elif len(opened) == 1:
                    agenda = opened[0]
                else:
                    stack.extend((known, one) for one in reversed(opened))
                    break
            else:
                try:
                    sets = self._sets(known)
                except UnknownError as error:
                    sets, unknown = None, error
                if sets is not None:
                    found = True
                    yield sets
        if unknown is not None and not found:
            raise unknown

    def _sets(self, known: Known) -> Sets | None:
        """The candidates for these tests, by variable; None when one has none. Raises UnknownError."""
        sets: Sets = {}
        unknown: UnknownError | None = None
        for number, (wanted, unwanted) in known.items():
            self._spend(len(wanted) + len(unwanted))
            try:
                sets[number] = self.tree.variables[number].extend(wanted, unwanted)
            except UnknownError as error:
                unknown = error
                continue
            if not sets[number]:
                return None
        if unknown is not None:
            raise unknown
        return sets


def _united(drafts: Iterable[Draft]) -> Draft:
    whole: dict[str, Any] = {}
    for draft in drafts:
        whole.update(draft)
    return whole


def _agenda(demands: Iterable[Demand]) -> Agenda:
    """The demands as what is to do, those over few variables first."""
    agenda: Agenda = None
    for demand in sorted(demands, key=lambda demand: -len(demand.node.over)):
        agenda = (demand, agenda)
    return agenda


def _pushed(agenda: Agenda, nodes: Iterable[Node], truth: bool) -> Agenda:
    for node in sorted(nodes, key=lambda node: -len(node.over)):
        agenda = (Demand(node, truth), agenda)
    return agenda


def _opened(demand: Demand, agenda: Agenda) -> list[Agenda] | None:
    """The ways in which a demand on a node can be met by its parts, as what is then to do; None for a test."""
    node, truth = demand.node, demand.truth
    if demand.but is not None:
        return [_pushed(agenda, (part for at, part in enumerate(node.parts) if at != demand.but), truth)]
    if node.test is not None:
        return None
    if isinstance(node.tree, Not):
        return [(Demand(node.parts[0], not truth), agenda)]
    if node.is_and == truth:
        return [_pushed(agenda, node.parts, truth)]
    return [(Demand(part, truth), agenda) for part in node.parts]


def _with(known: Known, tree: Tree, demand: Demand) -> Known:
    assert demand.node.test is not None
    test, number = demand.node.test, tree.number[demand.node.test]
    wanted, unwanted = known.get(number, (frozenset(), frozenset()))
    sides = (wanted | {test}, unwanted) if demand.truth else (wanted, unwanted | {test})
    return {**known, number: sides}
