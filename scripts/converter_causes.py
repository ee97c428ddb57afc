"""Says why another converter's verdict is wrong, in one of a few words: which way of reading the rule gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.fields import UnknownFieldError, table
from sigmaproof.predicate import And, Boolean, Cidr, Exists, Not, Null, Number, Or, Predicate, Regex, Test, Text, tests

# In the order in which they are tried, with what the page says of each.
CAUSES = {
    "case, free text": "the value differs from the rule's in case only, in a field whose text the caller chooses",
    "case, part of an object": "the same in a part of `requestParameters` or the like, whose spelling nobody lists",
    "expression": "an expression is read as one for the whole value, or with another meaning of case or anchors",
    "null or exists": "a test for a missing field",
    "network": "a network, on an address that is a keyword *(field)*",
    "part of an object": "a part of an open object, which lies in a field of type flattened *(field)*",
    "text": "another text or pattern",
    "number or boolean": "a number or a boolean",
    "several": "more than one of these at once",
}


def cause(tree: Predicate, record: Mapping[str, Any], verdict: bool) -> str:
    """One of CAUSES. verdict: the wrong one."""
    for part in (False, True):
        cased = _mapped(tree, lambda test, part=part: _cased(test, part))  # type: ignore[misc]
        if compile_predicate(cased)(record) is verdict:
            return "case, part of an object" if part else "case, free text"
    for test in dict.fromkeys(test for test, _ in tests(tree)):
        flipped = _mapped(tree, lambda other, own=test: Not(other) if other == own else other)  # type: ignore[misc]
        if compile_predicate(flipped)(record) is verdict:
            return _kind(test)
    return "several"


def _mapped(tree: Predicate, change: Callable[[Test], Predicate]) -> Predicate:
    """The tree with every test changed."""
    if isinstance(tree, And | Or):
        return replace(tree, parts=tuple(_mapped(part, change) for part in tree.parts))
    return Not(_mapped(tree.part, change)) if isinstance(tree, Not) else change(tree)


def _cased(test: Test, parts_too: bool) -> Test:
    if isinstance(test, Text) and (parts_too or not _is_part(test)):
        return replace(test, cased=True)
    return test


def _is_part(test: Test) -> bool:
    try:
        return bool(table().raw(getattr(test, "field", "")).sub)
    except UnknownFieldError:
        return False


def _kind(test: Test) -> str:
    return next(_kinds(test))


def _kinds(test: Test) -> Iterator[str]:
    if isinstance(test, Regex):
        yield "expression"
    if isinstance(test, Null | Exists):
        yield "null or exists"
    if isinstance(test, Cidr):
        yield "network"
    if _is_part(test):
        yield "part of an object"
    if isinstance(test, Number | Boolean):
        yield "number or boolean"
    yield "text"
