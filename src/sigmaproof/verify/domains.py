"""What the fields of a rule can hold: for each field candidate values, and which of its tests each makes true.

A value is found in three steps: the ordinary ones around each test; texts from automata (`language`), which also
prove that there is none; lists, in which each element satisfies another test. Fields that depend on each other (one
inside of the other, or compared with each other) are one variable. How variables are put together is in `solve`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice, pairwise, product
from typing import Any

from sigmaproof.folding import fold
from sigmaproof.matching import as_network, matcher, number_text
from sigmaproof.paths import getter
from sigmaproof.predicate import (
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldRef,
    Keyword,
    Null,
    Number,
    Regex,
    Test,
    Text,
    TimePart,
    Wild,
    field_of,
    plain,
)
from sigmaproof.regex import Node, RegexError, lucene_regex, parse, parse_spelled
from sigmaproof.verify.language import TooLargeError, pattern_node, shortest
from sigmaproof.verify.records import BASE, MISSING, Draft, built, only
from sigmaproof.verify.values import fitting, text_of, times, without_word

__all__ = ["UnknownError", "Variable", "variables"]

# Evaluations of tests on candidates that a field may cost, and merges of fields that depend on each other.
MOST_EVALUATIONS, MOST_MERGES = 200_000, 400
MOST_PAIRS, MOST_FAILURES = 400, 6
"""Pairs of tests that are compared before all together, and searches of a field that may end without a result."""
MOST_EXACT = 2**53
"""From here on a float is not every whole number."""


class UnknownError(Exception):
    """Neither a value was found nor was it proved that there is none."""


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
        for draft in islice(self._first(), room):
            self.add(draft)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields of the tests, the outer ones first."""
        names = [name for test in self.tests for name in _names(test)]
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
        from sigmaproof.verify.admissible import why_inadmissible

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
                if self._failures > MOST_FAILURES:
                    raise UnknownError
                for draft in self._new(wanted, unwanted):
                    self.add(draft)
            except UnknownError as error:
                self._failures += not self.matching(wanted, unwanted)
                self._tried[key] = error
        found = self.matching(wanted, unwanted)
        if not found and (unknown := self._tried[key]):
            raise unknown
        return found

    def _new(self, wanted: frozenset[Test], unwanted: frozenset[Test]) -> Iterator[Draft]:
        """Candidates for these demands. Raises UnknownError after them, unless there can't be others."""
        name, unknown = self.fields[0], None
        for joined in _joined_texts(self._ordered(wanted)):
            yield {name: joined}
        if self.matching(wanted, unwanted):
            return
        try:
            text = _text(self._ordered(wanted), self._ordered(unwanted))
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


def _names(test: Test) -> tuple[str, ...]:
    return (test.field, test.other) if isinstance(test, FieldRef) else (field_of(test),)


def _plain_texts(tests: Iterable[Test]) -> dict[tuple[str, bool], Test]:
    """Tests for one text: what they are true on is looked up and not tried."""
    found: dict[tuple[str, bool], Test] = {}
    for test in tests:
        text = plain(test.pattern) if isinstance(test, Text) else None
        if isinstance(test, Text) and text is not None:
            found.setdefault((text if test.cased else fold(text), test.cased), test)
    return found


def candidates(name: str, tests: Iterable[Test]) -> Iterator[Draft]:
    """Values of one field around its tests: what the ordinary record has, nothing, and what each test is about."""
    tests = [test for test in tests if not isinstance(test, Keyword | FieldRef) and test.field == name]
    yield from ({name: value} for value in getter(name)(BASE)[:1])
    yield {name: MISSING}
    for truth in (True, False):
        for test in tests:
            yield from fitting(test, truth)
    for test in tests:
        yield from ({name: value} for value in _edges(test))
    yield from ({name: value} for value in times([test for test in tests if isinstance(test, TimePart)]))
    yield from ({name: value} for value in _between(tests))
    yield from ({name: value} for value in _addresses(tests))
    yield from ({name: value} for value in (None, "x", "other", "", "0", True, False, {"a": "x"}))


def _between(tests: Iterable[Test]) -> Iterator[Any]:
    """A number between each two that the tests name, and one beyond them; each also in its other form and as a text."""
    named = sorted({test.value for test in tests if isinstance(test, Compare | Number)})
    middles = [(low + high) / 2 for low, high in pairwise(named)]
    for value in [*named, *middles, *([named[0] - 1, named[-1] + 1] if named else [])]:
        whole = isinstance(value, float) and value.is_integer() and abs(value) < MOST_EXACT
        forms = (value, float(value) if abs(value) < MOST_EXACT else value, int(value) if whole else value)
        yield from forms
        yield from map(number_text, forms)


