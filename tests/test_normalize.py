"""The normalizer on records of our own: cases as data, the field table's promises, and hostile records."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sigmaproof.fields import DEFAULT, FILEBEAT, Field, table
from sigmaproof.normalize import normalize, normalized_json
from sigmaproof.normalize.javamap import java_length
from sigmaproof.normalize.jsontext import document_json, plain_json
from sigmaproof.normalize.plan import STEPS_OWN

ROOT = Path(__file__).parents[1]
DATA: dict[str, Any] = yaml.safe_load((ROOT / "fixtures/cases/normalize.yml").read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = DATA["cases"]
PROFILES: list[dict[str, Any]] = DATA["profiles"]
MISSING = object()


def look(doc: Any, name: str) -> Any:
    for key in name.split("."):
        if not isinstance(doc, dict) or key not in doc:
            return MISSING
        doc = doc[key]
    return doc


def leaves(doc: Any, flattened: frozenset[str], path: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves of a document by dotted name; a flattened field and a list of objects' fields count once."""
    if isinstance(doc, dict) and path not in flattened:
        for key, value in doc.items():
            yield from leaves(value, flattened, f"{path}.{key}" if path else key)
    elif isinstance(doc, list) and any(isinstance(item, dict) for item in doc):
        for item in doc:
            yield from leaves(item, flattened, path)
    else:
        yield path, doc


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    before = copy.deepcopy(case["record"])
    doc = normalize(case["record"])
    assert case["record"] == before, "the record was changed"
    for name, expected in case.get("document", {}).items():
        assert look(doc, name) == expected, name
    for name in case.get("absent", ()):
        assert look(doc, name) is MISSING, name
    errors = look(doc, "event.kind") == "pipeline_error"
    assert errors == (look(doc, "error.message") is not MISSING)


@pytest.mark.parametrize("case", PROFILES, ids=[case["name"] for case in PROFILES])
def test_case_of_a_profile(case: dict[str, Any]) -> None:
    options = {name: case[name] for name in ("integration", "retain") if name in case}
    doc = normalize(case["record"], **options)
    for name, expected in case.get("document", {}).items():
        assert look(doc, name) == expected, name
    for name in case.get("absent", ()):
        assert look(doc, name) is MISSING, name
    assert (look(doc, "error.message") is not MISSING) == case.get("error", False)
    fields = table(case.get("integration", DEFAULT))
    homes = [*(home for field in fields.fields for home in field.homes), *fields.derived]
    whole = frozenset(home.name for home in homes if home.type in ("flattened", "nested"))
    names = {name for name, value in leaves(doc, whole) if value != {}}
    assert names <= {home.name for home in homes} | set(fields.constants)


@pytest.mark.parametrize("integration", [DEFAULT, "2.25.0", "filebeat"])
def test_json_is_that_of_the_document(integration: str) -> None:
    """`normalized_json` looks for fractions in the record only, `document_json` in the whole document."""
    records = [case["record"] for case in (*CASES, *PROFILES)]
    for path in sorted((ROOT / "fixtures/events").glob("*.ndjson")):
        records += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    records += [
        {"eventName": "x", "requestParameters": {"a": value, "b": [value, {"c": value}]}}
        for value in (1.5, 1e10, 1e-7, -0.0, 10**20, float("inf"), True, "1.5", ", 1.5 [1.5")
    ]
    assert len(records) > 200
    for record in records:
        expected = document_json(normalize(record, integration=integration))
        assert normalized_json(record, integration=integration) == expected


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=[])) | st.text('ab"\\\x7f\n')
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(st.dictionaries(st.text(), VALUES))
def test_the_fast_writer_writes_what_json_does(document: dict[str, Any]) -> None:
    """Soundness of `plain_json`: also for lone surrogates, large numbers and what isn't ASCII."""
    text = plain_json(document)
    assert text.isascii()
    assert text.replace("\x7f", "\\u007f") == json.dumps(document, separators=(",", ":"))  # DEL may be written as it is


def test_every_case_expects_something() -> None:
    cases = [*CASES, *PROFILES]
    assert all(case.get("document") or case.get("absent") for case in cases)
    assert len({case["name"] for case in cases}) == len(cases)


