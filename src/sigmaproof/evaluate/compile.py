"""Compiles a predicate tree to one closure. What a single test means is in `matching`."""

from __future__ import annotations

from sigmaproof.matching import Record, Verdict, matcher
from sigmaproof.predicate import And, Not, Or, Predicate

__all__ = ["compile_predicate"]


def compile_predicate(tree: Predicate) -> Verdict:
    """A function from a record, raw or ECS as the tree's names are, to the rule's verdict."""
    if isinstance(tree, Not):
        inner = compile_predicate(tree.part)
        return lambda record: not inner(record)
    if isinstance(tree, And | Or):
        return _joined(tuple(compile_predicate(part) for part in tree.parts), isinstance(tree, And))
    return matcher(tree)


def _joined(parts: tuple[Verdict, ...], is_and: bool) -> Verdict:
    def all_of(record: Record) -> bool:
        for part in parts:  # noqa: SIM110 - a plain loop is faster than all() with a generator
            if not part(record):
                return False
        return True

    def any_of(record: Record) -> bool:
        for part in parts:  # noqa: SIM110
            if part(record):
                return True
        return False

    return all_of if is_and else any_of
