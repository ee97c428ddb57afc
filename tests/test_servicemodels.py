"""AWS's service models: what they say of a call's parameters, what is held against a record, and what never is.

The real logs are the judge of how CloudTrail names what a model describes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import REQUIRED
from modelengine import ModelEngine

from sigmaproof import servicemodels
from sigmaproof.events import read_files
from sigmaproof.fields import table
from sigmaproof.rules import load_text
from sigmaproof.servicemodels import data, names
from sigmaproof.servicemodels.judge import MASKS, Leaf
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.records import built
from sigmaproof.verify.run import verify

with_models = pytest.mark.skipif(
    not REQUIRED and not data.available(), reason="NOT RUN with AWS's service models: botocore is in sigmaproof[aws]"
)
ANCHOR = "rolesanywhere.amazonaws.com/CreateTrustAnchor"


def record_of(call: str, parameters: Any, **more: Any) -> dict[str, Any]:
    source, name = call.split("/")
    return built({"eventSource": source, "eventName": name, "requestParameters": parameters, **more})


def faults(call: str, parameters: Any, **more: Any) -> list[str]:
    return list(servicemodels.faults(record_of(call, parameters, **more)))


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if botocore were not installed."""
    monkeypatch.setattr(data, "find_spec", lambda name: None)
    _forget()
    yield
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    for cached in (data.available, data.version, names.root):
        cached.cache_clear()


@pytest.mark.usefixtures("without")
def test_without_them_nothing_is_known() -> None:
    assert (servicemodels.available(), servicemodels.version()) == (False, None)
    source, name = ANCHOR.split("/")
    assert not servicemodels.knows(source, name)
    assert servicemodels.described(source, name, "requestParameters.source.sourceType") is None
    assert servicemodels.suggestions(source, name, "requestParameters.source.sourceType") == []
    assert servicemodels.largest(source, name, "requestParameters.name") is None
    assert faults("kms.amazonaws.com/CreateKey", {"keySpec": "x"}) == []
    assert why_inadmissible(record_of("kms.amazonaws.com/CreateKey", {"keySpec": "x"})) is None
    assert "the field table alone" in verify([], [], ("eql",), ModelEngine()).remarks[-1]


@with_models
def test_a_report_says_that_they_were_used() -> None:
    assert servicemodels.version() in verify([], [], ("eql",), ModelEngine()).remarks[-1]  # type: ignore[operator]


CALLS = [
    (ANCHOR, "requestParameters.source.sourceType", ("string",), ("AWS_ACM_PCA", "CERTIFICATE_BUNDLE"), None),
    (ANCHOR, "requestParameters.name", ("string",), (), 255),
    (ANCHOR, "requestParameters.enabled", ("boolean",), (), None),
    ("rolesanywhere.amazonaws.com/CreateProfile", "requestParameters.roleArns", ("string",), (), 1011),
    ("rolesanywhere.amazonaws.com/CreateProfile", "requestParameters.durationSeconds", ("integer",), (), 43200),
    ("iam.amazonaws.com/CreateUser", "requestParameters.userName", ("string",), (), 64),
    ("iam.amazonaws.com/CreateUser", "responseElements.user.createDate", ("timestamp",), (), None),
    ("kms.amazonaws.com/CreateKey", "requestParameters.keySpec", ("string",), ("SYMMETRIC_DEFAULT",), None),
    ("ssm.amazonaws.com/SendCommand", "requestParameters.parameters", ("map",), (), None),
    ("lambda.amazonaws.com/CreateFunction20150331", "requestParameters.runtime", ("string",), ("python3.9",), None),
    ("lambda.amazonaws.com/UpdateFunctionCode20150331v2", "requestParameters.zipFile", ("blob",), (), None),
    ("rds.amazonaws.com/ModifyDBInstance", "requestParameters.dBInstanceIdentifier", ("string",), (), None),
    ("monitoring.amazonaws.com/PutMetricAlarm", "requestParameters.statistic", ("string",), ("Sum",), None),
    ("s3.amazonaws.com/CreateBucket", "requestParameters.x-amz-acl", ("string",), ("private",), None),
    ("s3.amazonaws.com/PutBucketTagging", "requestParameters.Tagging.TagSet.Tag.Key", ("string",), (), None),
    ("ec2.amazonaws.com/RunInstances", "requestParameters.instanceType", ("string",), ("t2.micro",), None),
    (
        "ec2.amazonaws.com/RunInstances",
        "requestParameters.tagSpecificationSet.items.resourceType",
        ("string",),
        ("instance", "volume"),
        None,
    ),
    (
        "ec2.amazonaws.com/CreateFlowLogs",
        "requestParameters.CreateFlowLogsRequest.TrafficType",
        ("string",),
        ("ACCEPT", "ALL"),
        None,
    ),
    ("ec2.amazonaws.com/DescribeVpcs", "requestParameters.filterSet.items.valueSet.items.value", ("string",), (), None),
]


