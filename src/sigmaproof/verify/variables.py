"""Which fields of a rule are one variable: alone, dependent on each other, or the keywords.

Fields depend on each other when one stands inside of the other, or a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice, product
from typing import Any

from sigmaproof.paths import getter
from sigmaproof.predicate import FieldRef, Keyword, Test, Text
from sigmaproof.verify.candidates import UnknownError
from sigmaproof.verify.domains import Variable, names_of
from sigmaproof.verify.records import BASE, MISSING, Draft, built, only
from sigmaproof.verify.values import fitting, text_of, without_word

__all__ = ["variables"]

MOST_MERGES = 400
"""Ways in which the values of fields that depend on each other are put together."""


def variables(tests: Iterable[Test]) -> list[Variable]:
    """The variables of these tests: fields apart from each other where they don't depend on each other."""
    tests = list(tests)
    heads = {name: name for test in tests for name in names_of(test)}
    for test in tests:
        first, *others = names_of(test)
        for name in (first, *others):
            for related in (*others, *_outer(name)):
                if related in heads:
                    heads[_head(heads, related)] = _head(heads, first)
    groups: dict[str, list[Test]] = {}
    for test in tests:
        groups.setdefault(_head(heads, names_of(test)[0]), []).append(test)
    return [_variable(found) for found in groups.values()]


def _outer(name: str) -> Iterator[str]:
    """The fields in which a field stands."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _head(heads: dict[str, str], name: str) -> str:
    while heads[name] != name:
        heads[name] = heads[heads[name]]
        name = heads[name]
    return name


def _variable(found: list[Test]) -> Variable:
    names = {name for test in found for name in names_of(test)}
    if names == {""}:
        return _Words(found)
    return Variable(found) if len(names) == 1 else _Joint(found)


class _Joint(Variable):
    """Fields that depend on each other: each has its own variable, and what they hold together is tried."""

    is_entangled = True

    def __init__(self, tests: Sequence[Test]) -> None:
        own: dict[str, list[Test]] = {name: [] for test in tests for name in names_of(test)}
        for test in tests:
            if not isinstance(test, FieldRef):
                own[test.field].append(test)  # type: ignore[union-attr]
        self.parts = {name: _Part(name, found) for name, found in own.items()}
        super().__init__(tests)

    def _first(self) -> Iterator[Draft]:
        yield {}
        for name in self.fields:
            yield from self.parts[name].candidates
        refs = [test for test in self.tests if isinstance(test, FieldRef)]
        for test in refs:
            yield from fitting(test, True)
            yield from fitting(test, False)
            for value in self.parts[test.field].values() + self.parts[test.other].values():
                yield {test.field: value, test.other: value}
        yield from islice(self._merged([self.parts[name].kinds() for name in self.fields]), MOST_MERGES)

    @staticmethod
    def _merged(choices: Sequence[Sequence[Draft]]) -> Iterator[Draft]:
        for drafts in product(*choices):
            yield _united(drafts)

    def _record(self, draft: Draft) -> dict[str, Any]:
        before = {name: value for name in self.fields for value in getter(name)(BASE)[:1]}
        return only({**before, **draft})

    def _new(self, wanted: frozenset[Test], unwanted: frozenset[Test]) -> Iterator[Draft]:
        choices = []
        for name in self.fields:
            part, own = self.parts[name], set(self.parts[name].tests)
            found = part.extend(wanted & own, unwanted & own)
            if not found:
                return
            choices.append(part.each(found) if (wanted | unwanted) & own else part.candidates)
        yield from islice(self._merged(choices), MOST_MERGES)
        raise UnknownError


class _Part(Variable):
    """One field of several that depend on each other."""

    def __init__(self, name: str, tests: Sequence[Test]) -> None:
        self.name = name
        super().__init__(tests)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        return (self.name,)

    def values(self) -> list[Any]:
        """The values of the candidates, without the missing one."""
        return [value for draft in self.candidates[:20] for value in draft.values() if value is not MISSING]

    def each(self, found: int) -> list[Draft]:
        """These candidates."""
        return [draft for at, draft in enumerate(self.candidates) if found >> at & 1]

    def kinds(self) -> list[Draft]:
        """A candidate for each set of tests that are true together."""
        kinds: dict[tuple[bool, ...], Draft] = {}
        for at, draft in enumerate(self.candidates):
            kinds.setdefault(tuple(bool(true >> at & 1) for true in self.true.values()), draft)
        return list(kinds.values())


def _united(drafts: Iterable[Draft]) -> Draft:
    """The drafts as one, outer fields first: an object keeps what it has beside the inner fields."""
    united: dict[str, Any] = {}
    for draft in drafts:
        united.update(draft)
    return united


class _Words(Variable):
    """The keywords of a rule: fields in which they can stand, or out of the ordinary record."""

    is_entangled = True

    @cached_property
    def fields(self) -> tuple[str, ...]:
        return ("",)

    def _first(self) -> Iterator[Draft]:
        yield {}
        words = [test for test in self.tests if isinstance(test, Keyword)]
        for test in words:
            yield from fitting(test, True)
        for test in words:
            yield without_word(test)
        yield {"errorMessage": " ".join(map(_word, words))}

    def _record(self, draft: Draft) -> dict[str, Any]:
        return built(draft)

    def _new(self, wanted: frozenset[Test], unwanted: frozenset[Test]) -> Iterator[Draft]:
        removed: Draft = {}
        for test in self._ordered(unwanted):
            removed = {**removed, **without_word(test)} if isinstance(test, Keyword) else removed
        text = " ".join(sorted(map(_word, wanted)))
        yield {**removed, "errorMessage": text or MISSING}
        yield {**removed, "requestParameters.note": text or MISSING}
        raise UnknownError


def _word(test: Test) -> str:
    return text_of(Text("", test.pattern, test.cased)) if isinstance(test, Keyword) else ""
