"""Values that AWS's service models allow at the parameters that a rule tests, for the calls that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import Any

from sigmaproof import servicemodels
from sigmaproof.predicate import FieldRef, Keyword, Test, Text, plain
from sigmaproof.spelling import event_names

__all__ = ["suggested"]

MOST_CALLS = 24


def suggested(tests: Iterable[Test]) -> Iterator[tuple[str, Any]]:
    """Fields of these tests, each with a value; nothing without the models, or where a rule names no call."""
    tests = list(tests)
    names = {test.field for test in tests if not isinstance(test, Keyword | FieldRef)}
    fields = sorted(name for name in names if name.startswith(("requestParameters.", "responseElements.")))
    if fields and servicemodels.available():
        for source, name in islice(product(_texts(tests, "eventSource"), _texts(tests, "eventName")), MOST_CALLS):
            for field in fields:
                yield from ((field, value) for value in servicemodels.suggestions(source, name, field))


def _texts(tests: Iterable[Test], field: str) -> list[str]:
    """The texts that a field is tested for, names of calls as AWS spells them."""
    found = [plain(test.pattern) for test in tests if isinstance(test, Text) and test.field == field]
    return list(dict.fromkeys(one for text in found if text for one in event_names().get(text.lower(), (text,))))
