"""The model of Query DSL against the real Elasticsearch: every query of the cases, on every document of the cases.

The property tests judge with the model; this is the model's own proof.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

import pytest
from cases import all_cases, rule_of
from dslmodel import Model
from luceneregexp import UnknownRegExp, matcher
from modelengine import ModelEngine
from querystring import QueryStringError, to_dsl
from ruleset import detection_of

from sigmaproof.conversion import convert_rule
from sigmaproof.fields import table
from sigmaproof.normalize import normalize
from sigmaproof.rules import Rule
from sigmaproof.verify.engines import Answer, Loaded
from sigmaproof.verify.engines.mapping import mapping
from sigmaproof.verify.queries import questions
from sigmaproof.verify.witness import witnesses

RANDOM_RULES = 25
WITNESSES = 2


@dataclass(frozen=True)
class Asked:
    """The same documents and queries, judged by both."""

    queries: list[Any]
    documents: dict[str, Any]
    loaded: tuple[Loaded, Loaded]
    answers: tuple[list[Answer], list[Answer]]


def all_rules() -> list[Rule]:
    rng = random.Random(5)
    return [case.rule for case in all_cases()] + [
        rule_of(f"random rule {number}", detection_of(rng)) for number in range(RANDOM_RULES)
    ]


def documents_of(rules: list[Rule]) -> dict[str, Any]:
    """The documents of the cases' records, and of some of each rule's witnesses."""
    records = [record for case in all_cases() for record, _ in case.records]
    for rule in rules:
        made = witnesses(rule.tree)
        records += made[:: max(1, len(made) // WITNESSES)]
    found = {json.dumps(record): record for record in records}
    return {str(number): normalize(record) for number, record in enumerate(found.values())}


@pytest.fixture(scope="module")
def asked(engine: Any) -> Asked:
    rules = all_rules()
    conversions = [convert_rule(rule, target) for rule in rules for target in ("eql", "lucene")]
    asks = [ask.query for one in conversions if one.query is not None for ask in questions(one)]
    queries = list({json.dumps(query): query for query in asks if query is not None}.values())
    documents = documents_of(rules)
    both = (engine, ModelEngine())
    loaded = tuple(one.load(documents.items()) for one in both)
    return Asked(queries, documents, loaded, tuple(one.search(queries) for one in both))  # type: ignore[arg-type]


def test_there_is_something_to_compare(asked: Asked) -> None:
    real = asked.answers[0]
    assert len(asked.queries) > 500
    assert len(asked.loaded[0].ids) > 1000
    assert sum(0 < len(answer.matched) < len(asked.loaded[0].ids) for answer in real) > 300


def test_every_query_is_answered(asked: Asked) -> None:
    wrong = [
        (query, one.error, other.error)
        for query, one, other in zip(asked.queries, *asked.answers, strict=True)
        if one.error or other.error
    ]
    assert wrong == []


def test_the_same_documents_are_rejected(asked: Asked) -> None:
    real, modelled = (loaded.rejected for loaded in asked.loaded)
    assert {name: (real.get(name), modelled.get(name)) for name in real.keys() ^ modelled.keys()} == {}


def test_verdicts_are_identical(asked: Asked) -> None:
    kept = set(asked.loaded[0].ids) & set(asked.loaded[1].ids)
    wrong = [
        (query, [asked.documents[name] for name in sorted((one.matched ^ other.matched) & kept)[:1]])
        for query, one, other in zip(asked.queries, *asked.answers, strict=True)
        if (one.matched ^ other.matched) & kept
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("source", "matched", "other"),
    [
        ("a.c", ["abc", "a\nc"], ["ac", "xabc"]),
        ("a+?", ["", "aa"], ["b"]),
        ("(ab|c){2}", ["abc", "cc"], ["ab"]),
        (r"[a\-c]\.", ["-.", "a."], ["b."]),
        ("[^a-c]", ["d", "\n"], ["b", ""]),
        ("()", [""], ["a"]),
        (r"[\\]", ["\\"], ["/"]),
    ],
)
def test_lucene_expressions(source: str, matched: list[str], other: list[str]) -> None:
    holds = matcher(source)
    assert list(map(holds, matched)) == [True] * len(matched)
    assert list(map(holds, other)) == [False] * len(other)


@pytest.mark.parametrize("source", ['"a"', "a&b", "~a", "<1-5>", "@", "#", r"\d", "a**)", "*a", "[a", "(a", "a" * 1001])
def test_an_unknown_expression_is_an_error(source: str) -> None:
    with pytest.raises(UnknownRegExp):
        matcher(source)


@pytest.mark.parametrize(
    "query", ["a", "a:b", "a:b c", 'a:"b" AND c:"d" OR e:"f"', "a:*", "*:*", "a:/x", 'a:"b', "a:[1 TO 2]", 'a:"b"~2']
)
def test_a_query_string_outside_of_the_part_is_an_error(query: str) -> None:
    with pytest.raises(QueryStringError):
        to_dsl(query)


def test_query_string_is_read() -> None:
    read = to_dsl(r'(NOT (a.b\-c:"x\\y\"" OR b:/a\/"b/)) AND c:("true" OR "\u0041") AND _exists_:d AND e:x\*\u00e9*')
    assert read == {
        "bool": {
            "must": [
                {"bool": {"must_not": [{"bool": {"should": [term("a.b-c", 'x\\y"'), regexp("b", r'a\/"b')]}}]}},
                {"bool": {"should": [term("c", "true"), term("c", "A")]}},
                {"exists": {"field": "d"}},
                {"prefix": {"e": {"value": "x*é"}}},
            ]
        }
    }


def term(field: str, value: str) -> dict[str, Any]:
    return {"term": {field: {"value": value}}}


def regexp(field: str, value: str) -> dict[str, Any]:
    return {"regexp": {field: {"value": value, "flags": "ALL"}}}


def test_a_model_that_is_wrong_would_be_noticed(asked: Asked) -> None:
    """The comparison above can fail: one that folds every term has other verdicts."""

    class Folding(Model):
        def _with(self, name: str, holds: Any, folds: bool = False) -> set[str]:
            return super()._with(name, holds, True)

    wrong = Folding(mapping(table()))
    for name in asked.loaded[1].ids:
        wrong.index(name, asked.documents[name])
    found = [
        wrong.matched(query) != answer.matched for query, answer in zip(asked.queries, asked.answers[1], strict=True)
    ]
    assert any(found)


def test_a_prefix_that_begins_like_a_boolean_is_read() -> None:
    assert to_dsl("a:trues*") == {"prefix": {"a": {"value": "trues"}}}
