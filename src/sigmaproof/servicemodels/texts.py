"""Values that a service's model allows at a place: what is worth trying there.

Texts fit the model's patterns as far as RE2 can read those; what is tried around a test is in `verify.witness`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any

from sigmaproof.fields import table
from sigmaproof.regex.parser import quiet_options
from sigmaproof.servicemodels.judge import Leaf

__all__ = ["longest_text", "values_of"]

FILLERS = "aA0x-/"
PLACES = 40


def values_of(leaf: Leaf) -> Iterator[Any]:
    """Every value of an enumeration or a boolean; else values of the greatest size, of one less, and of the least."""
    if leaf.values:
        yield from leaf.values
    elif leaf.types == ("boolean",):
        yield from (True, False)
    elif leaf.types in {("integer",), ("number",)}:
        yield from (int(bound) for bound in (leaf.most, leaf.least) if bound is not None)
    elif leaf.types == ("string",):
        sizes = dict.fromkeys(_sizes(leaf))
        yield from (text for size in sizes if (text := _text_of_size(leaf.patterns, size)) is not None)


def longest_text(leaf: Leaf) -> str | None:
    """The longest text, or None: no text, no limit, a limit beyond what a record holds, or no text found."""
    if leaf.types != ("string",):
        return None
    if leaf.values:
        return max(leaf.values, key=len)
    return _text_of_size(leaf.patterns, int(leaf.most)) if leaf.most is not None and leaf.most <= _room() else None


def _sizes(leaf: Leaf) -> Iterator[int]:
    least = int(leaf.least or 0)
    if leaf.most is not None and leaf.most <= _room():
        yield from (size for size in (int(leaf.most), int(leaf.most) - 1) if size >= max(least, 1))
    if least > 1:
        yield least


@cache
def _room() -> int:
    """Characters of all parameters of a call together."""
    longest = table().raw("requestParameters").field.writes.longest
    return longest if longest is not None else 0


@lru_cache(maxsize=256)
def _text_of_size(patterns: tuple[str, ...], size: int) -> str | None:
    """A text of that many characters that fits some pattern, if there is any that can be read; None when not found."""
    readable = [pattern for pattern in patterns if _compiled(pattern) is not None]
    if not readable:
        return FILLERS[0] * size
    tries = (text for pattern in readable for text in _tries(pattern, size) if _compiled(pattern).fullmatch(text))
    return next(tries, None)


def _tries(pattern: str, size: int) -> Iterator[str]:
    """One sign alone, and an example of the pattern lengthened at each of its places."""
    yield from (sign * size for sign in FILLERS)
    example = _example(pattern)
    if example is not None and len(example) <= size:
        for at in range(len(example), max(-1, len(example) - PLACES), -1):
            yield from (example[:at] + sign * (size - len(example)) + example[at:] for sign in FILLERS)


def _example(pattern: str) -> str | None:
    from sigmaproof.predicate import Regex
    from sigmaproof.regex import RegexError
    from sigmaproof.verify.values import fitting

    with suppress(RegexError, RecursionError):
        return next((value for found in fitting(Regex("x", pattern), True) for value in found.values()), None)
    return None


@cache
def _compiled(pattern: str) -> Any:
    """The pattern for RE2; None for one that it can't read."""
    import re2

    try:
        return re2.compile(pattern, quiet_options())
    except re2.error:
        return None
