"""Values around the tests of one field, and texts for what several of them want together, or that there is none.

What the candidates of a field are true on is in `domains`, what one test wants by itself in `values`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, pairwise, product
from typing import Any

from sigmaproof.matching import as_network, number_text, pattern_test
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
    plain,
)
from sigmaproof.regex import Node, RegexError, lucene_regex, parse, parse_spelled
from sigmaproof.verify.language import TooLargeError, pattern_node, shortest
from sigmaproof.verify.records import BASE, MISSING, Draft
from sigmaproof.verify.shaped import shaped
from sigmaproof.verify.values import fitting, text_of, times

__all__ = ["UnknownError", "candidates", "joined_texts", "text_for"]

MOST_PAIRS = 400
"""Pairs of tests that are compared before all together."""
MOST_EXACT = 2**53
"""From here on a float is not every whole number."""


class UnknownError(Exception):
    """Neither a value was found nor was it proved that there is none."""


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
    yield from ({name: value} for value in shaped(name, tests))
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
    """Addresses that begin or end as some pattern does, in the networks of the others where they fit."""
    networks = [test.network.split("/")[0].split(".") for test in tests if isinstance(test, Cidr)]
    texts = [test.pattern for test in tests if isinstance(test, Text) and test.pattern] if networks else []
    for pattern in texts:
        begin, end = (part if isinstance(part, str) else "" for part in (pattern[0], pattern[-1]))
        if begin.replace(".", "").isdigit():
            pieces = begin.rstrip(".").split(".")
            yield from (".".join([*pieces, *[last] * (4 - len(pieces))]) for last in ("0", "1", "200"))
        if end.replace(".", "").isdigit():
            pieces = end.lstrip(".").split(".")
            yield from (".".join([*network[: 4 - len(pieces)], *pieces]) for network in networks if len(network) == 4)


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


def joined_texts(wanted: Sequence[Test]) -> Iterator[str]:
    """What all patterns want in one text: the beginnings, then what stands inside, then the ends."""
    texts = [test for test in wanted if isinstance(test, Text)]
    if len(texts) == len(wanted) > 1:
        kinds = [(test.pattern[:1] == (Wild.ANY,), test.pattern[-1:] == (Wild.ANY,)) for test in texts]
        order = sorted(range(len(texts)), key=lambda at: (kinds[at][0], kinds[at] == (True, False)))
        for between in ("", "x", " ", "-"):
            yield between.join(text_of(texts[at]) for at in order)


def text_for(wanted: Sequence[Test], unwanted: Sequence[Test]) -> str | None:
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
    only = _only_text(*asked)
    if only is not None:
        return only if _fits(only, *asked) else None
    try:
        if any(_excludes(one, other) for one, other in islice(product(*asked), MOST_PAIRS)):
            return None
        return shortest(*([_node(test) for test in side] for side in asked))
    except (TooLargeError, RegexError) as error:
        raise UnknownError from error


def _only_text(wanted: Sequence[Test], unwanted: Sequence[Test]) -> str | None:
    """The text that stands for all on which a wanted test without wildcards is true; None without such a test.

    Soundness: these texts are equal when case is ignored, and a pattern that ignores case has one verdict on all of
    them; a cased one has only one text.
    """
    for test in wanted:
        text = plain(test.pattern) if isinstance(test, Text) else None
        if text is not None and isinstance(test, Text):
            others = [*wanted, *unwanted]
            if all(isinstance(one, Text) and (test.cased or not one.cased) for one in others):
                return text
    return None


def _fits(text: str, wanted: Sequence[Test], unwanted: Sequence[Test]) -> bool:
    holds = [[pattern_test(one.pattern, one.cased)(text) for one in side if isinstance(one, Text)]
             for side in (wanted, unwanted)]  # fmt: skip
    return all(holds[0]) and not any(holds[1])


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
