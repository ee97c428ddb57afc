"""What a regular expression means: sets of characters, sequence, choice, repetition, anchors.

No flags are left in the tree: ignoring case has become larger sets, `.` a set with or without the newline,
`^` and `$` the anchor that they stand for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from sigmaproof.folding import variants

__all__ = ["Anchor", "Chars", "Choice", "Node", "Repeat", "Sequence", "chars", "complement", "fold_ranges"]

LAST = 0x10FFFF
Ranges: TypeAlias = tuple[tuple[int, int], ...]


class Anchor(Enum):
    """A place between characters. LINE_*: also beside a newline."""

    START = "start"
    END = "end"
    LINE_START = "line start"
    LINE_END = "line end"
    WORD = "word boundary"
    NOT_WORD = "no word boundary"


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set, given as sorted, disjoint, inclusive ranges of code points."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; none: the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any of them."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """At least `least` times, at most `most` times (None: without end)."""

    part: Node
    least: int
    most: int | None


Node: TypeAlias = "Chars | Sequence | Choice | Repeat | Anchor"


def chars(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Ranges sorted, with touching ones joined."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def complement(ranges: Ranges) -> Ranges:
    """All characters that are not in the set."""
    return tuple(_gaps(ranges))


def _gaps(ranges: Ranges) -> Iterator[tuple[int, int]]:
    start = 0
    for low, high in ranges:
        if start < low:
            yield start, low - 1
        start = high + 1
    if start <= LAST:
        yield start, LAST


def fold_ranges(ranges: Ranges) -> Ranges:
    """The set with all characters that fold to one of its characters."""
    more = [
        (ord(other), ord(other))
        for low, high in ranges
        for code in range(low, min(high, _LAST_CASED) + 1)
        for other in variants(chr(code))
    ]
    return chars([*ranges, *more])


# No character above this one has a case (Unicode 16, CaseFolding.txt ends at U+1E943).
_LAST_CASED = 0x1E943
