"""For each test of a rule a record in which it alone makes the rule true, and one in which it alone makes it false.

That is masking MC/DC: a test is decided by a record when turning its verdict around would turn the rule's. Where
there is no such record, that is proved or said to be unknown. What is tried around these records is in `witness`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.predicate import Predicate, Test, describe
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.candidates import UnknownError
from sigmaproof.verify.places import Demand, Place, Tree
from sigmaproof.verify.records import Draft, built
from sigmaproof.verify.solve import Search

__all__ = ["Coverage", "Decision", "decide"]

MOST_PLACES, MOST_WORK, LEAST_PLACES = 400, 60_000, 20
"""Places of tests for which records are searched, and places times tests; a rule with more has its first ones and its
last one decided, and at least so many."""

MOST_DRAFTS = 24
"""Drafts looked at for one that AWS can write."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One test in one place, with one truth of it.

    draft: makes a record in which the test has this truth and decides the verdict; None without one. state: `decided`;
    `unwritten` (only records that AWS can't write were found); `coupled` (other tests of the rule settle it);
    `infeasible` (no value makes the test so); `unknown` (the search found nothing and proved nothing).
    """

    test: Test
    negated: bool
    truth: bool
    state: str
    draft: Draft | None = None

    @property
    def verdict(self) -> bool:
        """The rule's verdict on the record."""
        return self.truth != self.negated


@dataclass(frozen=True)
class Coverage:
    """What was found for a rule. places: how many tests it has. matches, misses: whether some record makes the rule
    true, and false; None when that is unknown. example: makes a record on which the rule is true, and which AWS can
    write; None when none was found."""

    places: int
    decisions: tuple[Decision, ...]
    matches: bool | None
    misses: bool | None
    example: Draft | None = None

    @cached_property
    def total(self) -> int:
        """Tests times two: each has to be seen true and false."""
        return 2 * self.places

    def count(self, *states: str) -> int:
        """How many halves of tests are in one of these states; those that were not looked at are unknown."""
        beyond = self.total - len(self.decisions) if "unknown" in states else 0
        return beyond + sum(decision.state in states for decision in self.decisions)

    @property
    def decided(self) -> int:
        """Halves of tests that a record decides which AWS can write."""
        return self.count("decided")

    @property
    def is_full(self) -> bool:
        """Whether every half is decided, or proved to be decided by no record."""
        return not self.count("unknown", "unwritten")

    def findings(self) -> Iterator[str]:
        """What is wrong with the rule by itself, in words."""
        if self.matches is False:
            yield "CONTRADICTORY: no record makes it true"
        elif self.misses is False:
            yield "ALWAYS TRUE: no record makes it false"
        elif self.example is None:
            yield "NOT SHOWN: no record was found that AWS can write and that makes it true"

    @property
    def has_findings(self) -> bool:
        """Whether something is wrong with the rule by itself."""
        return any(self.findings())

    def listed(self) -> Iterator[str]:
        """What is not decided, in words."""
        for decision in self.decisions:
            if decision.state != "decided":
                how = "true" if decision.truth else "false"
                yield f"{describe(decision.test)} ({how}): {_WORDS[decision.state]}"


_WORDS = {
    "unwritten": "decides only on records that AWS can't write, as far as was searched",
    "coupled": "never decides alone: other tests of the rule settle it",
    "infeasible": "can't be so on any record",
    "unknown": "no record found on which it decides, and none excluded",
}


@lru_cache(maxsize=512)
def decide(tree: Predicate) -> Coverage:
    """Searches the records that decide each test of a rule's tree over raw fields."""
    whole = Tree(tree)
    search = Search(whole)
    places = whole.places
    most = max(LEAST_PLACES, min(MOST_PLACES, MOST_WORK // (len(places) + 1)))
    looked = places if len(places) <= most else [*places[: most - 1], places[-1]]
    decisions = tuple(_decision(place, truth, search) for place in looked for truth in (True, False))
    matches, misses = (_possible(decisions, truth, search, whole) for truth in (True, False))
    return Coverage(len(places), decisions, matches, misses, _example(decisions, search, whole) if matches else None)


def _example(decisions: tuple[Decision, ...], search: Search, whole: Tree) -> Draft | None:
    """What makes the rule true on a record that AWS can write: also where no test decides alone, as of two that ask for
    the same."""
    for decision in decisions:
        if decision.verdict and decision.state == "decided":
            return decision.draft
    holds = compile_predicate(whole.root.tree)
    try:
        for draft in islice(search.drafts([Demand(whole.root, True)]), MOST_DRAFTS):
            record = built(draft)
            if holds(record) and why_inadmissible(record) is None:
                return draft
    except UnknownError:
        pass
    return None


def _possible(decisions: tuple[Decision, ...], verdict: bool, search: Search, whole: Tree) -> bool | None:
    if any(decision.draft is not None and decision.verdict is verdict for decision in decisions):
        return True
    try:
        drafts = list(islice(search.drafts([Demand(whole.root, verdict)]), MOST_DRAFTS))
    except UnknownError:
        return None
    holds = compile_predicate(whole.root.tree)
    found = any(holds(built(draft)) is verdict for draft in drafts)
    return found or (None if drafts or whole.is_entangled else False)


def _decision(place: Place, truth: bool, search: Search) -> Decision:
    found: Draft | None = None
    state = "infeasible"
    try:
        for draft in islice(search.drafts(place.demands(truth)), MOST_DRAFTS):
            record = built(draft)
            if search.tree.is_entangled and not _decides(place, truth, record):
                state = "unknown"
                continue
            found = draft if found is None else found
            if why_inadmissible(record) is None:
                return Decision(place.test, place.negated, truth, "decided", draft)
    except UnknownError:
        state = "unknown"
    if found is not None:
        return Decision(place.test, place.negated, truth, "unwritten", found)
    return Decision(place.test, place.negated, truth, _why(place, truth) if state == "infeasible" else state)


def _why(place: Place, truth: bool) -> str:
    """Whether the test can't be so at all, or only not when it is to decide."""
    alone = (frozenset({place.test}), frozenset[Test]())
    try:
        return "coupled" if place.node.variable.extend(*(alone if truth else alone[::-1])) else "infeasible"
    except UnknownError:
        return "unknown"


def _decides(place: Place, truth: bool, record: dict[str, Any]) -> bool:
    """Whether a record has what makes a place decide: judged on the record itself, as fields can depend."""
    wanted = (one for demand in place.demands(truth) for one in _single(demand))
    return all(compile_predicate(node.tree)(record) is verdict for node, verdict in wanted)


def _single(demand: Demand) -> Iterator[tuple[Any, bool]]:
    if demand.but is None:
        yield demand.node, demand.truth
    else:
        yield from ((part, demand.truth) for at, part in enumerate(demand.node.parts) if at != demand.but)
