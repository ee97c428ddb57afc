"""Finds a shortest text that has some patterns and has none of some others, or proves that there is none.

Each pattern or expression becomes an automaton; all of them walk in step, breadth first, over characters that no
label tells apart. What the tests of a field mean as patterns is in `candidates`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from sigmaproof.folding import variants
from sigmaproof.predicate import Pattern, Wild
from sigmaproof.regex import Node
from sigmaproof.regex.effort import Automaton, positions
from sigmaproof.regex.tree import LAST, Chars, Ranges, Repeat
from sigmaproof.regex.tree import Sequence as Joined

__all__ = ["TooLargeError", "pattern_node", "shortest"]

MOST_CONFIGURATIONS, MOST_CHARACTERS = 2_000, 300
"""Sets of states that are looked at, and characters of all patterns together above which nothing is."""
_ANY = Chars(((0, LAST),))
# Characters that are taken to stand for a class, when it has one: those that read best.
_LIKED = "xabcdefghijklmnopqrstuvwyzXABCDEFGHIJKLMNOPQRSTUVWYZ0123456789-_./:@ "


class TooLargeError(Exception):
    """More sets of states than are looked at: nothing is known."""


def pattern_node(pattern: Pattern, cased: bool) -> Node:
    """The expression, for a whole text, of a pattern."""
    parts: list[Node] = []
    for part in pattern:
        if isinstance(part, Wild):
            parts.append(Repeat(_ANY, 0, None) if part is Wild.ANY else _ANY)
        else:
            parts += (Chars(_spellings(char, cased)) for char in part)
    return Joined(tuple(parts))


def _spellings(char: str, cased: bool) -> Ranges:
    return tuple((ord(one), ord(one)) for one in (char if cased else variants(char)))


def shortest(wanted: Sequence[Node], unwanted: Sequence[Node]) -> str | None:
    """A shortest text that each of `wanted` matches as a whole and none of `unwanted`; None when there is none.

    The nodes have no anchors. Raises TooLargeError when the search would take too long.
    """
    if sum(map(positions, [*wanted, *unwanted])) > MOST_CHARACTERS:
        raise TooLargeError
    walkers = [_Walker(node) for node in (*wanted, *unwanted)]
    letters = list(_letters(walkers))
    start = tuple(walker.first for walker in walkers)
    waiting, known = deque([(start, "")]), {start}
    while waiting:
        states, text = waiting.popleft()
        if all((one & 1) == (at < len(wanted)) for at, one in enumerate(states)):
            return text
        for char, classes in letters:
            after = tuple(w.step(one, kind) for w, one, kind in zip(walkers, states, classes, strict=True))
            if after not in known and all(after[: len(wanted)]):
                known.add(after)
                waiting.append((after, text + char))
        if len(known) > MOST_CONFIGURATIONS:
            raise TooLargeError
    return None


class _Walker:
    """An automaton whose state 0 is the end of the text. Sets of states are bits, as are sets of labels."""

    def __init__(self, node: Node) -> None:
        self.automaton = Automaton()
        self.automaton.follow.append(0)
        self.automaton.labels.append(())
        self.first = self.automaton.add(node, 1)
        self._steps: dict[tuple[int, int], int] = {}

    def with_char(self, code: int) -> int:
        """The states whose label has this character."""
        return sum(
            1 << state
            for state, label in enumerate(self.automaton.labels)
            if any(low <= code <= high for low, high in label)
        )

    def step(self, states: int, having: int) -> int:
        """The states after one character that the labels of `having` have."""
        key = (states, having)
        if key not in self._steps:
            after, left = 0, states & having
            while left:
                low = left & -left
                after |= self.automaton.follow[low.bit_length() - 1]
                left ^= low
            self._steps[key] = after
        return self._steps[key]


def _letters(walkers: Sequence[_Walker]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """One character of each class that the labels don't tell apart, with the states that have it."""
    edges = {0}
    for walker in walkers:
        for label in set(walker.automaton.labels):
            edges |= {edge for low, high in label for edge in (low, high + 1)}
    codes = [*map(ord, _LIKED), *sorted(edge for edge in edges if edge <= LAST)]
    seen: set[tuple[int, ...]] = set()
    for code in codes:
        code = 0xE000 if 0xD800 <= code < 0xE000 else code  # noqa: PLW2901 - a lone surrogate is no character
        classes = tuple(walker.with_char(code) for walker in walkers)
        if classes not in seen:
            seen.add(classes)
            yield chr(code), classes
