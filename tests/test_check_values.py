"""What `check` says of values that no record has, and what it leaves alone because some record has it."""

from __future__ import annotations

import pytest
from commandline import rule
from conftest import REQUIRED

from sigmaproof import check, load_text
from sigmaproof.diagnostics import Diagnostic
from sigmaproof.servicemodels import data

MODELS = REQUIRED or data.available()


def found(selection: str, *codes: str) -> list[Diagnostic]:
    """The findings of these codes about a rule with one line in its selection."""
    rules = load_text(rule(f"selection:\n    {selection}\ncondition: selection"), "r.yml").rules
    assert rules, "the rule loads"
    return check(rules, select=codes)


FORMS = {
    "sourceIPAddress: 10.0.0.0/8": "sourceIPAddress|cidr: 10.0.0.0/8",
    "sourceIPAddress|startswith: 2001:db8::/32": "sourceIPAddress|cidr: 2001:db8::/32",
    "additionalEventData.MFAUsed: false": "'No'",
    "additionalEventData.MFAUsed: 'TRUE'": "'Yes'",
    "responseElements.ConsoleLogin: Failed": "'Success' or 'Failure'",
    "awsRegion: us-east1": "us-east-1",
    "awsRegion: us-esat-2": "us-east-2",
    "awsRegion: eu_west_1": "eu-west-1",
    "recipientAccountId: 1234": "twelve",
    "recipientAccountId: 12345678901": "in quotes where the first one is 0",
    "userIdentity.sessionContext.sessionIssuer.accountId: '123'": "twelve",
    "userIdentity.arn: root": "endswith: ':root'",
    "userIdentity.arn|startswith: user/alice": "endswith: '/user/alice'",
    "readOnly: 'no'": "false",
    "userIdentity.sessionContext.attributes.mfaAuthenticated: 1": "true",
}
FITTING = (
    "sourceIPAddress: [10.0.0.1, '10.0.0.*', AWS Internal]",
    "requestParameters.cidrIp: 0.0.0.0/0",
    "additionalEventData.MFAUsed: ['No', 'yes']",
    "awsRegion: [us-east-1, US-GOV-WEST-1, eusc-de-east-1, us-isob-east-1, ap-northwest-9, 'us-*', elsewhere]",
    "recipientAccountId: [123456789012, '012345678901', '1234*']",
    "userIdentity.accountId: anonymous",
    "userIdentity.arn: ['arn:aws:iam::123456789012:root', '*root', 'a*', 'arn*root', 'ARN:aws*']",
    "userIdentity.arn|contains: root",
    "readOnly: ['true', false]",
    "userIdentity.sessionContext.attributes.mfaAuthenticated: [false, 'true']",
)


@pytest.mark.parametrize("selection", FORMS)
def test_a_value_of_another_form_is_a_warning_that_says_what_to_write(selection: str) -> None:
    (one,) = found(selection, "value-form", "rule-unwritten")
    assert (one.code, one.level, one.place.line) == ("value-form", "warning", 9)
    assert FORMS[selection] in one.help


@pytest.mark.parametrize("selection", FITTING)
def test_a_value_that_some_record_has_is_left_alone(selection: str) -> None:
    assert found(selection, "value-form") == []


def test_the_slashes_of_an_expression() -> None:
    (one,) = found("userAgent|re: '/boto/'", "regex-slashes")
    assert "userAgent|re: 'boto'" in one.help
    (one,) = found("requestParameters.name|re: '/^a.b$/i'", "regex-slashes")
    assert "requestParameters.name|re|i: '^a.b$'" in one.help
    for meant in (
        "userIdentity.arn|re: '/aws-service-role/'",
        "requestParameters.key|re: '/a/b/i'",
        "userAgent|re: 'a/b/'",
    ):
        assert found(meant, "regex-slashes") == []


def test_curly_quotes_are_a_part_of_the_value() -> None:
    for quoted in ("“CreateRole”", "‘CreateRole’", "„CreateRole“"):
        (one,) = found(f"eventName: {quoted}", "value-quotes", "rule-unwritten")
        assert one.help == "write 'CreateRole'"
        assert found(f"requestParameters|contains: {quoted}", "value-quotes")
    assert found("errorMessage|contains: can’t be “done” here", "value-quotes") == []


