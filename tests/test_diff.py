"""Two detections, compared on the engine: the same, or one smallest record for each cause, found without a hint."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cases import rule_of
from conftest import ROOT
from jsonschema import Draft202012Validator
from ruleset import detection_of

from sigmaproof.conversion import convert_rule
from sigmaproof.diff.group import Cause
from sigmaproof.diff.report import write_outcome
from sigmaproof.diff.search import Outcome, compare
from sigmaproof.diff.sides import Side, conversion_side, query_side, rule_side
from sigmaproof.fields import DEFAULT
from sigmaproof.normalize.javamap import java_length, java_text
from sigmaproof.rules import load_file
from sigmaproof.verify.admissible import why_inadmissible

RULE = load_file(ROOT / "sigma_rules/aws/cloudtrail/aws_rolesanywhere_external_ca_trust_anchor.yml").rules[0]
QUERY = ROOT / "fixtures/queries/trust_anchor_by_text.eql"
SCHEMA = json.loads((ROOT / "schema/diff-1.json").read_text(encoding="utf-8"))


def written(tmp_path: Path, name: str, text: str, category: str = "event.category") -> Side:
    """A query as a side."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    return query_side(tmp_path / name, DEFAULT, category)


def the(causes: Sequence[Cause], kind: str, alerts: int) -> Cause:
    """The only cause of this kind and direction."""
    found = [cause for cause in causes if (cause.kind.code, cause.key.alerts) == (kind, alerts)]
    assert len(found) == 1, [(cause.kind, cause.key.alerts) for cause in causes]
    return found[0]


def printed(outcome: Outcome, form: str, capsys: Any, everything: bool = False) -> str:
    write_outcome(outcome, form, everything)
    return str(capsys.readouterr().out)


@pytest.fixture(scope="module")
def example(engine: Any) -> Outcome:
    """The first documented example."""
    return compare((rule_side(RULE, DEFAULT), query_side(QUERY, DEFAULT)), engine)


def test_the_category_that_no_document_has_is_found_and_set_aside(example: Outcome) -> None:
    cause = example.causes[0]
    assert (cause.kind.code, cause.is_set_aside) == ("never", True)
    assert cause.kind.detail == "the document has no event.category"
    assert cause.seen.record == {"eventSource": "rolesanywhere.amazonaws.com", "eventName": "CreateTrustAnchor"}


def test_the_false_alert_above_the_limit_is_found_to_the_character(example: Outcome) -> None:
    cause = the(example.causes, "limit", alerts=1)
    request = cause.seen.record["requestParameters"]
    assert request["source"]["sourceType"] == "AWS_ACM_PCA"
    assert java_length(java_text(request)) == 8192


def test_the_text_elsewhere_that_silences_it_is_found(example: Outcome) -> None:
    request = the(example.causes, "elsewhere", alerts=0).seen.record["requestParameters"]
    assert "sourceType=AWS_ACM_PCA" in java_text(request)
    assert "source" not in request


def test_an_error_message_without_a_code_is_found(example: Outcome) -> None:
    record = the(example.causes, "value", alerts=0).seen.record
    assert "errorMessage" in record
    assert "errorCode" not in record


def test_the_case_is_found_on_records_that_aws_does_not_write(example: Outcome) -> None:
    cases = [cause for cause in example.apart if cause.kind.code == "case"]
    assert {cause.key.alerts for cause in cases} == {0, 1}
    assert {"requestParameters": {"source": {"sourceType": "aws_acm_pca"}}}.items() <= {
        **next(cause.seen.record for cause in cases if cause.key.alerts == 1)
    }.items()


def test_nothing_else_is_found_and_every_record_is_as_small_as_said(example: Outcome) -> None:
    assert len(example.causes) == 4
    assert all(why_inadmissible(cause.seen.record) is None for cause in example.causes)
    assert all(cause.seen.inadmissible for cause in example.apart)
    assert all(len(cause.seen.record) <= 3 for cause in example.causes)
    assert example.decided == (frozenset(range(4)), frozenset(range(2, 6)))


