"""What a query's text shows by itself, for each kind of test: the fields that the conversion tells, and in EQL no sign
that can't be seen. Small, without generated rules; test_properties asks the same of random ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cases import rule_of
from luceneregexp import matcher
from querytree import fields

from sigma.backends.sigmaproof.eql import EqlEmitter
from sigmaproof.conversion import convert_rule
from sigmaproof.emit import spot
from sigmaproof.fidelity import Conversion
from sigmaproof.fields import Writes, table

HOMES: list[tuple[dict[str, Any], str]] = [
    ({"errorCode|re": "A.*"}, "aws.cloudtrail.error_code"),
    ({"errorCode|contains": "a"}, "aws.cloudtrail.error_code"),
    ({"errorCode": ["a", "b"]}, "aws.cloudtrail.error_code"),
    ({"errorCode": None}, "aws.cloudtrail.error_code"),
    ({"errorCode|exists": True}, "aws.cloudtrail.error_code"),
    ({"userIdentity.accountId": 1}, "cloud.account.id"),
    ({"userIdentity.accountId": ["1", "2"]}, "cloud.account.id"),
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


@pytest.mark.parametrize("text", [r"a\*b", r"a\?b", "a\x01b"], ids=ascii)
def test_a_sign_that_eql_cannot_escape_makes_an_expression(text: str) -> None:
    """In a pattern `*` and `?` are wildcards, and U+0001 is Elasticsearch's own escape."""
    assert " regex " in (converted({"errorCode|startswith": text}, "eql").query or "")
    assert " regex " not in (converted({"errorCode|startswith": "ab"}, "eql").query or "")


def test_a_part_of_several_spellings() -> None:
    """Each of them as a whole, up to the end of the value. No part in the table has several yet."""
    where = spot(table(), "aws.cloudtrail.flattened.request_parameters.x", frozenset())
    where = replace(where, writes=Writes(spelling="values", values=("On", "ON")))
    holds = matcher(EqlEmitter().value_regex(where, ("on",), cased=False, negated=False))
    assert all(map(holds, ("On}", "ON}", "On, b=1}", "ON, b=1}")))
    assert not any(map(holds, ("on}", "oN}", "OnON}", "On", "ON", "ON)}", "(On}")))
