"""Looks for the records on which two sides differ: one smallest record for each cause.

The order: records from both sides' trees, and from each side without the other; both sides judge all of them; the
differences are grouped by cause. A leaf that is the same on every record, and so hides what its side would say
otherwise, is a cause of its own: it is set aside, and the rest is searched.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sigmaproof.diff.attribute import Assumed, Key, beside, decided, hidden_by, key_of, truths_of, verdicts
from sigmaproof.diff.cut import Leaf, forced, searched_tree
from sigmaproof.diff.judge import Judge, RefusedError, Seen
from sigmaproof.diff.kinds import Kind, roots_of
from sigmaproof.diff.sides import Side
from sigmaproof.predicate import And, Not, Predicate, tests
from sigmaproof.verify.engines import Engine
from sigmaproof.verify.shrink import shrink_all, size_of
from sigmaproof.verify.witness import witnesses

__all__ = ["Cause", "Outcome", "compare"]

MOST_CAUSES = 40
"""Causes that are made small; of more, the first ones in the order found are."""
MOST_TESTS = 300
"""Tests of both sides together, up to which records are also sought for one side without the other."""


@dataclass(frozen=True)
class Cause:
    """One cause. key: what its differences share. seen: the smallest record, judged. count: records that showed it.
    assumed: what was set aside when it was found. is_set_aside: it hid others, so its leaf was. beside: leaves of the
    alerting side about the same fields."""

    key: Key
    kind: Kind
    seen: Seen
    count: int
    assumed: Assumed
    is_set_aside: bool = False
    beside: frozenset[int] = frozenset()


@dataclass
class Outcome:
    """What was found. causes: on records that AWS can write; apart: on others. decided: leaves that alone decided, both
    ways, by side. refused: a side that never runs. rejected: records that some index does not take."""

    sides: tuple[Side, Side]
    engine: str | None = None
    records: int = 0
    inadmissible: int = 0
    rejected: int = 0
    causes: list[Cause] = field(default_factory=list)
    apart: list[Cause] = field(default_factory=list)
    decided: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())
    more: int = 0

    @property
    def is_same(self) -> bool:
        """Whether no record that AWS can write shows a difference, and both sides run."""
        return not self.causes and not any(side.refusal for side in self.sides)

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
    found, assumed = _causes(seen, outcome.sides)
    one, other = (decided(seen, outcome.sides, number, assumed) for number in (0, 1))
    outcome.decided = (one, other)
    outcome.more = max(0, len(found) - MOST_CAUSES)
    smallest = [_with_beside(cause, outcome.sides) for cause in _smallest(found[:MOST_CAUSES], judge, rounds)]
    outcome.causes = [cause for cause in smallest if cause.seen.inadmissible is None]
    outcome.apart = [cause for cause in smallest if cause.seen.inadmissible is not None]
    return outcome


def _count(outcome: Outcome, seen: Sequence[Seen]) -> None:
    outcome.records = sum(one.inadmissible is None and one.is_judged for one in seen)
    outcome.inadmissible = sum(one.inadmissible is not None for one in seen)
    outcome.rejected = sum(not one.is_judged for one in seen)


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


# causes


def _causes(seen: Sequence[Seen], sides: tuple[Side, Side]) -> tuple[list[Cause], Assumed]:
    """The causes, each with the smallest of its records, those that AWS can write first; and what was set aside."""
    found: dict[tuple[Key, bool], Cause] = {}
    assumed: dict[tuple[int, int], bool] = {}
    writable = [one for one in seen if one.is_judged and one.inadmissible is None]
    while True:
        hides = _always_the_same(writable, sides, assumed)
        if hides is not None and (cause := _hiding(writable, sides, assumed, hides)):
            found[cause.key, True] = cause
        elif hides is None:
            for cause in _grouped(seen, sides, assumed):
                found.setdefault((cause.key, cause.seen.inadmissible is None), cause)
            hides = _constant_blocker(found.values(), writable, sides, assumed)
            for slot, cause in found.items():
                if hides is not None and hides in _blocking(cause) and slot[1]:
                    found[slot] = replace(cause, is_set_aside=True)
        if hides is None:
            return _without_repeats(list(found.values())), assumed
        assumed[hides] = not truths_of(writable[0], hides[0], assumed)[hides[1]]


def _always_the_same(writable: Sequence[Seen], sides: tuple[Side, Side], assumed: Assumed) -> tuple[int, int] | None:
    """A leaf that makes one side say the same on every record, while the other does not."""
    said = [verdicts(one, sides, assumed) for one in writable]
    for number in (0, 1):
        if len({pair[number] for pair in said}) != 1 or len({pair[1 - number] for pair in said}) != 2:
            continue
        verdict = said[0][number]
        for leaf in _set_aside_able(sides, number):
            truths = {truths_of(one, number, assumed)[leaf] for one in writable}
            is_constant = (number, leaf) not in assumed and len(truths) == 1
            if is_constant and forced(sides[number].cut, leaf, truths.pop()) is verdict:
                return number, leaf
    return None


def _set_aside_able(sides: tuple[Side, Side], number: int) -> list[int]:
    """The leaves about fields of which the other side says nothing. What both test is the matter itself: a side
    without it would be another detection."""
    own, other = sides[number], sides[1 - number]
    theirs = frozenset().union(*(roots_of(leaf, other.integration) for leaf in other.leaves))
    return [leaf.number for leaf in own.leaves if not roots_of(leaf, own.integration) & theirs]


def _hiding(
    writable: Sequence[Seen], sides: tuple[Side, Side], assumed: Assumed, hides: tuple[int, int]
) -> Cause | None:
    showing = [(one, key) for one in writable if (key := hidden_by(one, sides, assumed, hides)) is not None]
    if not showing:
        return None
    smallest, key = min(showing, key=lambda pair: size_of(pair[0].record))
    what = key_of(smallest, sides, assumed)
    detail = what[1].detail if what is not None and what[0].blockers == {hides[1]} else ""
    return Cause(key, Kind(key.kind, detail), smallest, len(showing), dict(assumed), is_set_aside=True)


def _grouped(seen: Sequence[Seen], sides: tuple[Side, Side], assumed: Assumed) -> Iterator[Cause]:
    groups: dict[tuple[Key, bool], list[tuple[Seen, Kind]]] = {}
    for one in seen:
        what = key_of(one, sides, assumed)
        if what is not None:
            groups.setdefault((what[0], one.inadmissible is None), []).append((one, what[1]))
    for (key, _), members in groups.items():
        smallest, kind = min(members, key=lambda pair: (not pair[0].place, size_of(pair[0].record)))
        yield Cause(key, kind, smallest, len(members), dict(assumed))


def _constant_blocker(
    found: Iterable[Cause], writable: Sequence[Seen], sides: tuple[Side, Side], assumed: Assumed
) -> tuple[int, int] | None:
    """A leaf that blocks, and has the same truth on every record, so that what lies behind it was not seen."""
    free = [(number, leaf) for number in (0, 1) for leaf in _set_aside_able(sides, number)]
    for cause in found:
        for number, leaf in (one for one in _blocking(cause) if one in free):
            truths = {one.views[number].truths[leaf] for one in writable}
            if (number, leaf) not in assumed and len(truths) == 1:
                return number, leaf
    return None


def _blocking(cause: Cause) -> list[tuple[int, int]]:
    if cause.seen.inadmissible is not None:
        return []
    return [(1 - cause.key.alerts, leaf) for leaf in sorted(cause.key.blockers)]


def _without_repeats(found: list[Cause]) -> list[Cause]:
    """Without what is only several of the other causes at once, or a known cause on records that AWS can't write."""
    written = [cause for cause in found if cause.seen.inadmissible is None]
    kept = [cause for cause in written if not _is_covered(cause, written)]
    kinds = {(cause.key.alerts, cause.key.blockers, cause.key.kind) for cause in written}
    for cause in found:
        new = (cause.key.alerts, cause.key.blockers, cause.key.kind) not in kinds
        if cause.seen.inadmissible is not None and new and not _is_covered(cause, found):
            kept.append(cause)
    return kept


def _is_covered(cause: Cause, others: Iterable[Cause]) -> bool:
    return any(
        other.key.alerts == cause.key.alerts and other.key.blockers and other.key.blockers < cause.key.blockers
        for other in others
    )


# the smallest record


def _smallest(causes: Sequence[Cause], judge: Judge, rounds: int) -> list[Cause]:
    """Each cause with its record made small, in few batches for all of them. A given record stays as it is."""
    sides = (judge.sides[0], judge.sides[1])
    own = [cause for cause in causes if not cause.seen.place]

    def hold(batch: list[tuple[int, Mapping[str, Any]]]) -> list[bool]:
        judged = judge([record for _, record in batch])
        return [_shows(one, own[index], sides) for one, (index, _) in zip(judged, batch, strict=True)]

    records = iter(shrink_all([cause.seen.record for cause in own], hold, rounds))
    final = iter(judge(list(records)) if own else [])
    return [cause if cause.seen.place else _made_small(cause, next(final), sides) for cause in causes]


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
