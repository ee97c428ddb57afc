"""How AWS spells a value: the one thing that lets a case-sensitive term stand for a case-insensitive rule.

Where nobody says that a value has one spelling, the answer is None and the query has to fold it.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from sigmaproof.fields import Writes
from sigmaproof.folding import fold

__all__ = ["event_names", "near_names", "spellings"]

MOST_LETTERS = 3  # that a near name has more or fewer


def spellings(writes: Writes, text: str) -> tuple[str, ...] | None:
    """The spellings that AWS uses for values equal to this text when case is ignored; None when unknown.

    A value that is none of the enumerated ones is answered as it is written: no admissible record has it.
    """
    folded = fold(text)
    if writes.spelling == "lower":
        return (folded,)
    if writes.spelling == "values":
        return tuple(value for value in writes.values if fold(value) == folded) or (text,)
    if writes.spelling == "event_names":
        return event_names().get(folded)
    return None


@cache
def event_names() -> dict[str, tuple[str, ...]]:
    """The names of API actions by their folded form, from AWS's service models and CloudTrail's own events."""
    text = resources.files("sigmaproof.fields").joinpath("event_names.txt").read_text(encoding="utf-8")
    names: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            names[line.lower()] = (*names.get(line.lower(), ()), line)
    return names


def near_names(name: str) -> list[str]:
    """Names that begin alike, are about as long, and have one half of it: with a slip or two in the other."""
    lower, half = name.lower(), len(name) // 2
    first, second = lower[:half], lower[half:]
    return [
        one
        for key, spelled in _by_start().get(lower[:2], ())
        if abs(len(key) - len(lower)) <= MOST_LETTERS and (key.startswith(first) or key.endswith(second))
        for one in spelled
    ]


@cache
def _by_start() -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    starts: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for key, spelled in event_names().items():
        starts.setdefault(key[:2], []).append((key, spelled))
    return starts
