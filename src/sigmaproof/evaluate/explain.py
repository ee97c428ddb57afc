"""Why a rule matched a record or did not: the verdict of every node, and the values that each test saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.matching import value_text
from sigmaproof.paths import getter
from sigmaproof.predicate import And, FieldRef, Keyword, Not, Or, Predicate, Test, describe

__all__ = ["Step", "deciding", "explain", "pivotal", "values_of"]

LONGEST = 120


@dataclass(frozen=True, slots=True)
class Step:
    """One node of the tree. values: what the record has there, shortened; empty for and, or, not."""

    depth: int
    verdict: bool
    words: str
    values: tuple[str, ...] = ()
    is_test: bool = False


def explain(tree: Predicate, record: Mapping[str, Any]) -> list[Step]:
    """Every node's verdict on this record, top down."""
    return list(_steps(tree, record, 0))


def _steps(tree: Predicate, record: Mapping[str, Any], depth: int) -> Iterator[Step]:
    verdict = compile_predicate(tree)(record)
    if isinstance(tree, And | Or):
        yield Step(depth, verdict, "all of" if isinstance(tree, And) else "any of")
        for part in tree.parts:
            yield from _steps(part, record, depth + 1)
    elif isinstance(tree, Not):
        yield Step(depth, verdict, "not")
        yield from _steps(tree.part, record, depth + 1)
    else:
        yield Step(depth, verdict, describe(tree), values_of(tree, record), is_test=True)


def values_of(test: Test, record: Mapping[str, Any]) -> tuple[str, ...]:
    """What the record has at the test's field (and at the other one, for a comparison of fields)."""
    if isinstance(test, Keyword):
        return ()
    names = (test.field, test.other) if isinstance(test, FieldRef) else (test.field,)
    return tuple(f"{name} = {_shown(getter(name)(record))}" for name in names)


def _shown(values: list[Any]) -> str:
    if not values:
        return "(missing)"
    return ", ".join(_short(repr(value) if isinstance(value, str) else value_text(value)) for value in values[:5])


def _short(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]} … {text[-LONGEST // 4 :]} ({len(text):,} characters)"


def deciding(tree: Predicate, record: Mapping[str, Any]) -> list[Test]:
    """The tests that make the verdict what it is: under a false `and` the false ones, under a true `or` the true."""
    if isinstance(tree, Not):
        return deciding(tree.part, record)
    if not isinstance(tree, And | Or):
        return [tree]
    verdict = compile_predicate(tree)(record)
    parts = [part for part in tree.parts if compile_predicate(part)(record) == verdict]
    return [test for part in parts for test in deciding(part, record)]


def pivotal(tree: Predicate, record: Mapping[str, Any]) -> set[Test]:
    """The tests that decide alone: if one of them had the other verdict, so would the rule."""
    if isinstance(tree, Not):
        return pivotal(tree.part, record)
    if not isinstance(tree, And | Or):
        return {tree}
    neutral = isinstance(tree, And)
    others = [part for part in tree.parts if compile_predicate(part)(record) is not neutral]
    if len(others) > 1:
        return set()
    return {test for part in others or tree.parts for test in pivotal(part, record)}
