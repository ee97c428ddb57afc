"""Values in the form in which AWS writes a field, around what texts and expressions ask for: times and objects.

A text that is put together of what tests ask for is mostly no time, and the text of an object is made by JSON. What
else a field can hold is in `candidates`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sigmaproof.claims import object_candidates
from sigmaproof.fields import table
from sigmaproof.matching import as_time, matcher
from sigmaproof.predicate import FieldTest, Pattern, Regex, Test, Text
from sigmaproof.regex import parse
from sigmaproof.verify.records import only
from sigmaproof.verify.values import example_of

__all__ = ["shaped"]

MOST_TIMES, MOST_LAID, MOST_TESTS, MOST_OBJECTS = 60, 500, 20, 4
_BASES = ("2026-01-15T09:30:00Z", "2026-11-11T11:11:11Z")
_MOMENTS = (
    *(f"2026-01-15T{hour:02}:30:00Z" for hour in range(24)),
    *(f"2026-{month:02}-{day:02}T09:30:00Z" for month, day in [*((n, 15) for n in range(1, 13)), (1, 1), (1, 31)]),
    *(f"{year}-01-15T09:30:00Z" for year in range(2020, 2031)),
)


def shaped(name: str, tests: Sequence[Test]) -> Iterator[Any]:
    """Values of a field in its own form, for the tests by texts and expressions on it."""
    located = table().raw(name) if table().knows(name) else None
    asked = [test for test in tests if isinstance(test, Text | Regex)][:MOST_TESTS]
    if located is None or located.sub or not asked:
        return
    if located.field.homes[0].type == "date":
        yield from _times(asked)
    elif "object" in located.field.writes.types:
        yield from _objects(asked)


def _times(tests: Sequence[Text | Regex]) -> Iterator[str]:
    """Times with what the tests ask for: each one alone, and on top of those before it."""
    pool = list(_BASES)
    for test in tests:
        laid = (text for base in pool for text in _laid(base, _pattern(test)) if as_time(text) is not None)
        pool = list(dict.fromkeys([*pool, *islice(laid, MOST_TIMES)]))[-2 * MOST_TIMES :]
    yield from pool
    if any(isinstance(test, Regex) for test in tests):
        yield from _MOMENTS


def _pattern(test: Text | Regex) -> Pattern:
    return test.pattern if isinstance(test, Text) else (example_of(parse(test.source, test.flags)),)


def _laid(base: str, pattern: Pattern) -> Iterator[str]:
    """The text with the parts of a pattern written over it, in order, at each place where they fit."""
    parts = [part.upper() for part in pattern if isinstance(part, str)]
    yield from islice(_over(base, parts, 0), MOST_LAID)


def _over(base: str, parts: Sequence[str], start: int) -> Iterator[str]:
    if not parts:
        yield base
        return
    first, *others = parts
    for at in range(start, len(base) - len(first) + 1):
        yield from _over(base[:at] + first + base[at + len(first) :], others, at + len(first))


def _objects(tests: Sequence[Text | Regex]) -> Iterator[dict[str, Any]]:
    """Objects whose text has what the tests ask for: one each, and all of it in one."""
    whole: dict[str, Any] = {}
    for test in tests:
        found = list(islice(_matching(test), MOST_OBJECTS))
        yield from found
        whole |= found[0] if found else {}
    yield whole


def _matching(test: FieldTest) -> Iterator[dict[str, Any]]:
    assert isinstance(test, Text | Regex)
    holds = matcher(test)
    return (value for value in object_candidates(_pattern(test)) if holds(only({test.field: value})))