def test_it_is_told_in_words(example: Outcome, capsys: Any) -> None:
    text = printed(example, "text", capsys)
    assert "1. B never alerts: the document has no event.category" in text
    assert "`--event-category-field event.type` asks event.type, which is 'info' in this document" in text
    assert "only B alerts: the size that the index keeps" in text
    assert "(8,192 characters)" in text
    assert "different: 4 causes on " in text
    assert "aws_acm_pca" in printed(example, "text", capsys, everything=True)


def test_as_json_it_is_what_the_schema_says(example: Outcome, capsys: Any) -> None:
    lines = [json.loads(line) for line in printed(example, "json", capsys).splitlines()]
    for line in lines:
        Draft202012Validator(SCHEMA).validate(line)
    assert [line["type"] for line in lines].count("cause") == 4
    assert lines[-1]["same"] is False
    assert [test["side"] for test in lines[1]["tests"]] == ["a", "b"]


def test_with_the_right_category_only_the_other_causes_are_left(engine: Any) -> None:
    found = compare((rule_side(RULE, DEFAULT), query_side(QUERY, DEFAULT, "event.type")), engine, rounds=0)
    assert sorted(cause.kind.code for cause in found.causes) == ["elsewhere", "limit", "value"]
    assert not any(cause.is_set_aside for cause in found.causes)


FLAT = "aws.cloudtrail.flattened.request_parameters"
SAME = [
    (
        "q.lucene",
        "+event.provider:rolesanywhere.amazonaws.com +event.action:(CreateTrustAnchor) -aws.cloudtrail.error_code:* "
        "-aws.cloudtrail.flattened.request_parameters.source.sourceType:AWS_ACM_PCA",
    ),
    (
        "q.dsl.json",
        json.dumps(
            {
                "query": {
                    "bool": {
                        "filter": [
                            {"term": {"event.provider": {"value": "rolesanywhere.amazonaws.com"}}},
                            {"query_string": {"query": "event.action:CreateTrustAnchor"}},
                        ],
                        "must_not": [
                            {"exists": {"field": "aws.cloudtrail.error_code"}},
                            {
                                "terms": {
                                    "aws.cloudtrail.flattened.request_parameters.source.sourceType": ["AWS_ACM_PCA"]
                                }
                            },
                        ],
                    }
                }
            }
        ),
    ),
]


@pytest.mark.parametrize(("name", "text"), SAME)
def test_the_same_detection_is_said_to_be_the_same(engine: Any, tmp_path: Path, name: str, text: str) -> None:
    found = compare((rule_side(RULE, DEFAULT), written(tmp_path, name, text)), engine, rounds=0)
    assert found.is_same, [cause.seen.record for cause in found.causes]
    assert found.records > 50
    assert [len(decided) for decided in found.decided] == [4, 4]


@pytest.mark.parametrize(("old", "new"), [("CreateTrustAnchor", "EnableTrustAnchor"), ("AWS_ACM_PCA", "AWS_ACM_PCB")])
def test_one_wrong_word_is_found(engine: Any, tmp_path: Path, old: str, new: str) -> None:
    name, text = SAME[0]
    found = compare((rule_side(RULE, DEFAULT), written(tmp_path, name, text.replace(old, new))), engine, rounds=0)
    assert {cause.key.alerts for cause in found.causes} >= {0} if old == "CreateTrustAnchor" else {1}
    assert all(cause.kind.code == "value" for cause in found.causes)
    assert any(old in json.dumps(cause.seen.record) for cause in found.causes)


def test_two_queries_can_be_compared(engine: Any, tmp_path: Path) -> None:
    one = written(tmp_path, "a.lucene", "event.action:(CreateUser OR CreateRole)")
    other = written(tmp_path, "b.eql", 'any where event.action in ("CreateUser", "DeleteUser")')
    found = compare((one, other), engine, rounds=0)
    assert sorted((cause.key.alerts, cause.seen.record["eventName"]) for cause in found.causes) == [
        (0, "CreateRole"),
        (1, "DeleteUser"),
    ]


