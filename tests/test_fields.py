"""The field table: that it loads, that it contradicts itself nowhere, and what looking up answers."""

from __future__ import annotations

import pytest

from sigmaproof.fields import DEFAULT, FILEBEAT, Field, Home, UnknownFieldError, table

TYPES = {"keyword", "ip", "flattened", "boolean", "date", "text"}
FORMS = {"value", "changed", "rendered", "flattened"}
SPELLINGS = {"free", "lower", "values", "event_names"}
WRITES = {"string", "number", "boolean", "object"}
FIELDS = table().fields
HOMES = [home for field in FIELDS for home in field.homes]


def test_no_raw_field_stands_twice() -> None:
    names = [field.raw for field in FIELDS]
    assert len(names) == len(set(names)) == 81


def test_no_leaf_is_told_twice_for_a_call() -> None:
    told = [(leaf.raw, event) for leaf in table().leaves for event in leaf.events]
    assert len(told) == len(set(told))
    assert all(leaf.events and not leaf.homes for leaf in table().leaves)


@pytest.mark.parametrize("field", FIELDS, ids=[field.raw for field in FIELDS])
def test_field(field: Field) -> None:
    assert field.homes, "a field without a home belongs to `dropped`"
    assert field.source
    assert field.open == any(home.form == "flattened" for home in field.homes)
    for home in field.homes:
        assert home.type in TYPES
        assert home.form in FORMS
        assert (home.form == "flattened") <= (home.type == "flattened")
        assert home.within is None or home.name.startswith(f"{home.within}.")


@pytest.mark.parametrize("field", [*FIELDS, *table().leaves], ids=lambda field: field.raw)
def test_what_aws_writes(field: Field) -> None:
    writes = field.writes
    assert set(writes.types) <= WRITES
    assert writes.spelling in SPELLINGS
    assert bool(writes.values) == (writes.spelling == "values")
    assert len(set(writes.values)) == len(writes.values)
    if writes.values:
        assert max(map(len, writes.values)) <= (writes.longest or 0)
    if writes.spelling == "lower":
        assert writes.longest is not None


@pytest.mark.parametrize("integration", ["2.25.0", DEFAULT, FILEBEAT])
def test_parts_are_neither_addresses_nor_shared(integration: str) -> None:
    """A network is searched in a home of type ip, and no part of an open object has one, or another source."""
    parts = [field for field in table(integration).fields if field.open]
    assert len(parts) > 3
    assert not any(field.shared or "ip" in {home.type for home in field.homes} for field in parts)


@pytest.mark.parametrize("leaf", table().leaves, ids=lambda leaf: f"{leaf.raw} of {leaf.events[0]}")
def test_leaf_lies_in_an_open_field(leaf: Field) -> None:
    located = table().raw(leaf.raw)
    assert located.field.open
    assert located.sub
    for event in leaf.events:
        source, _, name = event.partition("/")
        assert source == source.lower()
        assert source.endswith(".amazonaws.com")
        assert name
    assert table().leaf(leaf.raw, leaf.events) is leaf


def test_a_leaf_is_known_for_its_calls_only() -> None:
    raw, create = "requestParameters.source.sourceType", "rolesanywhere.amazonaws.com/CreateTrustAnchor"
    leaf = table().leaf(raw, [create])
    assert leaf is not None
    assert "CERTIFICATE_BUNDLE" in leaf.writes.values
    assert table().leaf(raw, [create, "iam.amazonaws.com/CreateRole"]) is None
    assert table().leaf(raw, []) is None


def test_homes_with_one_name_agree() -> None:
    seen: dict[str, Home] = {}
    for home in [*HOMES, *table().derived]:
        assert seen.setdefault(home.name, home) == home


def test_several_sources_of_one_home_are_told() -> None:
    canonical: dict[str, list[Field]] = {}
    for field in FIELDS:
        canonical.setdefault(field.homes[0].name, []).append(field)
    for fields in canonical.values():
        assert len(fields) == 1 or all(field.shared for field in fields)


def test_derived_fields_are_no_homes() -> None:
    derived = [home.name for home in table().derived]
    assert len(derived) == len(set(derived))
    assert not set(derived) & {home.name for home in HOMES}
    flattened = {home.name for home in table().derived if home.type == "flattened"}
    assert {home.within for home in HOMES if home.within} <= flattened


def test_constants_are_derived_fields() -> None:
    assert set(table().constants) <= {home.name for home in table().derived}


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("eventTime", "@timestamp"),
        ("userIdentity.userName", "user.name"),
        ("userIdentity.sessionContext.sessionIssuer.userName", "user.name"),
        ("resources.ARN", "aws.cloudtrail.resources.arn"),
        ("requestParameters", "aws.cloudtrail.request_parameters"),
        ("requestParameters.a.b", "aws.cloudtrail.flattened.request_parameters.a.b"),
        ("additionalEventData.MFAUsed", "aws.cloudtrail.flattened.additional_eventdata.MFAUsed"),
        ("insightDetails.state", "aws.cloudtrail.flattened.insight_details.state"),
        ("logFiles.s3Object", "aws.cloudtrail.flattened.digest.log_files.s3Object"),
        ("tlsDetails.tlsVersion", "tls.version"),
    ],
)
def test_raw_to_canonical(raw: str, canonical: str) -> None:
    located = table().raw(raw)
    assert located.canonical == canonical
    assert located.raw == raw


def test_ecs_to_raw() -> None:
    located, home = table().ecs("user.name")
    assert (located.raw, home.type) == ("userIdentity.userName", "keyword")
    assert table().ecs("cloud.account.id")[0].raw == "userIdentity.accountId"
    located, home = table().ecs("aws.cloudtrail.flattened.request_parameters.a.b")
    assert (located.raw, home.form) == ("requestParameters.a.b", "flattened")
    with pytest.raises(UnknownFieldError, match=r"aws\.cloudtrail\.nothing"):
        table().ecs("aws.cloudtrail.nothing")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("eventname", "eventName"),
        ("userIdentity.username", "userIdentity.userName"),
        ("sharedEventId", "sharedEventID"),
        ("sourceIpAdress", "sourceIPAddress"),
        ("additionalEventdata", "additionalEventData"),
        (
            "userIdentity.sessionContext.sessionIssuer.userNam",
            "userIdentity.sessionContext.sessionIssuer.userName",
        ),
    ],
)
def test_a_misspelt_field_gets_a_suggestion(wrong: str, right: str) -> None:
    with pytest.raises(UnknownFieldError, match=f'did you mean "{right}"'):
        table().raw(wrong)


def test_an_unknown_field_without_a_like_one() -> None:
    with pytest.raises(UnknownFieldError, match="sigmaproof fields"):
        table().raw("Zq")


@pytest.mark.parametrize("raw", ["eventContext", "eventContext.tagContext", "edgeDeviceDetails.x"])
def test_a_dropped_field_says_so(raw: str) -> None:
    with pytest.raises(UnknownFieldError, match="the integration drops this field"):
        table().raw(raw)