@with_models
@pytest.mark.parametrize(("call", "path", "types", "some", "most"), CALLS, ids=[f"{c[0]} {c[1]}" for c in CALLS])
def test_what_they_say(call: str, path: str, types: tuple[str, ...], some: tuple[str, ...], most: int | None) -> None:
    found = servicemodels.described(*call.split("/"), path)  # type: ignore[call-arg]
    assert found is not None
    assert (found.types, found.most) == (types, most)
    assert set(some) <= set(found.values)
    assert bool(some) == bool(found.values)


@with_models
def test_what_they_don_t_know() -> None:
    assert not servicemodels.knows("signin.amazonaws.com", "ConsoleLogin")
    assert not servicemodels.knows("nothing.amazonaws.com", "CreateUser")
    assert servicemodels.knows("iam.amazonaws.com", "CreateUser")
    for path in ("requestParameters.nothing", "requestParameters.userName.x", "userAgent", "additionalEventData.a"):
        assert servicemodels.described("iam.amazonaws.com", "CreateUser", path) is None
        assert servicemodels.suggestions("iam.amazonaws.com", "CreateUser", path) == []


@with_models
def test_services_that_share_a_call_allow_what_any_allows() -> None:
    found = servicemodels.described("rds.amazonaws.com", "CreateDBInstance", "requestParameters.dBInstanceClass")
    assert found is not None
    assert set(found.services) == {"docdb", "neptune", "rds"}
    own = servicemodels.described("rds.amazonaws.com", "CreateDBInstance", "requestParameters.masterUserPassword")
    assert own is not None
    assert "rds" in own.services


WRONG = [
    ("kms.amazonaws.com/CreateKey", {"keySpec": "rsa_2048"}, "keySpec is not one of the values"),
    ("iam.amazonaws.com/CreateGroup", {"groupName": "x" * 129}, "groupName is longer than 128 characters"),
    ("iam.amazonaws.com/GetPolicy", {"policyArn": "arn:aws:iam"}, "policyArn is shorter than 20 characters"),
    ("iam.amazonaws.com/TagUser", {"tags": [{"key": "a"}, {"key": "x" * 129}]}, "tags.key is longer than 128"),
    (
        "ec2.amazonaws.com/RunInstances",
        {"tagSpecificationSet": {"items": [{"resourceType": "server"}]}},
        "tagSpecificationSet.items.resourceType is not one",
    ),
    (
        "ec2.amazonaws.com/CreateFlowLogs",
        {"CreateFlowLogsRequest": {"ResourceType": {"tag": 1, "content": "vpc"}, "TrafficType": "SOME"}},
        "CreateFlowLogsRequest.TrafficType is not one",
    ),
    ("lambda.amazonaws.com/CreateFunction20150331", {"runtime": "cobol"}, "runtime is not one"),
]


