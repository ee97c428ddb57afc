"""Generates raw records that decide a rule: for each test, the values on which engines are known to disagree.

Each record is built on one in which that test alone decides (`decide`). Whether AWS can write it is in `admissible`;
whether engines differ on it is measured, never assumed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from sigmaproof.fields import DEFAULT, FieldTable, Located, UnknownFieldError, table
from sigmaproof.predicate import FieldRef, FieldTest, Keyword, Predicate, Test, Text, Wild, tests
from sigmaproof.verify.decide import Coverage, decide
from sigmaproof.verify.elsewhere import changes, keyword_changes
from sigmaproof.verify.forms import around, sized
from sigmaproof.verify.records import Draft, built
from sigmaproof.verify.suggested import suggested
from sigmaproof.verify.values import fitting, text_of

__all__ = ["Witnesses", "generate", "witnesses"]

MOST_ALIKE = 12
"""Tests of one kind on one field around which all values are tried; around more of them, only the nearest ones."""
KEPT = 32_766
"""Characters that the index keeps of any keyword."""


@dataclass(frozen=True)
class Witnesses:
    """The records generated for a rule, each once, in a fixed order, and which of its tests they decide."""

    records: list[dict[str, Any]]
    coverage: Coverage


def witnesses(tree: Predicate, integration: str = DEFAULT) -> list[dict[str, Any]]:
    """The records of `generate`."""
    return generate(tree, integration).records


def generate(tree: Predicate, integration: str = DEFAULT) -> Witnesses:
    """Records for a rule's tree over raw fields.

    integration: whose shared and moved fields, and whose limits, are tried. Raises UnknownIntegrationError.
    """
    fields = table(integration)
    coverage = decide(tree)
    found: dict[bytes, dict[str, Any]] = {}
    for draft in _drafts(tree, coverage, fields):
        record = built(draft)
        found.setdefault(_key(record), record)
    return Witnesses(list(found.values()), coverage)


def _key(record: dict[str, Any]) -> bytes:
    """The record as text, in its own order."""
    try:
        return orjson.dumps(record)
    except TypeError:  # a lone surrogate, or a number beyond 64 bits
        return json.dumps(record).encode()


def _drafts(tree: Predicate, coverage: Coverage, fields: FieldTable) -> Iterator[Draft]:
    yield from (decision.draft for decision in coverage.decisions if decision.draft is not None)
    if coverage.example is not None:
        yield coverage.example
    everything = list(dict.fromkeys(test for test, _ in tests(tree)))
    yield from _beyond(everything, coverage)
    more = list(suggested(everything))
    alike: Counter[tuple[object, ...]] = Counter()
    for test, draft in _pivots(coverage):
        alike[_kind(test)] += 1
        beside = " ".join(text_of(one) for one in everything if isinstance(one, Text) and _same_field(one, test))
        yield from _around(test, draft, beside, fields, alike[_kind(test)] > MOST_ALIKE)
        if not isinstance(test, Keyword):
            yield from ({**draft, field: value} for field, value in more if field == test.field)


def _beyond(everything: list[Test], coverage: Coverage) -> Iterator[Draft]:
    """For tests that were not looked at: what makes them true, on a record that decides one of their kind."""
    looked = {decision.test for decision in coverage.decisions}
    known = {_kind(decision.test): decision.draft for decision in coverage.decisions if decision.draft is not None}
    for test in everything:
        if test not in looked and _kind(test) in known:
            yield {**known[_kind(test)], **next(fitting(test, True), {})}


def _kind(test: Test) -> tuple[object, ...]:
    """What makes tests alike: the field, the class, and where a pattern has its wildcards."""
    if isinstance(test, Text):
        shape = [part if isinstance(part, Wild) else str for part in test.pattern]
        return (Text, test.field, test.cased, tuple(shape[:3]), tuple(shape[-2:]))
    return (type(test), "" if isinstance(test, Keyword) else test.field)


def _same_field(other: Text, test: Test) -> bool:
    return other != test and not isinstance(test, Keyword) and other.field == test.field


def _pivots(coverage: Coverage) -> Iterator[tuple[Test, Draft]]:
    """Each test, in each of its places, with a draft in which it decides, if there is one: what is not its own is
    neutral then."""
    halves: dict[int, Draft] = {}
    for at, decision in enumerate(coverage.decisions):
        if decision.draft is not None:
            halves[at // 2] = decision.draft  # the false half, where both are there
    for place, decision in enumerate(coverage.decisions[::2]):
        # a test that never decides alone is looked at where the rule is true
        draft = halves.get(place, coverage.example)
        if draft is not None:
            yield decision.test, draft


def _around(test: Test, draft: Draft, beside: str, fields: FieldTable, near: bool) -> Iterator[Draft]:
    """beside: the texts that other tests of the same field want. near: only the values nearest to the wanted one."""
    for truth in (True, False):
        for values in fitting(test, truth):
            yield {**draft, **values}
    if near:
        yield from _near(test, draft)
        return
    if isinstance(test, Keyword):
        yield from keyword_changes(test, draft, fields)
    if isinstance(test, Keyword | FieldRef):
        return
    try:
        located = fields.raw(test.field)
    except UnknownFieldError:
        return
    yield from _own(test, located, draft, beside)
    for changed in changes(test, located, draft, fields):
        yield changed
        value = changed.get(test.field)
        if beside and not located.sub and isinstance(value, dict):
            yield {**changed, test.field: {**value, "z": beside}}


def _near(test: Test, draft: Draft) -> Iterator[Draft]:
    if isinstance(test, Text):
        text = text_of(test)
        for value in (text.swapcase(), f"x{text}", f"{text}x", text[:-1], text[1:]):
            yield {**draft, test.field: value}


def _own(test: FieldTest, located: Located, draft: Draft, beside: str) -> Iterator[Draft]:
    """Other values of the test's own field."""
    own = draft.get(test.field)
    values = list(around(test, located.field.open and not located.sub))
    values += (text for size in _sizes(located) for text in sized(test, _example(test), size))
    for value in values:
        yield {**draft, test.field: value}
        if isinstance(own, str) and isinstance(value, str):
            yield {**draft, test.field: own + value}
            yield {**draft, test.field: [own, value]}
        if beside and isinstance(value, dict):
            yield {**draft, test.field: {**value, "z": beside}}


def _sizes(located: Located) -> list[int]:
    """The lengths from which on the homes of a field don't keep a value, or cut it."""
    limits = {home.ignore_above for home in located.field.homes} | {KEPT}
    return sorted(limit for limit in limits if limit is not None)


def _example(test: FieldTest) -> str:
    """A text on which the test is true; the empty one for a test that no text satisfies."""
    values = (value for values in fitting(test, True) for value in values.values())
    return next((value for value in values if isinstance(value, str)), "")