def test_a_side_that_always_alerts_is_set_aside_too(engine: Any, tmp_path: Path) -> None:
    rule = rule_of("a rule", {"s": {"eventName": "CreateUser"}, "condition": "s"})
    found = compare(
        (rule_side(rule, DEFAULT), written(tmp_path, "q.lucene", "event.module:aws OR event.action:x")), engine
    )
    assert (found.causes[0].kind.code, found.causes[0].is_set_aside) == ("always", True)
    assert {cause.key.alerts for cause in found.causes[1:]} == {0, 1}


def test_what_has_no_raw_field_is_judged_and_said_not_to_be_searched(engine: Any, tmp_path: Path, capsys: Any) -> None:
    rule = rule_of("a rule", {"s": {"eventName": "CreateUser"}, "condition": "s"})
    side = written(tmp_path, "q.lucene", "event.action:CreateUser AND NOT host.name:x")
    found = compare((rule_side(rule, DEFAULT), side), engine, rounds=0)
    assert found.is_same
    assert "not searched: B host.name:x" in printed(found, "text", capsys)


def test_a_query_that_never_runs_is_a_difference(engine: Any, tmp_path: Path, capsys: Any) -> None:
    unmapped = compare((rule_side(RULE, DEFAULT), written(tmp_path, "q.eql", 'any where event.acton == "x"')), engine)
    assert not unmapped.is_same
    assert "B never runs: verification_exception" in printed(unmapped, "text", capsys)
    fuzzy = compare((rule_side(RULE, DEFAULT), written(tmp_path, "q.lucene", "event.action:x~nine")), engine)
    assert "fuzziness" in str(fuzzy.sides[1].refusal)


def test_a_given_record_is_shown_with_its_place(engine: Any, tmp_path: Path, capsys: Any) -> None:
    record = {"eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "userAgent": "console"}
    rule = rule_of("a rule", {"s": {"eventName": "CreateUser"}, "condition": "s"})
    side = written(tmp_path, "q.lucene", "event.action:DeleteUser")
    found = compare((rule_side(rule, DEFAULT), side), engine, [("logs.ndjson:7", record)], rounds=0)
    assert the(found.causes, "value", alerts=0).seen.record == record
    assert "where    logs.ndjson:7" in printed(found, "text", capsys)


def test_two_versions_of_the_integration(engine: Any) -> None:
    """Before 7.4.0 the name "none" was kept."""
    rule = rule_of("a rule", {"s": {"userIdentity.userName": "none"}, "condition": "s"})
    made = [convert_rule(rule, "lucene", integration=version) for version in ("3.7.0", "8.9.0")]
    found = compare((conversion_side(made[0], "old"), conversion_side(made[1], "new")), engine, rounds=0)
    cause = the(found.causes, "pruned", alerts=0)
    assert cause.seen.record["userIdentity"]["userName"] == "none"


def test_a_conversion_that_is_refused_on_one_version_is_a_difference(engine: Any) -> None:
    rule = rule_of("a rule", {"s": {"userIdentity.credentialId": "x"}, "condition": "s"})
    made = [convert_rule(rule, "eql", integration=version) for version in ("3.7.0", "8.9.0")]
    found = compare((conversion_side(made[0], "old"), conversion_side(made[1], "new")), engine)
    assert not found.is_same
    assert "7.4.0" in str(found.sides[0].refusal)


@pytest.mark.parametrize("target", ["lucene", "eql"])
def test_what_is_claimed_exact_is_the_same_detection(engine: Any, tmp_path: Path, target: str) -> None:
    """Random rules against the queries that are emitted for them."""
    rng, compared = random.Random(7), 0
    for number in range(60):
        rule = rule_of(f"random rule {number}", detection_of(rng))
        made = convert_rule(rule, target)
        if made.fidelity != "exact" or compared == 4:
            continue
        compared += 1
        found = compare((rule_side(rule, DEFAULT), conversion_side(made, "query")), engine, rounds=0)
        assert found.is_same, (made.query, [(c.kind, c.seen.record) for c in found.causes])
    assert compared == 4
