"""The measurement of another converter: what it counts and why. The comparison itself is run where the converter's
own environment is; `python scripts/compare_converter.py` makes it."""

from __future__ import annotations

from typing import Any

import pytest
from cases import record_of, rule_of
from compare_converter import (
    TARGETS,
    Measured,
    Near,
    Outcome,
    Subject,
    Wrong,
    environment_python,
    measure,
    rule_subjects,
)
from conftest import ROOT
from converter_causes import CAUSES, cause
from converter_page import page
from sigma.collection import SigmaCollection

from sigma.pipelines.sigmaproof import ecs_cloudtrail

RULE = rule_of("one", {"selection": {"errorMessage": "Foo", "errorCode": None}, "condition": "selection"})


@pytest.mark.parametrize(
    ("item", "record", "told"),
    [
        ({"errorMessage": "Foo"}, {"errorMessage": "fOO"}, "case, free text"),
        ({"requestParameters.a": "Foo"}, {"requestParameters.a": "fOO"}, "case, part of an object"),
        ({"errorMessage|re": "fo+"}, {"errorMessage": "xfoo"}, "expression"),
        ({"errorCode": None}, {"errorCode": "x"}, "null or exists"),
        ({"errorCode|exists": True}, {"errorCode": "x"}, "null or exists"),
        ({"sourceIPAddress|cidr": "10.0.0.0/8"}, {"sourceIPAddress": "10.0.0.1"}, "network"),
        ({"requestParameters.a": "foo"}, {"requestParameters.a": "foo"}, "part of an object"),
        ({"errorCode": 5}, {"errorCode": "5"}, "number or boolean"),
        ({"errorMessage": "foo"}, {"errorMessage": "foo"}, "text"),
    ],
)
def test_cause(item: dict[str, Any], record: dict[str, Any], told: str) -> None:
    from sigmaproof.evaluate.compile import compile_predicate

    tree = rule_of("one", {"selection": item, "condition": "selection"}).tree
    raw = record_of(record)
    assert cause(tree, raw, not compile_predicate(tree)(raw)) == told
    assert told in CAUSES


def test_the_page_counts_what_was_measured() -> None:
    near = [
        Near(record_of({"errorMessage": text}), True, admissible)
        for text, admissible in (("FOO", True), ("foo", False))
    ]
    subject = Subject("topic: 12 EQL 1: x", "", RULE, near)
    outcome = Outcome(subject, "lucene", ("errorMessage:Foo",), judged=near)
    outcome.wrong = [Wrong(subject, one, "case, free text") for one in near]
    raised = Outcome(subject, "eql", raised="Error: no")
    told = page(Measured({"x": "1.0"}, [outcome, raised], [], [outcome, raised], {"ours": [raised]}))
    assert "| ours | Lucene | 1 | 0 | 0 | 0 | 1 | 1 | 1 |" in told
    assert "| ours | Lucene | 1 | 1 | 1 |" in told, "records that AWS does not write"
    assert "| ours | EQL | 1 | 1 | 0 | 0 | 0 | 0 | 0 |" in told
    assert '`{"errorMessage": "FOO"}`: the rule matches, the query does not' in told
    assert "not converted, `Error: no`" in told


def test_our_pipeline_takes_a_correlation_for_other_backends() -> None:
    text = """
title: a
name: a
logsource: {product: aws, service: cloudtrail}
detection: {selection: {eventName: a}, condition: selection}
---
title: c
correlation: {type: event_count, rules: [a], group-by: [userIdentity.arn], timespan: 1h, condition: {gte: 5}}
"""
    rules = SigmaCollection.from_yaml(text).rules
    for rule in rules:
        ecs_cloudtrail().apply(rule)
    assert getattr(rules[1], "group_by", None) == ["aws.cloudtrail.user_identity.arn"]


@pytest.fixture(scope="module")
def measured(engine: Any) -> Measured:
    python = environment_python()
    if not python.exists():
        pytest.skip("NOT COMPARED with another converter: run python scripts/compare_converter.py once")
    return measure((rule_subjects([ROOT / "sigma_rules"]), [], []), python, engine)


def test_the_converter_is_asked_about_every_rule(measured: Measured) -> None:
    assert measured.versions["pysigma-backend-elasticsearch"] == "2.1.1"
    assert len(measured.ours) == len(list((ROOT / "sigma_rules").rglob("*.yml"))) * len(TARGETS)
    assert all(outcome.queries or outcome.raised for outcome in measured.ours)
    assert sum(len(outcome.judged) for outcome in measured.ours) > 500


def test_our_own_exact_conversions_are_right_on_the_same_records(measured: Measured) -> None:
    from sigmaproof.conversion import convert_rule

    for outcome in measured.own["ours"]:
        assert outcome.refused is None
        assert outcome.subject.rule is not None
        if convert_rule(outcome.subject.rule, outcome.target).fidelity == "exact":
            assert [wrong for wrong in outcome.wrong if wrong.near.admissible] == []


def test_records_near_a_rule_are_on_both_sides_of_it(measured: Measured) -> None:
    """With records of one verdict only nothing could be found wrong in one direction."""
    for outcome in measured.ours:
        if outcome.judged:
            assert {near.right for near in outcome.judged} == {True, False}
