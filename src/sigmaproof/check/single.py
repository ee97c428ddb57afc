"""Whether a single value satisfies several tests of a field: a proof, on candidates and on the languages of texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from sigmaproof.predicate import Test, Text, field_of, plain

__all__ = ["Literal", "is_impossible"]

Literal: TypeAlias = tuple[Test, bool]
"""A test, and whether it is negated."""

MOST_CHOICES = 100
"""Ways of choosing one test of each alternative that are tried for a field; of more nothing is claimed."""


@lru_cache(maxsize=32)  # two checks ask for the same
def is_impossible(demands: tuple[tuple[Literal, ...], ...]) -> bool:
    """Whether no single text, and no missing field, satisfies one alternative of each demand.

    Soundness: a field that is missing, or null, is tried on each demand; what is left is a text, on which `text_for`
    proves. Anything unknown is not claimed.
    """
    from itertools import product
    from math import prod

    from sigmaproof.verify.candidates import UnknownError
    from sigmaproof.verify.records import MISSING

    holds = _all_hold(demands)
    if any(map(holds, (MISSING, None))):
        return False
    texts = _only_texts(demands)
    if texts is not None:
        return not any(map(holds, texts))
    if prod(map(len, demands)) > MOST_CHOICES:
        return False
    try:
        return all(_no_text(choice) for choice in product(*demands))
    except UnknownError:
        return False


def _only_texts(demands: Sequence[Sequence[Literal]]) -> list[str] | None:
    """The texts of a demand for one of a list, which stand for all that are equal when case is ignored, as no test here
    tells those apart; None where it isn't so."""
    tests = [test for choices in demands for test, _ in choices]
    if not all(isinstance(test, Text) and not test.cased for test in tests):
        return None
    lists = ([None if negated else _plain(test) for test, negated in choices] for choices in demands)
    found = next((texts for texts in lists if None not in texts), None)
    return None if found is None else [text for text in found if text is not None]


def _plain(test: Test) -> str | None:
    return plain(test.pattern) if isinstance(test, Text) else None


def _all_hold(demands: Sequence[Sequence[Literal]]) -> Callable[[Any], bool]:
    """Says whether each demand has an alternative that holds when the field has a value."""
    from sigmaproof.matching import matcher
    from sigmaproof.verify.records import only

    field = field_of(demands[0][0][0])
    compiled = [[(matcher(test), negated) for test, negated in choices] for choices in demands]

    def holds(value: Any) -> bool:
        record = only({field: value})
        return all(any(is_true(record) is not negated for is_true, negated in choices) for choices in compiled)

    return holds


def _no_text(choice: Sequence[Literal]) -> bool:
    from sigmaproof.verify.candidates import text_for

    wanted = [test for test, negated in choice if not negated]
    unwanted = [test for test, negated in choice if negated]
    return not _is_number_like([*wanted, *unwanted]) and text_for(wanted, unwanted) is None


def _is_number_like(tests: Sequence[Test]) -> bool:
    """Whether tests are of kinds for which `text_for` proves nothing unless candidates were tried before."""
    from sigmaproof.predicate import Cidr, Compare, Number, TimePart

    return any(isinstance(test, Cidr | Compare | Number | TimePart) for test in tests)
