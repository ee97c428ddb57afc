"""The other judges of mutants, after `verify` and counted apart: the tables of documents and of lowered EQL.

Each is a test of the project that goes over a table, called as it is, so that a table is read in one way only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import test_eql_lowering
import test_javamap
import test_normalize
import test_normalize_elastic

__all__ = ["broken"]

JAVA = (
    "test_hash_of_strings",
    "test_order_of_a_tree_bin",
    "test_a_crowded_bucket_doubles_a_small_table",
    "test_pruning_keeps_the_order_of_the_parsed_keys",
    "test_length_in_units",
)
Check = tuple[str, Callable[[], object]]


def broken(side: str, limited: Callable[[], AbstractContextManager[None]]) -> str | None:
    """The first entry of the tables of a side that does not hold, or None. limited: stops what never ends."""
    for name, check in {"documents": _documents, "lowering": _lowering}.get(side, _none)():
        try:
            with limited():
                check()
        except BaseException as error:  # pytest's own failures are no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            return name
    return None


def _none() -> Iterator[Check]:
    yield from ()


def _lowering() -> Iterator[Check]:
    for case in test_eql_lowering.CASES:
        yield f"eql_lowering.yml: {case['eql'][:80]}", partial(test_eql_lowering.test_conformance, case)


def _documents() -> Iterator[Check]:
    for case in test_normalize.CASES:
        yield f"normalize.yml: {case['name']}", partial(test_normalize.test_case, case)
    for case in test_normalize.PROFILES:
        yield f"normalize.yml: {case['name']}", partial(test_normalize.test_case_of_a_profile, case)
    for name, era in test_normalize_elastic.ERAS.items():
        yield f"Elastic's documents, {era}: {name}", partial(_elastic, name)
    for value, text in _marked(test_javamap.test_text):
        yield f"test_javamap: {text}", partial(test_javamap.test_text, value, text)
    for name in JAVA:
        yield f"test_javamap: {name}", getattr(test_javamap, name)


def _elastic(name: str) -> None:
    test_normalize_elastic.test_documents_of_elastic(name)


def _marked(test: Any) -> list[Any]:
    """What a test is parametrized with."""
    found: list[Any] = test.pytestmark[0].args[1]
    return found
