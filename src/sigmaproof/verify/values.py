"""Values that make one test true or false, spelled as AWS spells them where that is known.

How the values of several tests are put together is in `domains` and `solve`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from collections.abc import Sequence as Listed
from datetime import date
from typing import Any

from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.fields import UnknownFieldError, Writes, table
from sigmaproof.folding import fold
from sigmaproof.matching import number_text, value_test
from sigmaproof.predicate import (
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldRef,
    FieldTest,
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
from sigmaproof.regex import parse
from sigmaproof.regex.tree import Anchor, Chars, Choice, Node, Repeat, Sequence
from sigmaproof.spelling import spellings
from sigmaproof.verify.records import BASE, MISSING

__all__ = ["example_of", "fitting", "ordinary", "text_of", "times", "without_word"]


def fitting(test: Test, truth: bool) -> Iterator[dict[str, Any]]:
    """Values that can make a test true or false, the most ordinary first."""
    if isinstance(test, Keyword):
        text = text_of(Text("", test.pattern, test.cased))
        yield from ({"errorMessage": text}, {"requestParameters.note": text}) if truth else (without_word(test),)
        return
    if isinstance(test, FieldRef):
        yield {test.field: "alice", test.other: "alice" if truth else "bob"}
        yield {test.field: MISSING}
        return
    values = _true_values(test) if truth else _false_values(test)
    yield from ({test.field: value} for value in values)


def without_word(test: Keyword) -> dict[str, Any]:
    """What takes a keyword out of the ordinary record: the fields that hold it, removed, or the other boolean."""
    holds = compile_predicate(test)
    held = ((path, value) for path, value in _leaves(BASE, "") if holds({"a": value}))
    return {path: not value if isinstance(value, bool) else MISSING for path, value in held}


def _leaves(node: dict[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _writes(test: FieldTest) -> Writes:
    """What AWS writes at a test's field; anything, where the table does not say."""
    try:
        located = table().raw(test.field)
    except UnknownFieldError:
        return Writes()
    return Writes(types=("string", "number", "boolean", "object")) if located.sub else located.field.writes


def ordinary(test: FieldTest) -> list[Any]:
    """Values that AWS can write at a test's field."""
    writes = _writes(test)
    if "string" not in writes.types:
        return [{"a": "x"}] if "object" in writes.types else [True, False]
    if writes.spelling == "event_names":
        return ["DescribeInstances", "GetUser"]
    return list(writes.values) or ["x", "other"]


def _true_values(test: FieldTest) -> list[Any]:
    match test:
        case Text():
            return _typed(test, text_of(test))
        case Number():
            return (
                [test.value, number_text(test.value)] if "number" in _writes(test).types else [number_text(test.value)]
            )
        case Boolean():
            return _typed(test, str(test.value).lower())
        case Compare():
            step = {"lt": -1, "gt": 1}.get(test.op, 0)
            return [test.value + step]
        case Null():
            return [MISSING]
        case Exists():
            return ordinary(test)[:1]
        case Regex():
            return [example_of(parse(test.source, test.flags))]
        case Cidr():
            return [str(ipaddress.ip_network(test.network, strict=False).network_address)]
        case TimePart():
            return [text for text in times([test]) if value_test(test)(text)]
    return []


def times(tests: Listed[TimePart]) -> list[str]:
    """Times as CloudTrail writes them: for each set of the tests that can be true together, one.

    Days of 28 years, in which every calendar is found beside every other that can follow it, and of the years that the
    tests name and their neighbours.
    """
    on_days = [value_test(test) for test in tests if test.part not in ("hour", "minute")]
    in_days = [value_test(test) for test in tests if test.part in ("hour", "minute")]
    days: dict[tuple[bool, ...], str] = {}
    for day in _days(tests) if on_days else [date(2026, 1, 15)]:
        days.setdefault(tuple(holds(f"{day}T09:30:00Z") for holds in on_days), str(day))
    clocks: dict[tuple[bool, ...], str] = {}
    for minute in (9 * 60 + 30, *range(24 * 60)) if in_days else [9 * 60 + 30]:
        clock = f"{minute // 60:02}:{minute % 60:02}:00Z"
        clocks.setdefault(tuple(holds(f"2026-01-15T{clock}") for holds in in_days), clock)
    return [f"{day}T{clock}" for day in days.values() for clock in clocks.values()] if tests else []


def _days(tests: Listed[TimePart]) -> Iterator[date]:
    named = {test.value + more for test in tests if test.part == "year" for more in (-1, 0, 1)}
    if any(test.part in {"week", "year"} for test in tests):
        named |= {year + more for year in named for more in range(28)} | set(range(2012, 2040))
    for year in (2026, 2024, *sorted(year for year in named if date.min.year <= year <= date.max.year)):
        first = date(year, 1, 1).toordinal()
        yield from map(date.fromordinal, range(first, min(first + 366, date.max.toordinal() + 1)))


def _typed(test: FieldTest, text: str) -> list[Any]:
    """A text as the type that AWS writes there."""
    if text in ("true", "false") and "boolean" in _writes(test).types:
        return [text == "true", text]
    return [{"a": text}, text] if _writes(test).types == ("object",) else [text]


def _false_values(test: FieldTest) -> list[Any]:
    match test:
        case Null():
            return ordinary(test)
        case Compare():
            return [test.value + {"lt": 1, "lte": 1}.get(test.op, -1), MISSING]
        case Cidr():
            return ["192.0.2.1", "AWS Internal"]
        case Exists():
            return [MISSING]
        case TimePart():
            return [*(text for text in times([test]) if not value_test(test)(text)), MISSING]
    return [*ordinary(test), MISSING]


def text_of(test: Text, fill: str = "") -> str:
    """A text that has the pattern, spelled as AWS does where that is known. fill: what `*` stands for."""
    text = plain(test.pattern)
    if text is None:
        filled = "".join(p if isinstance(p, str) else fill if p is Wild.ANY else "x" for p in test.pattern)
        return fold(filled) if _writes(test).spelling == "lower" and not test.cased else filled
    if test.cased:
        return text
    forms = spellings(_spelling(test), text)
    return forms[0] if forms else text


def _spelling(test: FieldTest) -> Writes:
    """What AWS writes there, for a part of an object too where some call's leaf says so."""
    known = [leaf.writes for leaf in table().leaves if leaf.raw == test.field]
    return known[0] if known else _writes(test)


def example_of(node: Node) -> str:
    """A text that an expression matches, anchors aside."""
    match node:
        case Anchor():
            return ""
        case Chars():
            codes = [low for low, high in node.ranges] + [
                c for low, high in node.ranges for c in (97, 48) if low <= c <= high
            ]
            return chr(codes[-1]) if codes else ""  # a set of no characters: no text matches, any will do
        case Sequence():
            return "".join(map(example_of, node.parts))
        case Choice():
            return example_of(node.parts[0])
        case Repeat():
            return example_of(node.part) * node.least
