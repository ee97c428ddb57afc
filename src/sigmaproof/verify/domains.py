"""What the fields of a rule can hold: for each field candidate values, and which of its tests each makes true.

A value is found in three steps: the ordinary ones around each test; texts from automata (`language`), which also
prove that there is none; lists, in which each element satisfies another test. Which fields are chosen together is in
`variables`, how variables are put together in `solve`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from sigmaproof.folding import fold
from sigmaproof.matching import matcher
from sigmaproof.predicate import FieldRef, Test, Text, field_of, plain
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.candidates import UnknownError, candidates, joined_texts, text_for
from sigmaproof.verify.records import MISSING, Draft, built, only

__all__ = ["Variable", "names_of"]

MOST_EVALUATIONS, MOST_FAILURES, MOST_MADE = 200_000, 6, 200
"""Evaluations of tests on candidates that a field may cost, searches of it that may end without a result, and sets of
tests for which new values are made: two long lists that contradict each other have as many as pairs."""


class Variable:
    """Fields whose values are chosen together, with the tests on them. Sets of candidates are bits.

    candidates: drafts, the most ordinary first. true: for each test the candidates on which it is true. is_entangled:
    whether a record can have another verdict on a test than the candidate alone.
    """

    is_entangled = False

    def __init__(self, tests: Sequence[Test]) -> None:
        self.tests = tuple(dict.fromkeys(tests))
        self.candidates: list[Draft] = []
        self.true: dict[Test, int] = dict.fromkeys(self.tests, 0)
        self._seen: set[str] = set()
        self._matchers = {test: matcher(test) for test in self.tests}
        self._plain = _plain_texts(self.tests)
        looked_up = set(self._plain.values())
        self._others = [test for test in self.tests if test not in looked_up]
        self._clean: dict[int, bool] = {}
        self._failures = 0
        self._tried: dict[tuple[frozenset[Test], frozenset[Test]], UnknownError | None] = {}
        room = max(20, MOST_EVALUATIONS // (len(self._others) + 1))
        first = list(islice(self._first(), room + 1))
        self._is_whole = len(first) <= room  # otherwise not all were tried, and nothing is proved
        for draft in first[:room]:
            self.add(draft)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields of the tests, the outer ones first."""
        names = [name for test in self.tests for name in names_of(test)]
        return tuple(sorted(dict.fromkeys(names), key=lambda name: (name.count("."), names.index(name))))

    def _first(self) -> Iterator[Draft]:
        return candidates(self.fields[0], self.tests)

    def add(self, draft: Draft) -> None:
        """Takes a candidate, once."""
        key = repr(sorted(draft.items(), key=lambda item: item[0]))
        if key in self._seen:
            return
        self._seen.add(key)
        bit = 1 << len(self.candidates)
        self.candidates.append(draft)
        for test in self._true_on(draft):
            self.true[test] |= bit

    def _true_on(self, draft: Draft) -> Iterator[Test]:
        value = next(iter(draft.values()), None)
        record = self._record(draft)
        if len(draft) == 1 and isinstance(value, str):
            folded, exact = self._plain.get((fold(value), False)), self._plain.get((value, True))
            yield from (test for test in (folded, exact) if test is not None)
            asked: Iterable[Test] = self._others
        else:
            asked = self.tests
        yield from (test for test in asked if self._matchers[test](record))

    def _record(self, draft: Draft) -> dict[str, Any]:
        return only(draft)

    def all(self) -> int:
        """The set of all candidates."""
        return (1 << len(self.candidates)) - 1

    def picks(self, allowed: int, most: int = 1) -> list[Draft]:
        """Some of these candidates: first those that AWS can write by themselves."""
        clean: list[Draft] = []
        left = allowed
        while left and len(clean) < most:
            at = (left & -left).bit_length() - 1
            if self._is_clean(at):
                clean.append(self.candidates[at])
            left &= left - 1
        return clean or [self.candidates[(allowed & -allowed).bit_length() - 1]]

    def _is_clean(self, at: int) -> bool:
        if at not in self._clean:
            self._clean[at] = why_inadmissible(built(self.candidates[at])) is None
        return self._clean[at]

    def matching(self, wanted: Iterable[Test], unwanted: Iterable[Test]) -> int:
        """The candidates on which all of `wanted` are true and none of `unwanted`."""
        found = self.all()
        for test in wanted:
            found &= self.true[test]
        for test in unwanted:
            found &= ~self.true[test]
        return found

    def extend(self, wanted: frozenset[Test], unwanted: frozenset[Test]) -> int:
        """The candidates of `matching`, with a new one where there was none; 0 when that is proved impossible.

        Raises UnknownError when nothing was found and nothing proved.
        """
        if (found := self.matching(wanted, unwanted)) or wanted & unwanted:
            return found
        key = (wanted, unwanted)
        if key not in self._tried:
            self._tried[key] = None
            try:
                if self._failures > MOST_FAILURES or len(self._tried) > MOST_MADE:
                    raise UnknownError
                for draft in self._new(wanted, unwanted):
                    self.add(draft)
            except UnknownError as error:
                self._failures += not self.matching(wanted, unwanted)
                self._tried[key] = error
        found = self.matching(wanted, unwanted)
        if not found and not (self._is_whole and self._tried[key] is None):
            raise self._tried[key] or UnknownError
        return found

    def _new(self, wanted: frozenset[Test], unwanted: frozenset[Test]) -> Iterator[Draft]:
        """Candidates for these demands. Raises UnknownError after them, unless there can't be others."""
        name, unknown = self.fields[0], None
        for joined in joined_texts(self._ordered(wanted)):
            yield {name: joined}
        if self.matching(wanted, unwanted):
            return
        try:
            text = text_for(self._ordered(wanted), self._ordered(unwanted))
        except UnknownError as error:
            text, unknown = None, error
        if text is not None:
            yield {name: text}
            return
        elements = [] if len(wanted) < 2 else [self._element(one, unwanted) for one in self._ordered(wanted)]
        if elements and all(element is not None for element in elements):
            yield {name: [element for element in elements if element is not MISSING]}
        if unknown is not None:
            raise unknown

    def _ordered(self, some: frozenset[Test]) -> list[Test]:
        """The tests in the rule's order: a set's own order is another one in every process."""
        return [test for test in self.tests if test in some]

    def _element(self, test: Test, unwanted: frozenset[Test]) -> Any:
        """A value on which one test is true and none of the others; None without one."""
        try:
            found = self.extend(frozenset({test}), unwanted)
        except UnknownError:
            return None
        return self.picks(found)[0][self.fields[0]] if found else None


def names_of(test: Test) -> tuple[str, ...]:
    """The fields of a test: two of a comparison of fields; of a keyword the empty name."""
    return (test.field, test.other) if isinstance(test, FieldRef) else (field_of(test),)


def _plain_texts(tests: Iterable[Test]) -> dict[tuple[str, bool], Test]:
    """Tests for one text: what they are true on is looked up and not tried."""
    found: dict[tuple[str, bool], Test] = {}
    for test in tests:
        text = plain(test.pattern) if isinstance(test, Text) else None
        if isinstance(test, Text) and text is not None:
            found.setdefault((text if test.cased else fold(text), test.cased), test)
    return found