@pytest.mark.parametrize("raw", [field.raw for field in table().fields if field.homes[0].form == "rendered"])
@pytest.mark.parametrize("limit", DATA["limits"], ids=str)
def test_limit_of_flattened_copy(raw: str, limit: dict[str, Any]) -> None:
    filler = limit["filler"]
    text = filler * ((limit["units"] - len("{k=}")) // java_length(filler))
    field = table().raw(raw).field
    doc = normalize({raw: {"k": text}})
    assert java_length(look(doc, field.homes[0].name)) == limit["units"]
    copied = look(doc, field.homes[1].name)
    assert copied == ({"k": text} if limit["flattened"] else MISSING)


def _nested(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    return value  # type: ignore[no-any-return]


SIMPLE = [
    field
    for field in table().fields
    if field.raw not in STEPS_OWN and field.homes[0].form not in ("rendered", "changed")
]


@pytest.mark.parametrize("field", SIMPLE, ids=[field.raw for field in SIMPLE])
def test_table_moves_field(field: Field) -> None:
    value: Any = {"k": ["v", 1]} if "object" in field.writes.types else "v"
    doc = normalize(_nested(field.raw, value))
    assert look(doc, field.homes[0].name) == value
    assert look(doc, "event.kind") == "event"


def test_categories() -> None:
    rows = yaml.safe_load((ROOT / "src/sigmaproof/fields/event_categories.yml").read_text(encoding="utf-8"))
    actions = [action for _, _, names, *_ in rows for action in names]
    assert len(actions) == len(set(actions)) == 91
    for category, types, names, *early in rows:
        assert set(early[0] if early else ()) < set(names)
        for action in names:
            event = normalize({"eventName": action})["event"]
            assert (event["category"], event["type"]) == ([category], types)


def test_the_texts_that_are_pruned_are_those_of_the_table() -> None:
    prune: Any = import_module("sigmaproof.normalize.prune")
    assert table().pruned == prune.PRUNED_TEXTS
    assert prune.prune({"a": "", "b": "-", "c": "none", "d": "None", "e": "--"}) == {"d": "None", "e": "--"}


def test_steps_own_names_fields_of_the_table() -> None:
    assert set(STEPS_OWN) <= {field.raw for field in table().fields}


def test_documents_have_only_fields_of_the_table() -> None:
    homes = [home for field in table().fields for home in field.homes] + list(table().derived)
    known = {home.name for home in homes} | set(table().constants)
    flattened = frozenset(home.name for home in homes if home.type == "flattened")
    for case in CASES:
        for name, _ in leaves(normalize(case["record"]), flattened):
            assert name in known, (case["name"], name)


@pytest.mark.parametrize("record", [None, [], [{"eventName": "x"}], "x", 5, True])
def test_what_is_no_record_is_refused(record: Any) -> None:
    with pytest.raises(ValueError, match="a CloudTrail record is a JSON object"):
        normalize(record)


@pytest.mark.parametrize("value", [{1: "a", 2: "b"}, (1, 2), {"a": object()}, [b"x"]])
def test_what_no_parser_returns_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON parser"):
        normalize({"requestParameters": {"k": value}})


def test_deep_nesting() -> None:
    def nested(levels: int, *, lists: bool) -> Any:
        value: Any = "end"
        for _ in range(levels):
            value = [value] if lists else {"k": value}
        return value

    for lists in (False, True):
        doc = normalize({"requestParameters": {"k": nested(600, lists=lists)}})
        assert doc["aws"]["cloudtrail"]["request_parameters"].count("end") == 1
        with pytest.raises(ValueError, match="nested too deeply"):
            normalize({"requestParameters": {"k": nested(100_000, lists=lists)}})


FULL: dict[str, Any] = {
    "eventVersion": "1.11",
    "userIdentity": {
        "type": "AssumedRole",
        "principalId": "AROAX:s",
        "arn": "arn:aws:sts::111122223333:assumed-role/R/s@example.com",
        "accountId": "111122223333",
        "accessKeyId": "ASIAX",
        "userName": "u",
        "invokedBy": "x.amazonaws.com",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "userName": "R", "arn": "arn:aws:iam::1:role/R"},
            "attributes": {"creationDate": "2024-01-01T00:00:00Z", "mfaAuthenticated": "true"},
            "webIdFederationData": {"federatedProvider": "p", "attributes": {"a": "b"}},
        },
        "onBehalfOf": {"userId": "u"},
    },
    "eventTime": "2024-01-01T00:00:00Z",
    "eventSource": "iam.amazonaws.com",
    "eventName": "ConsoleLogin",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "192.0.2.1",
    "userAgent": "a",
    "requestParameters": {"userName": "u", "instanceIds": ["i-0123456789"], "instancesSet": {"items": [{}]}},
    "responseElements": {"user": {"userId": "x"}, "ConsoleLogin": "Success"},
    "additionalEventData": {"MFAUsed": "Yes", "UserName": "u"},
    "serviceEventDetails": {"sourceIpAddress": "192.0.2.2"},
    "resources": [{"ARN": "arn:aws:ec2:x:1:instance/i-0123456789", "accountId": "1", "type": "t"}],
    "managementEvent": True,
    "tlsDetails": {"tlsVersion": "TLSv1.3", "clientProvidedHostHeader": "h.example"},
    "digestEndTime": "2024-01-01T00:00:00Z",
    "previousDigestHashValue": "h",
    "logFiles": [{"s3Object": "o"}],
}


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*path, key)
        yield from paths(value[key], (*path, key))


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(), max_size=4)
    | st.sampled_from(["", "-", "none", "\ud800", "\udc00\ud800", "tlsVersion", "i-0123456789", ":sts:/", "v"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(st.sampled_from(list(paths(FULL))), HOSTILE, st.sampled_from(["ConsoleLogin", "UserAuthentication"]))
def test_hostile_values_never_crash(path: tuple[Any, ...], value: Any, action: str) -> None:
    record = copy.deepcopy(FULL) | {"eventName": action}
    place: Any = record
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    before = copy.deepcopy(record)
    doc = normalize(record)
    assert record == before
    assert json.loads(json.dumps(doc)) == doc
    assert look(doc, "event.kind") in ("event", "pipeline_error")


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.dictionaries(st.sampled_from(list(FULL)), HOSTILE))
def test_hostile_records_never_crash(record: dict[str, Any]) -> None:
    json.dumps(normalize(record))


@pytest.mark.parametrize("integration", [DEFAULT, FILEBEAT])
@pytest.mark.parametrize("value", [{1}, b"x", (1,), 1j])
def test_what_no_parser_of_json_returns_is_refused(integration: str, value: Any) -> None:
    for record in ({"a": value}, {"a": [value]}, {"a": {"b": [[value]]}}):
        with pytest.raises(ValueError, match="not a JSON value"):
            normalize(record, integration=integration)
