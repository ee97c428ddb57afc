"""Tables of SQL queries: what can be read for certain gives the records, the rest is refused with what to select."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from cases import rule_of
from containers import table

from sigmaproof.batches import batches_of
from sigmaproof.diagnostics import Diagnostic
from sigmaproof.evaluate.batchjudge import BatchJudge
from sigmaproof.events import Event, events_at

RECORD: dict[str, Any] = {
    "eventVersion": "1.11",
    "userIdentity": {
        "type": "AssumedRole",
        "principalId": "AROA:dana",
        "arn": "arn:aws:sts::111122223333:assumed-role/a=b, c/dana",
        "accountId": "111122223333",
        "sessionContext": {
            "sessionIssuer": {"userName": "a=b", "principalId": "AROA"},
            "attributes": {"mfaAuthenticated": "false", "creationDate": "2026-11-24T07:00:00Z"},
        },
    },
    "eventTime": "2026-11-24T08:00:00Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "PutBucketPolicy",
    "awsRegion": "eu-west-1",
    "sourceIPAddress": "198.51.100.9",
    "userAgent": 'aws-cli "2", a\nb',
    "errorCode": "AccessDenied",
    "requestParameters": {"bucketName": "b", "bucketPolicy": {"Statement": [{"Sid": None, "n": 1.5, "t": "a, b=c}"}]}},
    "readOnly": False,
    "resources": [{"ARN": "arn:aws:s3:::b", "accountId": "111122223333"}, {"type": "AWS::S3::Object"}],
    "recipientAccountId": "111122223333",
    "tlsDetails": {"tlsVersion": "TLSv1.3"},
}


def small(value: Any) -> Any:
    """As Athena casts a struct: its names in small letters, with null for what is missing."""
    if isinstance(value, dict):
        return {**{key.lower(): small(inner) for key, inner in value.items()}, "invokedby": None}
    return [small(one) for one in value] if isinstance(value, list) else value


def cells(record: dict[str, Any], lake: bool = False) -> dict[str, str]:
    """The columns of Athena's table for CloudTrail, with structs cast to JSON."""
    found = {"responseelements": "", "errormessage": "", "region": "eu-west-1"}
    for name, value in record.items():
        if name in {"userIdentity", "resources", "tlsDetails"}:
            found[name.lower()] = json.dumps(small(value))
        elif isinstance(value, dict):
            found[name.lower()] = json.dumps(value)
        else:
            found[name.lower()] = value if isinstance(value, str) else json.dumps(value)
    return found


def read(content: str) -> tuple[list[Event], list[Diagnostic]]:
    problems: list[Diagnostic] = []
    batches = batches_of(BytesIO(content.encode("utf-8", "surrogateescape")), "f", problems.append)
    return [e for b in batches for at in range(len(b.texts)) for e in events_at(b, at, problems.append)], problems


def of_cells(rows: list[dict[str, str]]) -> str:
    return table(list(rows[0]), [list(row.values()) for row in rows])


