"""Values that AWS's service models allow at the parameters that a rule tests, for the calls that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from typing import Any

from sigmaproof import servicemodels
from sigmaproof.matching import value_test
from sigmaproof.predicate import Exists, FieldRef, Keyword, Null, Test, Text, field_of, plain
from sigmaproof.spelling import event_names

__all__ = ["suggested"]

MOST_CALLS, MOST_VALUES = 24, 40


def suggested(tests: Iterable[Test]) -> Iterator[tuple[str, Any]]:
    """Fields of these tests, each with a value; nothing without the models, or where a rule names no call."""
    tests = list(tests)
    names = {test.field for test in tests if not isinstance(test, Keyword | FieldRef)}
    fields = sorted(name for name in names if name.startswith(("requestParameters.", "responseElements.")))
    if fields and servicemodels.available():
        for source, name in islice(product(_texts(tests, "eventSource"), _texts(tests, "eventName")), MOST_CALLS):
            for field in fields:
                values = servicemodels.suggestions(source, name, field)
                yield from ((field, value) for value in _some(values, [t for t in tests if field_of(t) == field]))


def _some(values: Sequence[Any], tests: Sequence[Test]) -> list[Any]:
    """Of many values the first and the last ones, and some on which each test is true, and false."""
    if len(values) <= MOST_VALUES:
        return list(values)
    found = [*values[: MOST_VALUES // 4], *values[-MOST_VALUES // 4 :]]
    for test in tests:
        if not isinstance(test, Keyword | FieldRef | Null | Exists):
            holds = value_test(test)
            for truth in (True, False):
                found += islice((value for value in values if holds(value) is truth), 3)
    return list(dict.fromkeys(found))


def _texts(tests: Iterable[Test], field: str) -> list[str]:
    """The texts that a field is tested for, names of calls as AWS spells them."""
    found = [plain(test.pattern) for test in tests if isinstance(test, Text) and test.field == field]
    return list(dict.fromkeys(one for text in found if text for one in event_names().get(text.lower(), (text,))))
