"""Matches a text against a pattern with wildcards, in time that grows with the text and never explodes.

No regular expression: those have a limit of size, which a pattern doesn't. Case is not known here; `matching` folds
both sides first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sigmaproof.predicate import Pattern, Wild, plain

__all__ = ["pattern_of", "whole_match"]


def pattern_of(text: str) -> Pattern:
    """The pattern of a text in which only `*` is special, as in a condition's selector."""
    first, *rest = text.split("*")
    parts = [first, *(part for inner in rest for part in (Wild.ANY, inner))]
    return tuple(part for part in parts if part != "")


def whole_match(pattern: Pattern) -> Callable[[str], bool]:
    """A function from a text to whether it is, as a whole, what the pattern says."""
    exact = plain(pattern)
    if exact is not None:
        return lambda text: text == exact
    match pattern:
        case (Wild.ANY,):
            return lambda text: True
        case (Wild.ANY, str(inner), Wild.ANY):
            return lambda text: inner in text
        case (str(start), Wild.ANY):
            return lambda text: text.startswith(start)
        case (Wild.ANY, str(end)):
            return lambda text: text.endswith(end)
    return _by_segments(pattern)


@dataclass(frozen=True, slots=True)
class _Segment:
    """What stands between two `*`: texts with their offsets, and the whole length, `?` included."""

    texts: tuple[tuple[int, str], ...]
    length: int

    def at(self, text: str, start: int) -> bool:
        """Whether the text has the segment there; the text is long enough."""
        return all(text.startswith(part, start + offset) for offset, part in self.texts)

    def find(self, text: str, start: int, end: int) -> int:
        """The first place of the segment in text[start:end], -1 if there is none."""
        if not self.texts:
            return start if start + self.length <= end else -1
        offset, first = self.texts[0]
        at = text.find(first, start + offset, end)
        while at >= 0 and at - offset + self.length <= end:
            if self.at(text, at - offset):
                return at - offset
            at = text.find(first, at + 1, end)
        return -1


def _by_segments(pattern: Pattern) -> Callable[[str], bool]:
    """Soundness: after the first place of a segment everything is open that is open after a later one, so the
    first place is enough; only the first and the last segment are bound to an edge."""
    head, *middle = _segments(pattern)
    if not middle:
        return lambda text: len(text) == head.length and head.at(text, 0)
    tail = middle.pop()
    least = head.length + tail.length

    def holds(text: str) -> bool:
        end = len(text) - tail.length
        if len(text) < least or not head.at(text, 0) or not tail.at(text, end):
            return False
        at = head.length
        for segment in middle:
            at = segment.find(text, at, end)
            if at < 0:
                return False
            at += segment.length
        return True

    return holds


def _segments(pattern: Pattern) -> list[_Segment]:
    segments: list[_Segment] = []
    texts: list[tuple[int, str]] = []
    length = 0
    for part in (*pattern, Wild.ANY):
        if part is Wild.ANY:
            segments.append(_Segment(tuple(texts), length))
            texts, length = [], 0
        elif isinstance(part, str):
            texts.append((length, part))
            length += len(part)
        else:
            length += 1
    return segments
