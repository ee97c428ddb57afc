"""What EQL computes before the search: comparisons of two constants, with three-valued null.

Facts: BinaryComparisonProcessor, InProcessor, InsensitiveBinaryComparisonProcessor of Elasticsearch.
Arithmetic
and functions of constants are not computed here; simplify.py refuses them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sigmaproof.verify.eql.ast import Scalar
from sigmaproof.verify.eql.plan import kind_of

_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


def compare(symbol: str, left: Scalar, right: Scalar) -> bool | None:
    """`left symbol right` with one of `< <= > >= ==`; None if one is null or their kinds differ."""
    if left is None or right is None or kind_of(left) != kind_of(right):
        return None
    if isinstance(left, str) and isinstance(right, str):
        return _TESTS[symbol](_utf16(left), _utf16(right))
    return _TESTS[symbol](left, right)


def _utf16(text: str) -> bytes:
    """A key that sorts like Java's strings."""
    return text.encode("utf-16-be", "surrogatepass")


def same_ignoring_case(left: Scalar, right: Scalar) -> bool | None:
    """`:` on two constants: Java's comparison of Unicode letters, unlike the ASCII folding of a query."""
    if left is None or right is None:
        return None
    return _folded(str(left)) == _folded(str(right))


def _folded(text: str) -> list[str]:
    """`String.compareToIgnoreCase`: each character by itself, in upper case and that in lower case."""
    return [_one(str.lower, _one(str.upper, char)) for char in text]


def _one(change: Callable[[str], str], char: str) -> str:
    """A character of another case, where that is one character; Java's U+0130 is an i."""
    other = change(char)[:1] if char == "\u0130" else change(char)
    return other if len(other) == 1 else char


def one_of(value: Scalar, values: Iterable[Scalar]) -> bool | None:
    """`in` on constants: null if nothing is equal and a comparison is null."""
    tests = [compare("==", value, each) for each in values]
    if True in tests:
        return True
    return None if None in tests else False
