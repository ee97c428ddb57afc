"""A second opinion on EQL: the engine of the PyPI package `eql` judges the witnesses, where it is known to agree.

Its verdict must be that of the real Elasticsearch on the lowered query. What is outside of that subset is counted, by
cause; the subset is in `eqlsubset`. Queries that the package has to be told otherwise: test_eql_package.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from cases import all_cases
from conftest import REQUIRED, ROOT, SHARED
from eqlsubset import OF_DOCUMENTS, OF_QUERIES, outside, outside_on, verdicts
from test_eql_package import rewritten

from sigmaproof.conversion import convert_rule
from sigmaproof.fields import table
from sigmaproof.normalize import normalize
from sigmaproof.rules import Rule, load_files
from sigmaproof.verify.engines.mapping import mapping
from sigmaproof.verify.eql import lower, types_of
from sigmaproof.verify.witness import witnesses

if not REQUIRED:
    pytest.importorskip("eql", reason="NOT RUN with the package eql: it is in the extra sigmaproof[test]")

TYPES = types_of(mapping(table()))
# About that many witnesses of a rule, evenly.
OF_A_CASE, OF_A_RULE = 8, 60


@dataclass
class Opinions:
    """What both engines said of each pair inside, and what was outside. pairs: (query, document) -> both verdicts."""

    queries: dict[str, dict[str, Any]] = field(default_factory=dict)
    outside: Counter[str] = field(default_factory=Counter)
    documents: Counter[str] = field(default_factory=Counter)
    package: dict[str, set[str]] = field(default_factory=dict)
    real: dict[str, set[str]] = field(default_factory=dict)
    rejected: set[str] = field(default_factory=set)

    def kept(self, query: str) -> set[str]:
        """The documents of a query on which both have a verdict."""
        return self.queries[query].keys() - self.rejected

    @property
    def pairs(self) -> int:
        return sum(len(self.kept(query)) for query in self.queries)

    @property
    def found(self) -> int:
        return sum(len(self.real[query] & self.kept(query)) for query in self.queries)


def real_rules() -> list[Rule]:
    public = sorted((SHARED / "data/sigmahq-rules").rglob("*.yml"))
    return load_files([*sorted((ROOT / "sigma_rules").rglob("*.yml")), *public]).rules


@pytest.fixture(scope="module")
def opinions(engine: Any) -> Opinions:
    said = Opinions()
    names: dict[str, str] = {}
    for rule in real_rules():
        _gather(said, rule, names)
    for case in all_cases():
        _gather(said, case.rule, names, case.records)
    documents = {name: document for found in said.queries.values() for name, document in found.items()}
    said.rejected = set(engine.load(documents.items()).rejected)
    answers = engine.search([lower(query, TYPES) for query in said.queries])
    for query, answer in zip(said.queries, answers, strict=True):
        assert answer.error is None, (query, answer.error)
        said.real[query] = set(answer.matched) & set(said.queries[query])
        said.package[query] = verdicts(rewritten(query), said.queries[query])
    return said


def _gather(said: Opinions, rule: Rule, names: dict[str, str], records: Sequence[tuple[Any, bool]] = ()) -> None:
    """Adds the rule's query with the documents on which both engines should agree, or the causes why there is none.

    records: those of a case.
    """
    query = convert_rule(rule, "eql").query
    cause = outside(query, TYPES) if query is not None else None
    if cause is not None:
        said.outside[cause] += 1
    elif query is not None:
        made = witnesses(rule.tree)
        step = 1 + len(made) // (OF_A_CASE if records else OF_A_RULE)
        inside = said.queries.setdefault(query, {})
        for document in _documents([*(record for record, _ in records), *made[::step]]):
            if (cause := outside_on(query, document, TYPES)) is None:
                inside[names.setdefault(repr(document), str(len(names)))] = document
            else:
                said.documents[cause] += 1


def _documents(records: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Those of records that can be normalized."""
    for record in records:
        with suppress(ValueError):
            yield normalize(record)


def test_both_engines_agree(opinions: Opinions) -> None:
    wrong = {
        query: [said[name] for name in sorted(differing)[:2]]
        for query, said in opinions.queries.items()
        if (differing := (opinions.package[query] ^ opinions.real[query]) & opinions.kept(query))
    }
    assert wrong == {}


def test_enough_is_judged(opinions: Opinions) -> None:
    print(f"\n{len(opinions.queries)} queries, {opinions.pairs:,} pairs with a document, {opinions.found:,} found")
    print(f"queries outside: {dict(opinions.outside)}\ndocuments outside: {dict(opinions.documents)}")
    assert len(opinions.queries) > 200
    assert opinions.pairs > (2500 if SHARED.is_dir() else 1500)
    assert opinions.found > 500
    assert set(opinions.outside) <= set(OF_QUERIES)
    assert set(opinions.documents) <= set(OF_DOCUMENTS)


QUERIES = [
    ('?event.action == "a"', None),
    ('?event.action : ("a*", "b") or ?event.action in~ ("c")', None),
    ('not (?event.action != null and ?event.action == "a")', None),
    ('not (?event.action != null and (?event.action == "a" or ?event.action : "b*"))', None),
    ("not ?event.action == null", None),
    ('not ?event.action == "a"', "unguarded"),
    ('not (?event.action == "a" and ?event.action != null)', "unguarded"),
    ('not not ?event.action : "a"', "unguarded"),
    ('?event.action regex ".*a.*"', "regex"),
    ('?event.action like "a*"', "like"),
    ('?event.action : "a?"', "question mark"),
    ('?event.action == "a?"', None),
    ('?event.action == "é"', "not ascii"),
    ('?@timestamp >= "2026-01-01T00:00:00Z"', "time"),
    ('?event.action == "a" and true', "not a field"),
]


@pytest.mark.parametrize(("condition", "cause"), QUERIES)
def test_which_queries_are_outside(condition: str, cause: str | None) -> None:
    assert outside(f"any where {condition}", TYPES) == cause


DOCUMENTS: list[tuple[str, Any, str | None]] = [
    ('?event.action == "Ab"', "Ab", None),
    ('?event.action == "Ab"', "x", None),
    ('?event.action == "Ab"', None, None),
    ('?event.action == "Ab"', "aB", "only case"),
    ('?event.action in ("x", "Ab")', "ab", "only case"),
    ('?event.action : "Ab"', "aB", None),
    ('?event.action == "Ab"', ["Ab"], "list"),
    ("?event.action == null", {"a": 1}, "object"),
    ('?event.action == "5"', 5, "type"),
    ('?event.action == "a"', "É", "not ascii"),
    ('?event.action == "a"', "a" * 1025, "long"),
    ("?event.action == null", "a" * 1025, "long"),
    ('?event.action : "a"', "a\n", "line feed"),
    ('?event.action == "a"', "a\n", None),
    ('cidrMatch(?event.action, "10.0.0.0/8")', "AWS Internal", "no address"),
    ('cidrMatch(?event.action, "10.0.0.0/8")', "::ffff:10.0.0.1", "mapped"),
    ('cidrMatch(?event.action, "10.0.0.0/8")', "10.0.0.1", None),
]


@pytest.mark.parametrize(("condition", "value", "cause"), DOCUMENTS)
def test_which_documents_are_outside(condition: str, value: Any, cause: str | None) -> None:
    assert outside_on(f"any where {condition}", {"event": {"action": value}}, TYPES) == cause
