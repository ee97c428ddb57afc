"""Our rules: their claims are in fixtures/claims.yml, their text in fixtures/golden, and both hold on the engine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from make_claims import claims, measured_claim
from test_cases import findings

from sigma.backends.sigmaproof.values import number_directions
from sigmaproof.claims import number_candidates, object_candidates, object_directions_of, text_claims
from sigmaproof.conversion import convert_rule
from sigmaproof.emit import spot
from sigmaproof.events import read_files
from sigmaproof.fidelity import Refusal
from sigmaproof.fields import DEFAULT, table
from sigmaproof.predicate import Pattern, Wild
from sigmaproof.rules import Rule, load_files
from sigmaproof.verify.run import Report, verify

RULES: list[Rule] = load_files(sorted((ROOT / "sigma_rules").rglob("*.yml"))).rules
OBJECTS = yaml.safe_load((ROOT / "fixtures" / "object_claims.yml").read_text(encoding="utf-8"))
GOLDEN = ROOT / "fixtures" / "golden"
SUFFIX = {"eql": "eql", "lucene": "lucene"}


def test_claims_are_those_of_the_ledger() -> None:
    assert claims() == yaml.safe_load((ROOT / "fixtures" / "claims.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("target", SUFFIX)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: Path(rule.file).stem)
def test_golden_text(rule: Rule, target: str) -> None:
    """One file a rule, written by `sigmaproof convert sigma_rules -t eql,lucene -o fixtures/golden`."""
    path = GOLDEN / target / f"{Path(rule.file).stem}.{SUFFIX[target]}"
    query = convert_rule(rule, target).query
    assert (path.read_text(encoding="utf-8") if path.exists() else None) == (None if query is None else f"{query}\n")


def test_golden_has_no_file_without_a_rule() -> None:
    stems = {Path(rule.file).stem for rule in RULES}
    assert {path.stem for path in GOLDEN.rglob("*.*")} <= stems


@pytest.fixture(scope="module")
def report(engine: Any) -> Report:
    problems: list[object] = []
    events = list(read_files(sorted((ROOT / "fixtures" / "events").glob("*.ndjson")), problems.append))
    assert not problems
    return verify(RULES, events, ("eql", "lucene"), engine)


def test_every_claim_holds_on_the_engine(report: Report) -> None:
    assert {row.rule.title: found for row in report.rows for cell in row.cells if (found := findings(cell))} == {}


def test_the_ledger_is_what_generated_records_show(report: Report) -> None:
    """`report` has the fixtures too: what they alone show is no measurement on generated records."""
    found = {
        Path(row.rule.file).name: {c.conversion.target: measured_claim(c) for c in row.cells} for row in report.rows
    }
    ledger = yaml.safe_load((ROOT / "fixtures" / "claims.yml").read_text(encoding="utf-8"))
    assert found == {name: {t: c for t, c in claims.items() if t != "native"} for name, claims in ledger.items()}
    assert [cell.dropped for row in report.rows for cell in row.cells if cell.dropped] == []
    evidence = [
        {one.direction for one in cell.evidence(reason) if one.judged.generated} >= set(reason.directions)
        for row in report.rows
        for cell in row.cells
        for reason in cell.conversion.reasons
    ]
    assert len(evidence) > 5
    assert all(evidence)


def test_every_shown_reason_has_a_smallest_record(report: Report) -> None:
    for row in report.rows:
        for cell in row.cells:
            for reason in cell.conversion.reasons:
                smaller = [one.example.record for one in cell.evidence(reason) if one.smaller]
                assert smaller, (row.rule.title, reason)
                assert all("userIdentity" not in record for record in smaller), "what the rule does not test is gone"


def test_every_reason_has_evidence_among_records_that_aws_can_write(report: Report) -> None:
    shown = {
        (Path(row.rule.file).stem, cell.conversion.target, reason.code): len(cell.evidence(reason))
        for row in report.rows
        for cell in row.cells
        for reason in cell.conversion.reasons
    }
    assert shown
    assert all(shown.values())


def test_the_trust_anchor_rule_is_approximate_in_eql_and_exact_in_lucene(report: Report) -> None:
    row = next(row for row in report.rows if row.rule.file.endswith("external_ca_trust_anchor.yml"))
    eql, lucene = row.cells
    found = {(r.code, r.direction): {d.judged.generated for d in eql.evidence(r)} for r in eql.conversion.reasons}
    assert set(found) == {("limit", "extra"), ("rendered-text", "misses")}
    assert all(False in generated for generated in found.values()), "the fixtures themselves show each reason"
    assert lucene.conversion.fidelity == "exact"
    assert not lucene.explained
    assert lucene.judged > 300


@pytest.mark.parametrize("entry", OBJECTS, ids=[str(number) for number in range(len(OBJECTS))])
def test_claims_of_objects(entry: dict[str, Any]) -> None:
    fields = table(entry.get("integration", DEFAULT))
    parts = [part for part in re.split("([*?])", entry["pattern"]) if part]
    pattern: Pattern = tuple(Wild(part) if part in {"*", "?"} else part for part in parts)
    cased = entry.get("cased", False)
    whole = spot(fields, "aws.cloudtrail.request_parameters", frozenset())
    part = spot(fields, "aws.cloudtrail.flattened.request_parameters.x", frozenset())
    try:
        told = sorted((code, direction) for code, direction, _ in text_claims(whole, whole.home, pattern, cased))
        claimed = ", ".join(f"{code} ({direction})" for code, direction in told)
    except Refusal:
        claimed = "refused"
    assert claimed == entry["whole"]
    assert sorted(object_directions_of(part, pattern, cased)) == entry.get("part", [])
    assert sorted(number_directions(pattern)) == entry.get("numbers", [])


@pytest.mark.parametrize(
    ("pattern", "made"),
    [
        (("x",), {}),
        (('{"a":true}',), {"a": True}),
        (('"c":true',), {"c": True}),
        (("true",), {"a": True}),
        ((":true",), {"a": True}),
        (("true,false",), {"a": [True, False]}),
        (('x","b":true',), {"a": "x", "b": True}),
        (('"b":true',), {"a": {"b": True}}),
        (('{"b":"x',), {"b": "x"}),
        (('{"b":',), {"b": 1}),
        (('{"c":true,',), {"c": True, "b": 1}),
        (('{"x":true,"y"',), {"x": True, "y": 1}),
        (('{"c":[true',), {"c": [True]}),
        (('{"c":[true,',), {"c": [True, 1]}),
        (('{"c":{"b":true',), {"c": {"b": True}}),
        (('{"c":{"b":',), {"c": {"b": 1}}),
        (('{"c":["x',), {"c": ["x"]}),
        ((r"\\u0041",), {"a": r"\u0041"}),
        ((r"\t",), {"a": "\t"}),
        (("k=v",), {"k": "v"}),
        (("k:v",), {"a": {"k": "v"}, "b": 1}),
        (("k=",), {"k": "x"}),
        (("k=",), {"a": {"k": "x"}, "b": 1}),
        (("k",), {"a": 1, "k": 1, "b": 2}),
        (("k",), {"a": 1, "k": ""}),
        (("k",), {"a": "k"}),
        (('{k"}',), {'k"': 1}),
        (("a", Wild.ANY, "b"), {"a": "ab"}),
        (("a", Wild.ANY, "b"), {"a": "axb"}),
        (("a", Wild.ONE, "b"), {"a": "axb"}),
        (("a", Wild.ONE, "b"), {"a": 'a"b'}),
        (("a", Wild.ONE, "b"), {"a": "a\nb"}),
    ],
    ids=str,
)
def test_an_object_that_is_tried(pattern: Pattern, made: dict[str, Any]) -> None:
    """With `1` another than `true`."""
    assert json.dumps(made) in {json.dumps(one) for one in object_candidates(pattern)}


def test_numbers_that_are_tried() -> None:
    assert list(number_candidates("12e-3")) == [
        *(1e10, 1e-5, 1e-3),
        *(120000000.0, 125678901.0, 12e8, 12e-8, 12.5e7, 0.12, 0.000012, 12125678.0, 1.2e7),
        *(30000000.0, 35678901.0, 3e8, 3e-8, 3.5e7, 0.3, 0.00003, 1235678.0, 3.0e7),
        0.012,
    ]
    assert list(number_candidates("1e999"))[-1] != float("inf")
    assert list(number_candidates("E+7"))[2] == 1e7
