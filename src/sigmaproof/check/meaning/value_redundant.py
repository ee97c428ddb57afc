"""A value of a list changes nothing, as another one matches all that it does.

What: the same value twice (case is ignored), or one that a wildcard, `|startswith` or the like beside it takes in.

Why: it is not wrong. It makes a rule look more thorough than it is, and its query longer.

Example:

    detection:
        selection:
            eventName:
                - CreateRole
                - createrole
        condition: selection

Use instead:

    detection:
        selection:
            eventName:
                - CreateRole
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.folding import fold
from sigmaproof.matching import pattern_test
from sigmaproof.predicate import And, Not, Or, Pattern, Predicate, Text, Wild, plain

__all__ = ["check"]

MOST_PAIRS = 200_000  # of values of a list that are compared
MOST_TOLD = 20


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each text of an `or` that another text of it takes in."""
    from itertools import islice

    pairs = (pair for tests in _lists(subject.tree) for pair in _pairs(tests))
    for less, more in islice(dict.fromkeys(pairs), MOST_TOLD):
        shown, other = _shown(less.pattern), _shown(more.pattern)
        what = f"{shown!r} stands there twice" if less == more else f"{shown!r} is matched by {other!r} too"
        yield Found(subject.place_beside(less, more), f"{less.field}: {what}", "leave one out")


def _lists(tree: Predicate) -> Iterator[list[Text]]:
    """The texts of each field in each `or`."""
    if isinstance(tree, Not):
        yield from _lists(tree.part)
    elif isinstance(tree, And | Or):
        found: dict[str, list[Text]] = {}
        for part in tree.parts:
            if isinstance(part, Text) and isinstance(tree, Or):
                found.setdefault(part.field, []).append(part)
            else:
                yield from _lists(part)
        yield from found.values()


def _pairs(tests: Sequence[Text]) -> Iterator[tuple[Text, Text]]:
    """What is less, and what takes it in."""
    seen: dict[tuple[str, bool], Text] = {}
    for test in tests:
        key = (_shown(test.pattern) if test.cased else fold(_shown(test.pattern)), test.cased)
        if key in seen:
            yield test, seen[key]
        seen.setdefault(key, test)
    wild = [(test, pattern_test(test.pattern, test.cased)) for test in tests if plain(test.pattern) is None]
    if len(wild) * len(tests) > MOST_PAIRS:
        return
    for test in seen.values():
        text = plain(test.pattern)
        for other, holds in wild:
            if text is not None and other.pattern != (Wild.ANY,) and holds(text) and (test.cased or not other.cased):
                yield test, other
                break


def _shown(pattern: Pattern) -> str:
    return "".join(part if isinstance(part, str) else part.value for part in pattern)
