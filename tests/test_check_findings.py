"""What single checks find in a rule, where they say it is, and what they say to write instead."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from commandline import rule
from conftest import REQUIRED

from sigmaproof.check.run import Options, check_content
from sigmaproof.diagnostics import Diagnostic
from sigmaproof.servicemodels import data

HEAD = rule("s: x").splitlines().index("detection:") + 1
"""Lines up to the detection's own."""
MODELS = REQUIRED or data.available()


def found(detection: str, targets: Sequence[str] = (), head: str = "") -> list[Diagnostic]:
    """What is found in a rule beside what concerns sharing it."""
    options = Options(("form", "meaning", "tag-unknown", "pysigma", "targets"), (), tuple(targets))
    return check_content((head + rule(detection)).encode(), "r.yml", options=options).findings


def told(detection: str, code: str) -> list[tuple[int, str]]:
    """The findings of a code: the line in the detection, and all that is said."""
    return [(one.place.line - HEAD, f"{one.message} | {one.help}") for one in found(detection) if one.code == code]


SOURCES = {
    "iam.amazonaws": "did you mean iam.amazonaws.com?",
    "iam": "did you mean iam.amazonaws.com?",
    "imm.amazonaws.com": "did you mean iam.amazonaws.com?",
    "iam.us-east-1.amazonaws.com": "did you mean iam.amazonaws.com?",
    "efs.amazonaws.com": "did you mean elasticfilesystem.amazonaws.com?",
    "IAM.amazonaws.com": None,
    "sso-directory.amazonaws.com": None,
    "monitoring.amazonaws.com": None,
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_service_that_there_is_not(source: str) -> None:
    findings = told(f"s:\n    eventSource: {source}\ncondition: s", "event-source-unknown")
    assert len(findings) == (SOURCES[source] is not None)
    assert all(line == 2 and str(SOURCES[source]) in words for line, words in findings)


@pytest.mark.parametrize("source", ["s3", "elasticloadbalancing", "monitoring", "health"])
@pytest.mark.skipif(not MODELS, reason="NOT RUN with AWS's service models: botocore is in sigmaproof[aws]")
def test_a_call_that_only_other_services_have(source: str) -> None:
    detection = f"s:\n    eventSource: {source}.amazonaws.com\n    eventName: %s\ncondition: s"
    assert [line for line, _ in told(detection % "CreateUser", "event-name-unknown")] == [3]
    assert told(detection.replace(source, "sso-directory") % "CreateUser", "event-name-unknown") == []


PATTERNS = {
    "eventName|startswith: Creat3": "API reference",
    "eventName|re: '^create'": "|re|i",
    "eventName|re|i: '^create'": None,
    "eventName|startswith: CreateFunction2015": None,
    "eventName|re: 'Function.*v2$'": None,
    "eventSource|contains: rolesanyxwhere": "small letters",
    "eventSource|startswith: rolesany": None,
}


@pytest.mark.parametrize("test", PATTERNS)
def test_a_pattern_that_no_name_fits(test: str) -> None:
    findings = [one for one in found(f"s:\n    {test}\ncondition: s") if one.code.endswith("-unknown")]
    assert len(findings) == (PATTERNS[test] is not None)
    assert all(str(PATTERNS[test]) in one.help for one in findings)


def test_what_is_said_of_a_value_is_not_said_otherwise_by_another_check() -> None:
    for value in ("0777", "012345678901", "1e3"):
        assert [one.code for one in found(f"s:\n    requestParameters.mode: {value}\ncondition: s")] == [
            "yaml-surprise"
        ]
        assert found(f"s:\n    requestParameters.mode: '{value}'\ncondition: s") == []
    assert found("s:\n    recipientAccountId: '123456789012'\ncondition: s") == []
    for value in ("yes", "'yes'"):
        helps = [one.help for one in found(f"s:\n    errorCode|exists: {value}\ncondition: s")]
        assert len(helps) == 1
        assert "write true" in helps[0].replace("`", "")


# A tag, the code, and what is said to write instead.
TAGS: dict[str, tuple[str, str] | None] = {
    "attack.t1078.004": None,
    "attack.stealth": None,
    "attack.g0016": None,
    "attack.ds0009": None,
    "attack.defense-evasion": ("tag-retired", "attack.stealth or attack.defense-impairment"),
    "attack.Defense_Evasion": ("tag-retired", "attack.stealth or attack.defense-impairment"),
    "attack.t1562.008": ("tag-retired", "attack.t1685.002"),
    "attack.t9999": ("tag-unknown", "such as attack.t1078.004"),
    "attack.t1078.099": ("tag-unknown", "did you mean attack.t1078?"),
    "attack.ta0001": ("tag-unknown", "did you mean attack.initial-access?"),
    "attack.Initial_Access": ("tag-unknown", "write attack.initial-access, or --fix"),
    "attack.T1078": ("tag-unknown", "write attack.t1078, or --fix"),
    "attack.persistance": ("tag-unknown", "did you mean attack.persistence?"),
    "attack.g16": ("tag-unknown", "such as"),
    "cve.2021.44228": ("tag-unknown", "write cve.2021-44228"),
    "own.word": ("tag-unknown", "the namespaces are attack, car"),
}


@pytest.mark.parametrize("tag", TAGS)
def test_tags_are_asked_of_the_table_that_coverage_has(tag: str) -> None:
    findings = check_content(f"title: T\ntags:\n    - {tag}\n".encode(), "r.yml", options=Options(("tag",))).findings
    told = [(one.code, one.help) for one in findings if one.level != "error" and one.place.line == 3]
    code, help = TAGS[tag] or ("", "")
    assert [one for one, _ in told] == ([code] if code else [])
    assert all(help in words for _, words in told)


# Tests beside an eventSource; the code of what is found, and a part of what is said, of each one that AWS never writes.
UNWRITTEN: dict[str, tuple[str, str] | None] = {
    "errorCode: ''": ("value-unwritten", "write `errorCode: null`"),
    "errorCode: '-'": ("value-unwritten", "write `errorCode: null`"),
    "errorCode: 'null'": ("value-unwritten", "write `errorCode: null`"),
    "errorMessage: none": ("value-unwritten", "write `errorMessage: null`"),
    "eventName|cased: createUser": ("value-unwritten", "write CreateUser"),
    "eventName|cased: CreateUser": None,
    "userAgent: ''": None,
    "requestParameters.x: ''": None,
    "readOnly: 'yes'": ("rule-unwritten", "the value is a string"),
    "eventTime|contains: x": ("rule-unwritten", "2026-01-15T09:30:00Z"),
    "eventTime|startswith: '2026-01-01T0'": None,
    "eventTime: '2026-12-3*Z'": None,
    "eventTime|re: 'T0[0-5]:'": None,
    'requestParameters|contains: \'"userName": "x"\'': ("rule-unwritten", 'without spaces, as `{"userName":"x"}`'),
    'requestParameters|contains: \'"userName":"x"\'': None,
    'requestParameters|contains|all: [\'"a":"x"\', \'"b":[\']': None,
}


@pytest.mark.parametrize("test", UNWRITTEN)
def test_what_aws_never_writes_stands_at_its_test(test: str) -> None:
    findings = [one for one in found(f"s:\n    eventSource: iam.amazonaws.com\n    {test}\ncondition: s")
                if "unwritten" in one.code]  # fmt: skip
    code, words = UNWRITTEN[test] or ("", "")
    assert [(one.code, one.place.line - HEAD) for one in findings] == ([(code, 3)] if code else [])
    assert all(words in f"{one.message} {one.help}" for one in findings)


def test_an_address_in_a_network_with_an_end_is_one_that_aws_can_write() -> None:
    detection = "s:\n    sourceIPAddress|cidr: 10.0.0.0/8\n    sourceIPAddress|endswith: %s\ncondition: s"
    assert found(detection % "'.5'") == []
    ((line, words),) = told(detection % "'.x'", "rule-unwritten")
    assert line == 2
    assert "no single value of sourceIPAddress" in words


def test_a_star_can_be_meant() -> None:
    detection = "s:\n    requestParameters.bucketPolicy.Statement.Principal: '%s'\ncondition: s"
    ((line, words),) = told(detection % "*", "value-everything")
    assert line == 2
    assert words.index(r"write '\*'") < words.index("|exists: true")
    assert told(detection % r"\*", "value-everything") == []


# A test in the third line; the code, the line in the detection, and what to write instead.
REFUSED = {
    "sourceIPAddress|cidr: 10.0.0.1/8": ("rule-value", 3, "write 10.0.0.0/8"),
    "sourceIPAddress|cidr: '2001:db8::1/32'": ("rule-value", 3, "write 2001:db8::/32"),
    "sourceIPAddress|cidr: ['10.0.0.0/8', 300.1.1.1/99]": ("rule-value", 3, "203.0.113.0/24"),
    "userAgent|base64offset|contains:\n        - abcdef\n        - x": ("rule-value", 5, "use a longer value"),
    "userAgent|base64:\n        - ab\n        - 'a*b'": ("rule-value", 5, "escape it"),
    "eventName|expand: '%admins%'": ("rule-invalid", 3, "-p"),
    "userAgent|cidr|contains: 10.0.0.0/8": ("rule-invalid", 3, "incompatible"),
}


@pytest.mark.parametrize("test", REFUSED)
def test_what_is_refused_stands_at_its_value(test: str) -> None:
    code, line, words = REFUSED[test]
    (one,) = found(f"s:\n    eventName: CreateUser\n    {test}\ncondition: s")
    assert (one.code, one.level, one.place.line - HEAD) == (code, "error", line)
    assert words in f"{one.message} {one.help}"


CONDITIONS = {
    "2 of s*": "`2 of` is none of Sigma's quantifiers; write `1 of`, `any of` or `all of`",
    "one of s*": "`one of` is none",
    "all s*": "`all` without `of` is none",
    "s and t": 'there is no selection "t"',
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_that_is_misread_says_what_is_meant(condition: str) -> None:
    ((_, words),) = told(f"s:\n    eventName: CreateUser\ncondition: {condition}", "rule-condition")
    assert CONDITIONS[condition] in words


def test_what_every_rule_has_is_said_where_it_is_missing() -> None:
    findings = check_content(b"author: me\n", "r.yml", options=Options(("form",))).findings
    assert [one.code for one in findings] == ["rule-form"] * 3
    assert all("`title:`, `logsource:`" in one.help for one in findings)


def test_no_advice_that_the_rule_follows_already() -> None:
    detection = "s:\n%s    eventName: CreateUser\n    requestParameters.userName|contains: admin\ncondition: s"
    advice = "Name the API call in the rule"
    for more, told_of in (("", True), ("    eventSource: iam.amazonaws.com\n", False)):
        helps = [one.help for one in found(detection % more, ["eql"]) if one.code == "target-approximate"]
        assert helps
        assert any(advice in one for one in helps) is told_of
