"""The report as data: the schema of `--format json`, where the deciding values stand, and whether the advice helps."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema
import pytest
from commandline import ROOT, rule
from hypothesis import given
from hypothesis import strategies as st
from reports import hostile, report

from sigmaproof.conversion import convert_rule
from sigmaproof.fidelity import CODES
from sigmaproof.paths import found, getter, places
from sigmaproof.rules import load_text
from sigmaproof.verify.advice import FIXES, reason_fixes
from sigmaproof.verify.reportdata import cell_data
from sigmaproof.verify.run import Report, verify

# What programs relied on before there was a schema.
OLD_KEYS = set(
    "rule title target integration query fidelity reasons refusal expensive heading engine judged native_matches "
    "engine_matches rejected rejected_native_matches error differences without_evidence".split()
)
OLD_DIFFERENCE_KEYS = set(
    "place generated inadmissible explained_by direction native native_on_document engine unmapped deciding record "
    "heading".split()
)


@cache
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "schema" / "verify-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def closed(node: Any) -> Any:
    """The same schema, in which no object may have a key that is not documented."""
    if isinstance(node, list):
        return [closed(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    more = {"additionalProperties": False} if "properties" in node and "type" in node else {}
    return {**{key: closed(inner) for key, inner in node.items()}, **more}


def lines(made: Report) -> list[dict[str, Any]]:
    texts = [json.dumps(cell_data(made, row, cell)) for row in made.rows for cell in row.cells]
    return [json.loads(text) for text in texts]


@pytest.mark.parametrize("made", [report(301, ("eql", "lucene")), hostile()], ids=["every state", "hostile"])
def test_every_line_has_the_form_of_the_schema_and_no_key_that_it_does_not_name(made: Report) -> None:
    validator = jsonschema.Draft202012Validator(closed(schema()))
    for line in lines(made):
        assert not list(validator.iter_errors(line))
        assert set(line) >= OLD_KEYS
        assert all(set(one) >= OLD_DIFFERENCE_KEYS for one in line["differences"])


def test_the_schema_is_not_satisfied_by_anything() -> None:
    (line,) = lines(report(1, ("eql",)))
    validator = jsonschema.Draft202012Validator(schema())
    validator.validate({**line, "a key of a later program": 1})
    for key in line:
        assert not validator.is_valid({name: value for name, value in line.items() if name != key}), key
        assert not validator.is_valid({**line, key: object()}), key


def test_the_documentation_names_every_key() -> None:
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    for part in (schema(), schema()["$defs"]["difference"]):
        for key, value in part["properties"].items():
            assert f"| `{key}` | {value['description']} |" in page


def test_real_output_has_the_form_of_the_schema(engine: Any) -> None:
    """On the real engine: a rule with evidence for its reasons, and one that is refused."""
    texts = [
        rule("selection:\n    eventName: CreateRole\n    requestParameters.name|contains: lab\ncondition: selection"),
        rule("selection:\n    userIdentity.userName|fieldref: requestParameters.userName\ncondition: selection"),
    ]
    rules = [loaded for text in texts for loaded in load_text(text, "rules/one.yml").rules]
    made = lines(verify(rules, [], ["eql", "lucene"], engine))
    validator = jsonschema.Draft202012Validator(closed(schema()))
    assert [list(validator.iter_errors(line)) for line in made] == [[], [], [], []]
    eql = made[0]
    assert eql["file"] == "rules/one.yml"
    assert eql["agreeing"] < eql["admissible"] <= eql["judged"]
    assert {reason["code"]: any(reason["shown"].values()) for reason in eql["reasons"]} == {
        "limit": True,
        "rendered-text": True,
    }
    assert all(one["why"] for one in eql["differences"])
    assert made[2]["fix"]


def test_where_the_deciding_values_stand() -> None:
    (line,) = lines(report(1, ("eql",)))
    difference = line["differences"][0]
    by_field = {test["field"]: test for test in difference["deciding"]}
    assert by_field["eventName"]["at"] == ["/eventName"]
    assert by_field["requestParameters.name"]["at"] == ["/requestParameters/name"]
    assert [test["true"] for test in difference["deciding"]] == [True, True]


NAMES = st.sampled_from(["a", "b", "a.b", "b/~"])
RECORDS = st.recursive(
    st.sampled_from([None, "x", 1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)


@given(st.dictionaries(NAMES, RECORDS, max_size=3), st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=3))
def test_places_are_where_the_getter_finds_its_values(record: dict[str, Any], keys: list[str]) -> None:
    path, values = ".".join(keys), []
    for steps in places(path, record):
        node: Any = record
        for step in steps:
            node = node[step]
        values += elements(node)
    assert values == getter(path)(record)
    assert bool(places(path, record)) == found(path)(record)


def elements(value: Any) -> list[Any]:
    return [one for inner in value for one in elements(inner)] if isinstance(value, list) else [value]


# advice


def test_every_code_has_advice_in_every_direction() -> None:
    for code in CODES:
        for direction in ("misses", "extra", "both"):
            assert reason_fixes(code, direction, "requestParameters.name"), code
    assert all("{" not in fix for key in FIXES for fix in reason_fixes(*key, "FIELD"))


CALL = "eventSource: rolesanywhere.amazonaws.com\n    eventName: CreateTrustAnchor\n    "
TYPE = "requestParameters.source.sourceType"
LAB = "requestParameters.name: Lab"
NOT = f"selection:\n    {{0}}\nfilter:\n    {TYPE}: AWS_ACM_PCA\ncondition: selection and not filter"
WITH_NULL = "selection:\n    {0}\nb:\n    requestParameters.name: null\ncondition: selection or b"


@pytest.mark.parametrize(
    ("code", "direction", "target", "before", "after"),
    [
        ("case", "misses", "lucene", LAB, "requestParameters.name|cased: Lab"),
        ("limit", "misses", "lucene", f"{TYPE}: AWS_ACM_PCA", f"{CALL}{TYPE}: AWS_ACM_PCA"),
        ("pruned", "misses", "lucene", f"{TYPE}|exists: true", f"{CALL}{TYPE}|exists: true"),
        ("object", "misses", "lucene", f"{TYPE}|exists: true", f"{CALL}{TYPE}|exists: true"),
        ("limit", "misses", "lucene", LAB, WITH_NULL.format(LAB)),
        ("shared", "misses", "eql", "userIdentity.userName: bob", "userIdentity.arn|endswith: ':user/bob'"),
        ("shared", "extra", "lucene", "userIdentity.userName: bob", "userIdentity.arn|endswith: ':user/bob'"),
        ("limit", "extra", "lucene", NOT.format("eventName: X"), NOT.format(CALL)),
        ("pruned", "extra", "lucene", f"{TYPE}: null", f"{CALL}{TYPE}: null"),
        ("object", "extra", "lucene", f"{TYPE}: null", f"{CALL}{TYPE}: null"),
        ("scope", "misses", "eql", "'|contains': kali", "userAgent|contains: kali"),
        ("rendered-text", "extra", "eql", LAB, "userIdentity.arn: Lab"),
        ("number", "misses", "eql", "requestParameters.port: 22", "requestParameters.port: ['22', '22.0']"),
    ],
)  # fmt: skip
def test_the_advice_takes_the_reason_away_or_turns_it_round(
    code: str, direction: str, target: str, before: str, after: str
) -> None:
    assert direction in directions(code, target, before)
    assert direction not in directions(code, target, after)


def directions(code: str, target: str, detection: str) -> set[str]:
    """The directions in which the conversion of a detection claims a reason."""
    text = detection if "condition" in detection else f"selection:\n    {detection}\ncondition: selection"
    loaded = load_text(rule(text), "x.yml")
    assert loaded.rules, loaded.findings
    reasons = convert_rule(loaded.rules[0], target).reasons
    named = {reason.direction for reason in reasons if reason.code == code}
    return {"misses", "extra"} if "both" in named else named


def test_another_target_that_is_exact_is_named() -> None:
    made = report(3)
    states = [[cell_data(made, row, cell)["fix"] for cell in row.cells] for row in made.rows]
    assert states[0] == [["Deploy the conversion to lucene: it is exact."], []]
