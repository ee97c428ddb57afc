"""Which leaves make two sides differ on a record: the key by which differences with one cause belong together.

The side that does not alert is the one to ask: the leaves that keep it from alerting are its blockers. What the other
side says about the same fields stands beside them. Leaves that were set aside (`assumed`) have the truth that they were
given instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sigmaproof.diff.cut import critical, deciding, forced, holds
from sigmaproof.diff.judge import Seen
from sigmaproof.diff.kinds import Involved, Kind, kind_of, roots_of
from sigmaproof.diff.sides import Side

__all__ = ["Assumed", "Key", "alerting", "beside", "decided", "hidden_by", "key_of", "truths_of", "verdicts"]

Assumed: TypeAlias = Mapping[tuple[int, int], bool]
"""The truth of leaves that were set aside, by side and number."""


@dataclass(frozen=True, slots=True)
class Key:
    """What differences with the same cause share. alerts: the number of the side that alerts. blockers: leaves of the
    other side. beside: leaves of the alerting side on the same fields. hides: the leaf that makes one side always the
    same, as (side, leaf)."""

    alerts: int
    blockers: frozenset[int]
    kind: str
    beside: frozenset[int] = frozenset()
    hides: tuple[int, int] | None = None


def truths_of(seen: Seen, number: int, assumed: Assumed) -> list[bool]:
    """The truths of a side's leaves, those that were set aside as they are taken."""
    return [assumed.get((number, leaf), truth) for leaf, truth in enumerate(seen.views[number].truths)]


def verdicts(seen: Seen, sides: Sequence[Side], assumed: Assumed) -> tuple[bool, bool]:
    """Both verdicts, what was set aside taken so. Without that they are those of the engine itself."""
    one, other = (holds(side.cut, truths_of(seen, number, assumed)) for number, side in enumerate(sides))
    return one, other


def alerting(seen: Seen, sides: Sequence[Side], assumed: Assumed) -> int | None:
    """The number of the one side that alerts; None where both do, or neither."""
    if not seen.is_judged:
        return None
    one, other = verdicts(seen, sides, assumed)
    return None if one is other else 0 if one else 1


def key_of(seen: Seen, sides: Sequence[Side], assumed: Assumed) -> tuple[Key, Kind] | None:
    """The cause of the difference on this record; None where there is none.

    Where only one of two indices takes the document, nothing is found in the other.
    """
    said = [view.verdict for view in seen.views]
    if None in said and True in said and not any(side.is_native for side in sides):
        number = said.index(True)
        return Key(number, frozenset(), "rejected"), Kind("rejected", f"on {sides[1 - number].integration}")
    alerts = alerting(seen, sides, assumed)
    if alerts is None:
        return None
    silent = 1 - alerts
    truths = truths_of(seen, silent, assumed)
    blockers = critical(sides[silent].cut, truths) or deciding(sides[silent].cut, truths)
    blockers = frozenset(leaf for leaf in blockers if (silent, leaf) not in assumed)
    about = beside(seen, sides, alerts, blockers, assumed)
    kind = kind_of([*_involved(seen, sides, silent, blockers), *_involved(seen, sides, alerts, about)])
    return Key(alerts, blockers, kind.code, about if kind.code == "value" else frozenset()), kind


def hidden_by(seen: Seen, sides: Sequence[Side], assumed: Assumed, hides: tuple[int, int]) -> Key | None:
    """The key of a difference that is there because this leaf makes its side always the same."""
    alerts, (number, leaf) = alerting(seen, sides, assumed), hides
    if alerts is None:
        return None
    if forced(sides[number].cut, leaf, truths_of(seen, number, assumed)[leaf]) is not (alerts == number):
        return None
    return Key(alerts, frozenset(), "always" if alerts == number else "never", hides=hides)


def beside(seen: Seen, sides: Sequence[Side], alerts: int, blockers: Iterable[int], assumed: Assumed) -> frozenset[int]:
    """The leaves on which the alerting side's verdict hangs, of those about the same raw fields as the blockers."""
    silent, side = sides[1 - alerts], sides[alerts]
    roots = frozenset().union(*(roots_of(silent.leaves[leaf], silent.integration) for leaf in blockers))
    truths = truths_of(seen, alerts, assumed)
    hang = critical(side.cut, truths) or deciding(side.cut, truths)
    return frozenset(leaf for leaf in hang if roots & roots_of(side.leaves[leaf], side.integration))


def _involved(seen: Seen, sides: Sequence[Side], number: int, leaves: Iterable[int]) -> list[Involved]:
    side, document = sides[number], seen.views[number].document
    return [Involved(side.leaves[leaf], side.integration, seen.record, document) for leaf in sorted(leaves)]


def decided(seen: Sequence[Seen], sides: Sequence[Side], number: int, assumed: Assumed) -> frozenset[int]:
    """The leaves of a side that alone decided its verdict, once true and once false, on records that AWS can write."""
    found: set[tuple[int, bool]] = set()
    for one in seen:
        if one.counts:
            truths = truths_of(one, number, assumed)
            found |= {(leaf, truths[leaf]) for leaf in critical(sides[number].cut, truths)}
    return frozenset(leaf for leaf, truth in found if truth and (leaf, False) in found)
