"""What a query's text shows by itself, for each kind of test: the fields that the conversion tells, and in EQL no sign
that can't be seen. Small, without generated rules; test_properties asks the same of random ones."""

from __future__ import annotations

from typing import Any

import pytest
from cases import rule_of
from querytree import fields

from sigmaproof.conversion import convert_rule
from sigmaproof.fidelity import Conversion

HOMES: list[tuple[dict[str, Any], str]] = [
    ({"errorCode|re": "A.*"}, "aws.cloudtrail.error_code"),
    ({"errorCode|contains": "a"}, "aws.cloudtrail.error_code"),
    ({"errorCode": ["a", "b"]}, "aws.cloudtrail.error_code"),
    ({"errorCode": None}, "aws.cloudtrail.error_code"),
    ({"errorCode|exists": True}, "aws.cloudtrail.error_code"),
    ({"userIdentity.accountId": 1}, "cloud.account.id"),
    ({"readOnly": True}, "aws.cloudtrail.read_only"),
    ({"eventTime|year": 2026}, "@timestamp"),
    ({"sourceIPAddress|cidr": "10.0.0.0/8"}, "source.ip"),
    ({"requestParameters|contains": "a"}, "aws.cloudtrail.request_parameters"),
]
VALUES = ("a", "a*", 1, None, "*", ["1", "2"])


def converted(selection: dict[str, Any], target: str) -> Conversion:
    return convert_rule(rule_of("text", {"s": selection, "condition": "s"}), target)


@pytest.mark.parametrize("target", ["eql", "lucene"])
@pytest.mark.parametrize(("selection", "home"), HOMES, ids=str)
def test_the_field_that_is_searched(selection: dict[str, Any], home: str, target: str) -> None:
    conversion = converted(selection, target)
    assert set(conversion.fields) == set(fields(conversion)) == {"event.dataset", home}


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_the_field_of_a_part_of_an_object(value: Any) -> None:
    """EQL has no flattened fields, and searches the text."""
    for target, home in (("eql", "request_parameters"), ("lucene", "flattened.request_parameters.k")):
        conversion = converted({"requestParameters.k": value}, target)
        assert set(conversion.fields) == set(fields(conversion)) == {"event.dataset", f"aws.cloudtrail.{home}"}


def test_an_eql_query_hides_nothing() -> None:
    text = "a\x01\x85\u200b\u2028\U000e0001"
    for selection in ({"errorCode": text}, {"errorCode|contains": text}, {"requestParameters.k": text}):
        assert (converted(selection, "eql").query or "\n").isprintable()
