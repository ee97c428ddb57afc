"""Looks for the records on which two sides differ: one smallest record for each cause.

The order: records from both sides' trees, and from each side without the other; both sides judge all of them; the
differences are grouped by cause (`group`); the record of each cause is made small.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sigmaproof.diff.attribute import beside, decided, hidden_by, key_of
from sigmaproof.diff.cut import Leaf, searched_tree
from sigmaproof.diff.group import Cause, causes_of, parts_of
from sigmaproof.diff.judge import Judge, RefusedError, Seen
from sigmaproof.diff.sides import Side
from sigmaproof.predicate import And, Not, Predicate, tests
from sigmaproof.verify.engines import Engine
from sigmaproof.verify.shrink import shrink_all
from sigmaproof.verify.witness import witnesses

__all__ = ["Outcome", "compare"]

MOST_CAUSES = 40
"""Causes that are made small; of more, the first ones in the order found are."""
MOST_TESTS = 300
"""Tests of both sides together, up to which records are also sought for one side without the other."""


@dataclass
class Outcome:
    """What was found. causes: on records that AWS can write; apart: on others. decided: leaves that alone decided, both
    ways, by side. varied: whether a side was true on some of the records that AWS can write, and false on others.
    refused: a side that never runs. rejected: records that some index does not take."""

    sides: tuple[Side, Side]
    engine: str | None = None
    records: int = 0
    inadmissible: int = 0
    rejected: int = 0
    causes: list[Cause] = field(default_factory=list)
    apart: list[Cause] = field(default_factory=list)
    decided: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())
    varied: tuple[bool, bool] = (False, False)
    more: int = 0

    @property
    def is_different(self) -> bool:
        """Whether a record that AWS can write shows a difference, or a side never runs."""
        return bool(self.causes) or any(side.refusal for side in self.sides)

    @property
    def is_undecided(self) -> bool:
        """Whether nothing can be said: no difference was found, and one side had no test that decided anything, nor was
        it both true and false on some records (two tests that ask for the same never decide alone)."""
        undecided = (
            side.leaves and not found and not varied
            for side, found, varied in zip(self.sides, self.decided, self.varied, strict=True)
        )
        return not self.is_different and any(undecided)

    @property
    def is_same(self) -> bool:
        """Whether no record that AWS can write shows a difference, on records that could have."""
        return not self.is_different and not self.is_undecided

    def unsearched(self, number: int) -> list[Leaf]:
        """The leaves of a side for which no records could be made."""
        return [leaf for leaf in self.sides[number].leaves if leaf.tree is None]


def compare(
    sides: tuple[Side, Side],
    engine: Engine | None,
    given: Sequence[tuple[str, Mapping[str, Any]]] = (),
    rounds: int = 120,
) -> Outcome:
    """Compares two sides on generated records, and on given ones (place, record).

    engine: for sides that are no rules; the caller closes it. rounds: batches at most in which records are made small.
    Raises EngineUnavailable.
    """
    outcome = Outcome(sides, engine.name if engine else None)
    if any(side.refusal for side in sides):
        return outcome
    judge = Judge(sides, engine)
    made = [("", record) for record in _generated(sides)]
    records = [*given, *made]
    try:
        seen = judge([record for _, record in records], [place for place, _ in records]) if records else []
    except RefusedError as error:
        refused = [replace(side, refusal=str(error)) if n == error.number else side for n, side in enumerate(sides)]
        outcome.sides = (refused[0], refused[1])
        return outcome
    outcome.sides = (judge.sides[0], judge.sides[1])
    _count(outcome, seen)
    found, assumed = causes_of(seen, outcome.sides)
    one, other = (decided(seen, outcome.sides, number, assumed) for number in (0, 1))
    outcome.decided = (one, other)
    outcome.varied = (_varied(seen, 0), _varied(seen, 1))
    outcome.more = max(0, len(found) - MOST_CAUSES)
    smallest = [_with_beside(cause, outcome.sides) for cause in _smallest(found[:MOST_CAUSES], judge, rounds)]
    outcome.causes = [cause for cause in smallest if cause.seen.inadmissible is None]
    outcome.apart = [cause for cause in smallest if cause.seen.inadmissible is not None]
    return outcome


def _count(outcome: Outcome, seen: Sequence[Seen]) -> None:
    outcome.records = sum(one.counts for one in seen)
    outcome.inadmissible = sum(one.inadmissible is not None for one in seen)
    outcome.rejected = sum(not one.is_judged for one in seen)


def _varied(seen: Sequence[Seen], number: int) -> bool:
    verdicts = {one.views[number].verdict for one in seen if one.counts}
    return verdicts == {True, False}


def _generated(sides: tuple[Side, Side]) -> Iterator[dict[str, Any]]:
    """Records for each side's tree, and for each side without the other, each once."""
    known: set[str] = set()
    for tree in _trees(sides):
        for integration in dict.fromkeys(side.integration for side in sides):
            for record in witnesses(tree, integration):
                text = json.dumps(record, sort_keys=False)
                if text not in known:
                    known.add(text)
                    yield record