@pytest.mark.parametrize(
    ("value", "is_told"),
    [
        ('"Principal":"*"', True),
        ('{"AWS": "*"},"Action":"s3:GetObject"', True),
        ('"Action":["*"]', True),
        ('"Principal":"\\*"', False),
        ('"Sid":"*","Effect":"Allow"', False),
        ('"Action":"s3:*"', False),
    ],
)
def test_a_lone_star_between_quotes_is_a_wildcard(value: str, is_told: bool) -> None:
    told = found(f"requestParameters.bucketPolicy|contains: '{value}'", "value-star")
    assert [one.help for one in told] == [r"write \* for the star itself"] * is_told


NAMES = {
    "s3.amazonaws.com/PutBucketPolcy": "PutBucketPolicy",
    "signin.amazonaws.com/ConsoleLogn": "ConsoleLogin",
    "sts.amazonaws.com/GetCallerIdentiy": "GetCallerIdentity",
    "lambda.amazonaws.com/UpdateFunctionCod20150331v2": "UpdateFunctionCode",
    "guardduty.amazonaws.com/DeleteDetectors": "DeleteDetector",
    "iam.amazonaws.com/CreateRole2": None,
    "iam.amazonaws.com/PutRole": None,
    "iam.amazonaws.com/CreateRole": None,
    "lambda.amazonaws.com/UpdateFunctionCode20150331v2": None,
    "ec2.amazonaws.com/DescribeInstance": None,
    "nobody.example.com/PutBucketPolcy": None,
}
OF_MODELS = {"guardduty.amazonaws.com/DeleteDetectors"}
"""A word that there is, of which only the service's model tells that no call has it so."""


@pytest.mark.parametrize("call", NAMES)
def test_a_misspelt_call_of_a_known_service_is_a_warning(call: str) -> None:
    if call in OF_MODELS and not MODELS:
        pytest.skip("NOT RUN with AWS's service models: botocore is in sigmaproof[aws]")
    source, name = call.split("/")
    told = found(f"eventSource: {source}\n    eventName: {name}", "event-name-misspelt", "event-name-unknown")
    misspelt = [(one.level, one.help) for one in told if one.code == "event-name-misspelt"]
    assert misspelt == ([("warning", f"did you mean {NAMES[call]}?")] if NAMES[call] else [])
    assert not (misspelt and len(told) > 1), "not told again as a note"


WHOLE = {
    'requestParameters|contains: \'"Principal":"\\*"\'': None,
    'requestParameters|contains: \'"AWS":"\\*"},"Action"\'': None,
    'requestParameters|contains|all: [\'"Principal":"\\*"\', \'"Effect":"Allow"\', mybucket]': None,
    "requestParameters|contains|all: [arn, secret, admin]": None,
    'requestParameters|re: \'"Principal":("\\*"|\\{"AWS")\'': None,
    'requestParameters|contains: \'"Principal": "\\*"\'': "JSON without spaces",
}


@pytest.mark.parametrize("test", WHOLE)
def test_the_json_of_an_object_is_one_that_aws_can_write(test: str) -> None:
    told = found(f"eventName: PutBucketPolicy\n    {test}", "rule-unwritten")
    assert len(told) == (WHOLE[test] is not None)
    assert all(str(WHOLE[test]) in one.help for one in told)


def test_what_a_search_of_a_whole_object_is_told_doesn_t_lead_in_a_circle() -> None:
    text = rule('s:\n    requestParameters|contains: \'"Principal":"\\*"\'\ncondition: s')
    whole = {one.code: one for one in check(load_text(text).rules, ["lucene"], select=["meaning", "targets"])}
    assert set(whole) == {"object-text", "target-approximate"}
    assert "Lucene can't search a part so" in whole["object-text"].help
    assert "signs of JSON stand only inside of a value" in whole["target-approximate"].message