@with_models
@pytest.mark.parametrize(("call", "parameters", "why"), WRONG, ids=[one[2][:40] for one in WRONG])
def test_what_is_held_against_a_record(call: str, parameters: Any, why: str) -> None:
    assert any(why in fault for fault in faults(call, parameters))
    assert (why_inadmissible(record_of(call, parameters)) or "").startswith("requestParameters.")
    for more in ({"errorCode": "ValidationException"}, {"errorMessage": "refused"}, {"eventType": "AwsServiceEvent"}):
        assert faults(call, parameters, **more) == []
    assert list(servicemodels.faults({**record_of(call, None), "responseElements": parameters})) == []


RIGHT: list[tuple[str, Any]] = [
    ("kms.amazonaws.com/CreateKey", {"keySpec": "RSA_2048"}),
    ("kms.amazonaws.com/CreateKey", {"keySpec": ["RSA_2048", None, 1, True, {"x": "y"}]}),
    ("kms.amazonaws.com/CreateKey", {"own": "x" * 9000, "keySpec": ""}),
    ("kms.amazonaws.com/CreateKey", "a text"),
    ("kms.amazonaws.com/CreateKey", [{"keySpec": "RSA_2048"}]),
    ("iam.amazonaws.com/CreateLoginProfile", {"password": "x" * 129}),  # sensitive: masked in one way or another
    ("s3.amazonaws.com/PutBucketAcl", {"x-amz-acl": "log-delivery-write", "acl": ""}),
    ("s3.amazonaws.com/PutBucketAcl", {"acl": [""]}),
    ("ec2.amazonaws.com/CreateFlowLogs", {"CreateFlowLogsRequest": {"ResourceType": {"tag": 1, "content": "VPC"}}}),
    ("ssm.amazonaws.com/SendCommand", {"parameters": "HIDDEN_DUE_TO_SECURITY_REASONS"}),
    ("signin.amazonaws.com/ConsoleLogin", {"keySpec": "x"}),
    *(("kms.amazonaws.com/CreateKey", {"keySpec": mask}) for mask in sorted(MASKS)),
]


@with_models
@pytest.mark.parametrize(("call", "parameters"), RIGHT)
def test_what_is_not(call: str, parameters: Any) -> None:
    assert faults(call, parameters) == []


@pytest.mark.parametrize("source", [None, 5, "", ".", "iam", {"a": 1}, "IAM.amazonaws.com", "\ud800"])
def test_odd_sources_are_no_calls_or_known_ones(source: Any) -> None:
    for name in (None, 5, "", "CreateUser", ["CreateUser"]):
        record = {**record_of("a/b", {"userName": "x"}), "eventSource": source, "eventName": name}
        assert list(servicemodels.faults(record)) == []


def places() -> Iterator[tuple[str, str]]:
    """The leaves that the field table knows, and all first parameters of some services' calls."""
    for leaf in table().leaves:
        yield from ((event, leaf.raw) for event in leaf.events)
    for service in ("iam", "sts", "rolesanywhere", "kms", "secretsmanager"):
        (model,) = (one for one in data.models(f"{service}.amazonaws.com") if one.name == service)
        for operation in sorted(model.operations):
            shape = model.shape(operation, "requestParameters")
            for member in model.shapes[shape].get("members", {}) if shape else ():
                yield f"{service}.amazonaws.com/{operation}", f"requestParameters.{member[0].lower()}{member[1:]}"


@with_models
def test_suggestions_are_admissible_and_a_character_more_is_not() -> None:
    counts: Counter[str] = Counter()
    for call, path in places():
        source, name = call.split("/")
        key = path.partition(".")[2]
        leaf = servicemodels.described(source, name, path)
        assert leaf is not None, (call, path)
        for value in servicemodels.suggestions(source, name, path):
            assert faults(call, _nested(key, value)) == [], (call, path, value)
            counts["suggestions"] += 1
        longest = servicemodels.largest(source, name, path)
        if longest is not None and not leaf.values:
            assert len(longest) == leaf.most
            assert bool(faults(call, _nested(key, longest + "a"))) != leaf.sensitive
            counts["longest"] += 1
        if leaf.values and not leaf.sensitive:
            assert faults(call, _nested(key, "sigmaproof")), (call, path)
            counts["enumerations"] += 1
    assert counts["suggestions"] > 1500
    assert counts["longest"] > 400
    assert counts["enumerations"] > 40