class TestAthena:
    def test_the_record_comes_back(self) -> None:
        events, problems = read(of_cells([cells(RECORD), {**cells(RECORD), "eventname": "GetObject"}]))
        assert events[0].record == RECORD
        assert events[1].record == {**RECORD, "eventName": "GetObject"}
        # the user agent has a line's end in it
        assert [event.place for event in events] == ["f:2", "f:4"]
        assert problems == []

    @pytest.mark.parametrize(
        "detection",
        [
            {"selection": {"userIdentity.sessionContext.sessionIssuer.userName": "a=b"}, "condition": "selection"},
            {"selection": {"requestParameters.bucketPolicy.Statement.n": 1.5}, "condition": "selection"},
            {"selection": {"readOnly": "false", "resources.ARN|endswith": ":b"}, "condition": "selection"},
            {"selection": {"userIdentity.invokedBy|exists": False}, "condition": "selection"},
            {"keywords": ["aws-cli"], "condition": "keywords"},
            {"selection": {"responseElements": None}, "condition": "selection"},
        ],
    )
    def test_the_same_matches(self, detection: dict[str, Any]) -> None:
        for content in (of_cells([cells(RECORD)]), json.dumps(RECORD)):
            judge = BatchJudge([rule_of("t", detection)])
            batches = batches_of(BytesIO(content.encode()), "f", lambda problem: None)
            assert len([one for batch in batches for one in judge.found(batch, lambda problem: None)]) == 1

    @pytest.mark.parametrize(
        ("column", "cell", "help"),
        [
            ("useridentity", "{type=IAMUser, principalid=AIDA, arn=a, username=null}", "CAST(useridentity AS JSON)"),
            ("useridentity", '["IAMUser", "AIDA"]', "engine version 3"),
            ("resources", "[{arn=a, accountid=1, type=t}]", "CAST(resources AS JSON)"),
            ("requestparameters", "{bucketName=b, Host=h}", "eventJson"),
            ("requestparameters", '{"a": ', "eventJson"),
            ("additionaleventdata", "words", "eventJson"),
        ],
    )
    def test_what_is_ambiguous_is_refused(self, column: str, cell: str, help: str) -> None:
        rows = [cells(RECORD), {**cells(RECORD), column: cell}, cells(RECORD)]
        names = list(dict.fromkeys([*cells(RECORD), column]))
        events, problems = read(table(names, [[row.get(name, "") for name in names] for row in rows]))
        assert [event.record for event in events] == [RECORD]
        assert [(problem.code, problem.level) for problem in problems] == [("log-unreadable", "error")]
        assert help in problems[0].help
        assert f"column {column}" in problems[0].message

    def test_columns_that_say_nothing(self) -> None:
        events, problems = read(table(["eventname", "arn", "year"], [["A", "b", "2026"]]))
        assert [event.record for event in events] == [{"eventName": "A"}]
        assert ["not read: arn" in problems[0].message, "no column eventTime" in problems[1].message] == [True, True]
        assert {problem.level for problem in problems} == {"warning"}

    def test_a_path_as_a_column(self) -> None:
        events, _ = read(table(["eventname", "useridentity.sessioncontext.sessionissuer.username"], [["A", "b"]]))
        assert events[0].record == {"eventName": "A", "userIdentity.sessionContext.sessionIssuer.userName": "b"}

    def test_a_name_that_nobody_knows_is_told(self) -> None:
        row = {**cells(RECORD), "useridentity": '{"type": "IAMUser", "newthing": "x", "older": null}'}
        events, problems = read(of_cells([row, row]))
        assert events[0].record["userIdentity"] == {"type": "IAMUser", "newthing": "x"}
        assert [problem.message for problem in problems] == [
            "useridentity.newthing: not known how CloudTrail spells it; left as it is"
        ]


class TestLake:
    def test_its_times(self) -> None:
        events, _ = read(table(["eventTime", "eventName"], [["2023-01-05 13:51:00.000", "A"]]))
        assert events[0].record == {"eventTime": "2023-01-05T13:51:00Z", "eventName": "A"}

    def test_the_whole_record_goes_before_columns(self) -> None:
        row = ["PutX", "{type=IAMUser}", json.dumps(RECORD)]
        events, problems = read(table(["eventName", "userIdentity", "eventJson"], [row]))
        assert [event.record for event in events] == [RECORD]
        assert problems == []

    @pytest.mark.parametrize(
        ("rest", "code", "place"),
        [
            ('"a","{}"\n"b"\n"c","{}"\n', "log-record", "f:3"),
            ('"a","{}"\n"b",\n"c","{}"\n', "log-record", "f:3"),
            ('"a","{}"\n"b","{broken"\n"c","{}"\n', "log-record", "f:3"),
            ('"a","{}"\n"b","\udcff"\n"c","{}"\n', "log-record", "f:3"),
            ('"a","{}"\n"c","{}"\n"b","{}', "log-unreadable", "f:4"),
        ],
    )
    def test_faults(self, rest: str, code: str, place: str) -> None:
        events, problems = read('"eventID","eventJson"\n' + rest)
        assert [event.record for event in events] == [{}, {}]
        assert [problem.code for problem in problems] == [code]
        assert str(problems[0].place).startswith(place)


def test_a_long_cell_and_many_rows() -> None:
    long = {"eventName": "A", "requestParameters": {"x": "a" * 300_000}}
    events, problems = read(table(["eventJson"], [[json.dumps(long)], *[['{"eventName": "B"}']] * 1200]))
    assert events[0].record == long
    assert [event.number for event in events] == list(range(2, 1203))
    assert problems == []


def test_other_tables_are_no_logs() -> None:
    _, problems = read("name,size\na,1\n")
    assert [problem.code for problem in problems] == ["log-unreadable"]
