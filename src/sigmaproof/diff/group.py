"""Groups the differences by their cause, and sets aside what hides other causes.

A leaf that is the same on every record, and by itself makes its side say always the same, hides what the side would say
otherwise: it is a cause of its own, taken as otherwise, and the records are grouped again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sigmaproof.diff.attribute import Assumed, Key, hidden_by, key_of, truths_of, verdicts
from sigmaproof.diff.cut import forced
from sigmaproof.diff.judge import Seen
from sigmaproof.diff.kinds import Kind, roots_of
from sigmaproof.diff.sides import Side
from sigmaproof.paths import leaves as leaves_of
from sigmaproof.verify.shrink import size_of

__all__ = ["Cause", "causes_of", "parts_of"]


@dataclass(frozen=True)
class Cause:
    """One cause. key: what its differences share. seen: the smallest record, judged. count: records that showed it.
    assumed: what was set aside when it was found. is_set_aside: it hid others, so its leaf was. also: another of its
    records to begin with, the one with the fewest parts. beside: leaves of the alerting side about the same fields."""

    key: Key
    kind: Kind
    seen: Seen
    count: int
    assumed: Assumed
    is_set_aside: bool = False
    also: Seen | None = None
    beside: frozenset[int] = frozenset()


def causes_of(seen: Sequence[Seen], sides: tuple[Side, Side]) -> tuple[list[Cause], Assumed]:
    """The causes, each with the smallest of its records, those that AWS can write first; and what was set aside."""
    found: dict[tuple[Key, bool], Cause] = {}
    assumed: dict[tuple[int, int], bool] = {}
    writable = [one for one in seen if one.counts]
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
    smallest, key = min(showing, key=lambda pair: _size(pair[0]))
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
        smallest, kind = min(members, key=lambda pair: (not pair[0].place, _size(pair[0])))
        fewest = min((one for one, _ in members), key=parts_of)
        yield Cause(key, kind, smallest, len(members), dict(assumed), also=fewest)


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


def _size(seen: Seen) -> int:
    return size_of(seen.record)


def parts_of(seen: Seen) -> tuple[int, int]:
    """How many values a record has, and how large it is."""
    return sum(1 for _ in leaves_of(seen.record)), size_of(seen.record)