@with_models
def test_what_the_table_says_of_a_call_comes_first() -> None:
    """Models grow: an older one lacks values that AWS writes today."""
    record = record_of("iam.amazonaws.com/UpdateAccessKey", {"status": "Asleep"})
    assert len(list(servicemodels.faults(record))) == 1
    assert list(servicemodels.faults(record, {"requestParameters.status"})) == []
    assert "service model" not in (why_inadmissible(record) or "")


def _nested(key: str, value: Any) -> Any:
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


@with_models
def test_the_field_table_says_nothing_else() -> None:
    """What is written in the table by hand, from the same source: never stricter than the models."""
    for leaf in table().leaves:
        for event in leaf.events:
            found = servicemodels.described(*event.split("/"), leaf.raw)  # type: ignore[call-arg]
            assert found is not None, (event, leaf.raw)
            assert _agrees(leaf.writes.values, leaf.writes.longest, found), (event, leaf.raw, found)
            assert found.many == leaf.writes.many, (event, leaf.raw)


def _agrees(values: tuple[str, ...], longest: int | None, found: Leaf) -> bool:
    if values:  # an older model lacks some
        return bool(found.values) and set(values) >= set(found.values)
    return longest is None or found.types != ("string",) or (found.most is not None and found.most <= longest)


@with_models
def test_no_real_record_breaks_a_model(shared: Path) -> None:
    """And enough of them is looked at; wrong values in the same places are found."""
    counts: Counter[str] = Counter()
    files = sorted(p for p in (shared / "data" / "cloudtrail").rglob("*") if p.suffix in {".gz", ".json"})
    for event in read_files(files, lambda problem: None):
        assert list(servicemodels.faults(event.record)) == [], event.place
        counts["broken"] += any(servicemodels.faults(_broken(event.record)))
        for _, _, leaf in servicemodels.leaves(event.record, "requestParameters"):
            counts["mapped" if leaf else "not mapped"] += 1
            counts["enumerations"] += bool(leaf and leaf.values)
            counts["lengths"] += bool(leaf and leaf.types == ("string",) and leaf.most is not None)
    assert counts["mapped"] > 5000
    assert counts["mapped"] > counts["not mapped"] * 5
    assert counts["enumerations"] > 700
    assert counts["lengths"] > 1500
    assert counts["broken"] > 1000


def _broken(record: Any) -> Any:
    """The record with every text of its parameters far too long."""
    return {**record, "requestParameters": _lengthened(record.get("requestParameters"))}


def _lengthened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lengthened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_lengthened(inner) for inner in value]
    return json.dumps(value) + "x" * 9000 if isinstance(value, str) else value


RULE = """
title: A key
logsource: {product: aws, service: cloudtrail}
detection:
  one: {eventSource: kms.amazonaws.com, eventName: CreateKey, 'requestParameters.keySpec|contains': rsa}
  condition: one
"""


@with_models
def test_what_only_excluded_records_show_is_no_finding_and_not_disproved() -> None:
    """No text of an enumeration looks like another part; but a long policy still makes the object too long."""
    (cell,) = verify(load_text(RULE, "rule").rules, [], ("eql",), ModelEngine()).rows[0].cells
    shown = {(reason, direction) for reason in cell.conversion.reasons for direction in reason.directions}
    excluded = {(reason.code, direction) for reason, direction in shown if cell.is_excluded(reason, direction)}
    assert {("rendered-text", "misses"), ("limit", "misses")} <= excluded
    assert (cell.has_findings, cell.dropped, cell.measured) == (False, [], "approximate")


@pytest.mark.usefixtures("without")
def test_without_models_they_are_evidence() -> None:
    (cell,) = verify(load_text(RULE, "rule").rules, [], ("eql",), ModelEngine()).rows[0].cells
    assert (cell.has_findings, cell.dropped, cell.measured) == (False, [], "approximate")
    assert {"rendered-text", "limit"} <= {reason.code for reason in cell.conversion.reasons if cell.evidence(reason)}