def _trees(sides: tuple[Side, Side]) -> Iterator[Predicate]:
    one, other = (searched_tree(side.cut) for side in sides)
    yield from (tree for tree in dict.fromkeys((one, other)) if tree is not None)
    if one is None or other is None or one == other:
        return
    if sum(1 for tree in (one, other) for _ in tests(tree)) <= MOST_TESTS:
        yield And((one, Not(other)))
        yield And((other, Not(one)))


# the smallest record


def _smallest(causes: Sequence[Cause], judge: Judge, rounds: int) -> list[Cause]:
    """Each cause with its record made small, in few batches for all of them. A given record stays as it is."""
    sides = (judge.sides[0], judge.sides[1])
    own = [cause for cause in causes if not cause.seen.place]

    def hold(batch: list[tuple[int, Mapping[str, Any]]]) -> list[bool]:
        judged = judge([record for _, record in batch])
        return [_shows(one, own[index], sides) for one, (index, _) in zip(judged, batch, strict=True)]

    starts = [(index, seen) for index, cause in enumerate(own) for seen in _starts(cause)]
    shrunk = shrink_all(
        [seen.record for _, seen in starts],
        lambda batch: hold([(starts[at][0], record) for at, record in batch]),
        rounds,
    )
    judged = judge(shrunk) if own else []
    found: dict[int, Seen] = {}
    for (index, _), seen in zip(starts, judged, strict=True):
        if index not in found or parts_of(seen) < parts_of(found[index]):
            found[index] = seen
    final = (found[index] for index in range(len(own)))
    return [cause if cause.seen.place else _made_small(cause, next(final), sides) for cause in causes]


def _starts(cause: Cause) -> list[Seen]:
    """Where making it small begins: what can't lose a part without losing its length, say, is not the only one."""
    return [cause.seen] if cause.also is None or cause.also is cause.seen else [cause.seen, cause.also]


def _made_small(cause: Cause, seen: Seen, sides: tuple[Side, Side]) -> Cause:
    """The cause with its smallest record, and that record's sizes in its words."""
    what = key_of(seen, sides, cause.assumed)
    is_own = what is not None and (what[0] == cause.key or what[0].blockers == {(cause.key.hides or (0, -1))[1]})
    kind = cause.kind if what is None or not is_own else replace(cause.kind, detail=what[1].detail)
    return replace(cause, seen=seen, kind=kind)


def _with_beside(cause: Cause, sides: tuple[Side, Side]) -> Cause:
    found = beside(cause.seen, sides, cause.key.alerts, cause.key.blockers, cause.assumed)
    return replace(cause, beside=found)


def _shows(seen: Seen, cause: Cause, sides: tuple[Side, Side]) -> bool:
    """Whether a record shows the same cause, and AWS can write it, or not, as the first one."""
    if (seen.inadmissible is None) is not (cause.seen.inadmissible is None):
        return False
    if cause.key.hides is not None:
        return hidden_by(seen, sides, cause.assumed, cause.key.hides) == cause.key
    what = key_of(seen, sides, cause.assumed)
    return what is not None and what[0] == cause.key
