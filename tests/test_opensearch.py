"""The embedded OpenSearch, really started: it answers what Elasticsearch answers, and where its flat_object does not is
the table of docs/opensearch.md."""

from __future__ import annotations

from functools import cache
from typing import Any

import make_opensearch
import pytest
from cases import all_cases
from test_engine_elasticsearch import ACCEPTED, DOCS, ERROR, FLAT, REJECTED, ROWS, SUB, Row

from sigmaproof.conversion import convert_rule
from sigmaproof.fields import DEFAULT
from sigmaproof.normalize import normalize
from sigmaproof.verify.engines import Answer, Document, Loaded
from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch
from sigmaproof.verify.engines.index import PAGE
from sigmaproof.verify.engines.opensearch import EmbeddedOpenSearch
from sigmaproof.verify.engines.products import OPENSEARCH
from sigmaproof.verify.witness import witnesses

STEP = 25
"""Of the generated records of a rule that searches a flattened field, every so many are compared."""


def test_version_and_an_empty_load(opensearch: EmbeddedOpenSearch) -> None:
    assert opensearch.version() == OPENSEARCH.version
    assert "flat_object" in opensearch.remarks[0]
    assert opensearch.load([]) == Loaded()
    assert opensearch.search([{"match_all": {}}]) == [Answer()]


def test_more_documents_than_a_page_holds_are_all_found(opensearch: EmbeddedOpenSearch) -> None:
    """By another order than Elasticsearch's: it has no _shard_doc in its second version."""
    loaded = opensearch.load((f"d{n}", {"event": {"action": f"A{n % 10}"}, "n": n}) for n in range(PAGE + 2_001))
    everything, tenth = opensearch.search([{"match_all": {}}, {"query_string": {"query": "event.action:A7"}}])
    assert everything.matched == frozenset(loaded.ids)
    assert tenth.matched == {f"d{n}" for n in range(7, PAGE + 2_001, 10)}


def test_rejected_documents_are_told_apart(opensearch: EmbeddedOpenSearch) -> None:
    docs: dict[str, Document] = {**{name: wrong for name, (wrong, _) in REJECTED.items()}, **ACCEPTED}
    loaded = opensearch.load(docs.items())
    assert loaded.rejected.keys() == REJECTED.keys() - {"22-levels-in-flattened"}
    assert opensearch.search([{"match_all": {}}]) == [Answer(frozenset(loaded.ids))]


# The rows of Elasticsearch's test that OpenSearch answers in another way, all of them about flat_object.
OTHERWISE: dict[str, set[str] | str] = {
    "sub-key: leading star goes over key and value": set(),
    "sub-key: regex": {"pca", "long"},
    "sub-key: Query DSL wildcard": {"pca", "long"},
    "root: inner wildcard over all leaves": set(),
}


@pytest.fixture(scope="module")
def answers(opensearch: EmbeddedOpenSearch) -> dict[str, Answer]:
    assert opensearch.load(DOCS.items()).ids == tuple(DOCS)
    return dict(zip((name for name, _, _ in ROWS), opensearch.search([query for _, query, _ in ROWS]), strict=True))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_query_string(answers: dict[str, Answer], row: Row) -> None:
    name, query, expected = row
    assert name not in OTHERWISE or any(field in str(query) for field in (SUB, FLAT))
    expected = OTHERWISE.get(name, expected)
    assert bool(answers[name].error) == (expected == ERROR)
    assert expected == ERROR or answers[name].matched == frozenset(expected)


def test_the_table_of_flat_object_is_what_both_engines_say(
    engine: EmbeddedElasticsearch, opensearch: EmbeddedOpenSearch
) -> None:
    text = make_opensearch.table(make_opensearch.measured(engine), make_opensearch.measured(opensearch))
    assert text in make_opensearch.PAGE.read_text(encoding="utf-8")


# the cases


ONLY_ONE = (("Preview of field's value: 'fe80::1%eth0'", ""), ("", "immense term in field="))
"""Why a document is rejected by Elasticsearch or by OpenSearch alone (docs/opensearch.md): an IPv6 address that names a
zone; a long text in an object, which flat_object keeps with its whole name before it."""


@cache
def conversions() -> dict[str, str]:
    """The Lucene query of every case that has one, by the case's name."""
    found = {case.name: convert_rule(case.rule, "lucene").query for case in all_cases() if case.integration == DEFAULT}
    return {name: query for name, query in found.items() if query is not None}


def documents() -> dict[str, Document]:
    """The documents of the cases' records, and of some that are generated for rules that search a flattened field."""
    records = [record for case in all_cases() for record, _ in case.records]
    for case in all_cases():
        if ".flattened." in conversions().get(case.name, ""):
            records += list(witnesses(case.rule.tree, DEFAULT))[::STEP]
    made: dict[str, Document] = {}
    for number, record in enumerate(records):
        try:
            made[str(number)] = normalize(record)
        except ValueError:
            continue
    return made


def test_every_case_has_the_same_answers_on_both(engine: Any, opensearch: Any) -> None:
    """Documents that only one of them takes have a recorded cause (`ONLY_ONE`)."""
    docs = documents()
    first, second = engine.load(docs.items()), opensearch.load(docs.items())
    only_one = set(first.ids) ^ set(second.ids)
    reasons = [(first.rejected.get(name, ""), second.rejected.get(name, "")) for name in only_one]
    assert {cause for cause in ONLY_ONE for reason in reasons if _is_of(cause, reason)} == set(ONLY_ONE)
    assert all(any(_is_of(cause, reason) for cause in ONLY_ONE) for reason in reasons), reasons
    queries = [{"query_string": {"query": query}} for query in conversions().values()]
    pairs = zip(conversions(), engine.search(queries), opensearch.search(queries), strict=True)
    told = [(name, one, other) for name, one, other in pairs if _differ(one, other, only_one)]
    assert told == []
    assert len(queries) > 400
    assert sum(".flattened." in query for query in conversions().values()) > 50


def _is_of(cause: tuple[str, str], reasons: tuple[str, str]) -> bool:
    return all(part in reason and bool(part) == bool(reason) for part, reason in zip(cause, reasons, strict=True))


def _differ(one: Answer, other: Answer, only_one: set[str]) -> bool:
    return (one.error is None) != (other.error is None) or bool((one.matched ^ other.matched) - only_one)
