"""A rule that is tested, and what came of each expectation. Where expectations are written is in the loaders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from sigmaproof.diagnostics import Diagnostic, Place
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.evaluate.explain import Step, deciding, explain, values_of
from sigmaproof.matching import Verdict
from sigmaproof.predicate import describe
from sigmaproof.repository import root_of
from sigmaproof.rules import Rule

__all__ = ["Expectation", "Report", "Subject", "bounds", "counted"]

Report = Callable[[Diagnostic], None]
MOST_SHOWN = 3
"""Places of matches, and tests that decide, which a failed expectation names."""


@dataclass(frozen=True)
class Expectation:
    """One expected outcome and what came of it.

    kind: `match` and `no_match` (records that must and must not match), `count` (of a file), `baseline`, `required`
    (how many tests the rule must have). wanted, got: in words. steps: the explanation of a failed record. why: in
    words what made it fail.
    """

    rule: Rule
    name: str
    kind: str
    wanted: str
    got: str
    passed: bool
    place: Place
    steps: tuple[Step, ...] = ()
    why: tuple[str, ...] = ()


_WORDS = {True: "match", False: "no match"}


@dataclass(frozen=True)
class Subject:
    """One rule under test. report: called for what can't be used of its tests. siblings: the ids of the rules in the
    same file."""

    rule: Rule
    report: Report
    siblings: frozenset[str] = frozenset()

    @cached_property
    def verdict(self) -> Verdict:
        """The rule's verdict on raw records."""
        return compile_predicate(self.rule.tree)

    @property
    def path(self) -> Path:
        """The rule's file."""
        return Path(self.rule.file)

    @cached_property
    def root(self) -> Path:
        """The folder outside of which the rule's tests may not lie."""
        return root_of(self.path)

    def judged(self, name: str, expected: bool, record: Mapping[str, Any], place: Place) -> Expectation:
        """The expectation of a verdict on one raw record."""
        actual = self.verdict(record)
        kind = "match" if expected else "no_match"
        words = (_WORDS[expected], _WORDS[actual], actual is expected)
        if actual is expected:
            return Expectation(self.rule, name, kind, *words, place)
        steps = tuple(explain(self.rule.tree, record))
        return Expectation(self.rule, name, kind, *words, place, steps, tuple(self._why(record)))

    def _why(self, record: Mapping[str, Any]) -> list[str]:
        """The tests that decide on a record, with what they see."""
        found = dict.fromkeys(deciding(self.rule.tree, record))
        shown = [describe(test) + _seen(values_of(test, record)) for test in islice(found, MOST_SHOWN)]
        more = len(found) - len(shown)
        return [*shown, f"and {more:,} more"] if more else shown


def _seen(values: Sequence[str]) -> str:
    return f" [{'; '.join(values)}]" if values else ""


def bounds(least: int, most: int | None) -> str:
    """How many matches are wanted, in words."""
    if most is None:
        return f"at least {_matches(least)}"
    if least == most:
        return f"exactly {_matches(least)}" if least else "no match"
    return f"at most {_matches(most)}" if not least else f"{least:,} to {_matches(most)}"


def _matches(count: int) -> str:
    return "1 match" if count == 1 else f"{count:,} matches"


def counted(
    rule: Rule, name: str, least: int, most: int | None, places: Iterable[str], count: int, place: Place
) -> Expectation:
    """The expectation of a number of matches. places: where the first ones were."""
    passed = count >= least and (most is None or count <= most)
    kind = "match" if least else "no_match" if most == 0 else "count"
    why = () if passed or count <= least else tuple(f"matches {one}" for one in islice(places, MOST_SHOWN))
    got = _matches(count) if count else "no match"
    return Expectation(rule, name, kind, bounds(least, most), got, passed, place, why=why)