def _addresses(tests: Sequence[Test]) -> Iterator[str]:
    """Addresses that begin as some pattern does, in the networks of the others where they fit."""
    if any(isinstance(test, Cidr) for test in tests):
        for test in tests:
            begin = test.pattern[0] if isinstance(test, Text) and test.pattern else ""
            if isinstance(begin, str) and begin.replace(".", "").isdigit():
                pieces = begin.rstrip(".").split(".")
                yield from (".".join([*pieces, *[last] * (4 - len(pieces))]) for last in ("0", "1", "200"))


def _edges(test: Test) -> Iterator[Any]:
    """Values beside the edge of a number, and beside a network: with one of each, every combination is there."""
    if isinstance(test, Cidr):
        network = as_network(test.network)
        for number in (int(network.network_address) - 1, int(network.broadcast_address) + 1):
            if 0 <= number < 1 << network.max_prefixlen:
                yield str(type(network.network_address)(number))
    if isinstance(test, Boolean):
        yield from (test.value, not test.value, str(test.value).lower())
    if isinstance(test, Text) and plain(test.pattern) is None:
        yield text_of(test, "x")


def _joined_texts(wanted: Sequence[Test]) -> Iterator[str]:
    """What all patterns want in one text: the beginnings, then what stands inside, then the ends."""
    texts = [test for test in wanted if isinstance(test, Text)]
    if len(texts) == len(wanted) > 1:
        kinds = [(test.pattern[:1] == (Wild.ANY,), test.pattern[-1:] == (Wild.ANY,)) for test in texts]
        order = sorted(range(len(texts)), key=lambda at: (kinds[at][0], kinds[at] == (True, False)))
        for between in ("", "x", " ", "-"):
            yield between.join(text_of(texts[at]) for at in order)


def _text(wanted: Sequence[Test], unwanted: Sequence[Test]) -> str | None:
    """A text for these demands, None when there is none. Raises UnknownError.

    **Soundness** of None: texts are regular in every test but comparisons, networks and times, for which a candidate
    of every kind was tried (`_is_tried`); a lone surrogate is matched by an expression as U+FFFD, so where a pattern
    names that one nothing is proved.
    """
    if any(isinstance(test, Null) for test in wanted) or any(isinstance(test, Exists) for test in unwanted):
        return None  # a text is there and is not null: what remains was tried
    asked = [[test for test in side if not isinstance(test, Null | Exists)] for side in (wanted, unwanted)]
    if any(isinstance(test, Text) and "\ufffd" in str(test.pattern) for test in (*asked[0], *asked[1])):
        raise UnknownError
    if _is_tried([*asked[0], *asked[1]]):
        return None
    try:
        if any(_excludes(one, other) for one, other in islice(product(*asked), MOST_PAIRS)):
            return None
        return shortest(*([_node(test) for test in side] for side in asked))
    except (TooLargeError, RegexError) as error:
        raise UnknownError from error


@lru_cache(maxsize=20_000)
def _excludes(one: Test, other: Test) -> bool:
    """Whether every text on which the one is true makes the other true: quickly found where all together are not."""
    try:
        return shortest([_node(one)], [_node(other)]) is None
    except TooLargeError:
        return False


def _is_tried(tests: Sequence[Test]) -> bool:
    """Whether the candidates are all that can be told apart: between any two numbers that the tests name there is one,
    on either side of each network, and a time for each set of tests (`values.times`)."""
    kinds = (Compare | Number, Cidr, TimePart)
    return any(all(isinstance(test, kind) for test in tests) for kind in kinds)


@lru_cache(maxsize=2_000)
def _node(test: Test) -> Node:
    match test:
        case Text():
            return pattern_node(test.pattern, test.cased)
        case Regex():
            return parse_spelled(lucene_regex(parse(test.source, test.flags)))
        case Boolean():
            return pattern_node((str(test.value).lower(),), cased=False)
        case Number():
            return pattern_node((number_text(test.value),), cased=True)
    raise UnknownError


class _Joint(Variable):
    """Fields that depend on each other: each has its own variable, and what they hold together is tried."""

    is_entangled = True

    def __init__(self, tests: Sequence[Test]) -> None:
        own: dict[str, list[Test]] = {name: [] for test in tests for name in _names(test)}
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


def variables(tests: Iterable[Test]) -> list[Variable]:
    """The variables of these tests: fields apart from each other where they don't depend on each other."""
    tests = list(tests)
    heads = {name: name for test in tests for name in _names(test)}
    for test in tests:
        first, *others = _names(test)
        for name in (first, *others):
            for related in (*others, *_outer(name)):
                if related in heads:
                    heads[_head(heads, related)] = _head(heads, first)
    groups: dict[str, list[Test]] = {}
    for test in tests:
        groups.setdefault(_head(heads, _names(test)[0]), []).append(test)
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
    names = {name for test in found for name in _names(test)}
    if names == {""}:
        return _Words(found)
    return Variable(found) if len(names) == 1 else _Joint(found)
