"""The same records in whatever they are wrapped in: the same records are read, with the same matches, at places that
name them."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from cases import rule_of
from containers import CONTAINERS, Container, lines, subscription

from sigmaproof.batches import batches_of
from sigmaproof.diagnostics import Diagnostic
from sigmaproof.evaluate.batchjudge import BatchJudge
from sigmaproof.evaluate.literals import needed
from sigmaproof.evaluate.run import evaluate
from sigmaproof.events import event_at, events_at, read_events
from sigmaproof.rules import Rule, load_files

ROOT = Path(__file__).resolve().parents[1]
NASTY: list[dict[str, Any]] = [
    {"eventName": "A", "eventID": "1", "requestParameters": {"a": 'quote " and \\ and, comma }{ \n line', "n": 1.50}},
    {"eventName": "B", "eventID": "2", "errorCode": "x\u2028\u0085y", "requestParameters": {"message": '{"a": 1}'}},
    {
        "eventName": "C",
        "eventID": "3",
        "userIdentity": {"userName": "é\U0001f600", "body": "{"},
        "resources": [{"ARN": "a"}],
    },
    {"eventName": "D", "eventID": "4", "responseElements": {"Records": [{"eventName": "E"}], "detail": {"a": None}}},
]
RULES = [
    "selection:\n    eventName: A\ncondition: selection",
    "selection:\n    requestParameters.a|contains: 'quote \" and'\ncondition: selection",
    "keywords:\n    - '\U0001f600'\ncondition: keywords",
    "selection:\n    errorCode|exists: false\ncondition: selection",
    "selection:\n    requestParameters.n: 1.5\ncondition: selection",
    "selection:\n    eventName: E\ncondition: selection",
    "selection:\n    resources.ARN: A\ncondition: selection",
]


def made(detection: str, title: str) -> Rule:
    return rule_of(title, yaml.safe_load(detection))


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    files = sorted((ROOT / "fixtures" / "events").glob("*.ndjson"))
    found = [event.record for file in files for event in read_events(file, lambda problem: None)]
    return [*NASTY, *(one for one in found if "eventName" in one), NASTY[0]]


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    ours = load_files(sorted((ROOT / "sigma_rules").rglob("*.yml"))).rules
    extra = [made(detection, f"made {number}") for number, detection in enumerate(RULES)]
    return [*ours, *extra]


@pytest.fixture(scope="module")
def wanted(rules: list[Rule], records: list[dict[str, Any]]) -> list[str]:
    """The titles of the matches in plain lines."""
    return [title for title, _ in matched(rules, lines(records).encode())[0]]


def matched(rules: Sequence[Rule], content: bytes) -> tuple[list[tuple[str, str]], int, list[Diagnostic]]:
    """The matches, as rule and place, how many records were read, and what was reported."""
    problems: list[Diagnostic] = []
    judge = BatchJudge(rules)
    batches = batches_of(BytesIO(content), "f", problems.append)
    found = [one for batch in batches for one in judge.found(batch, problems.append)]
    return [(rules[number].title, event.place) for number, event, _ in found], judge.records, problems


@pytest.mark.parametrize("name", CONTAINERS)
class TestContainers:
    def test_the_same_records_at_their_places(self, name: str, records: list[dict[str, Any]], tmp_path: Path) -> None:
        container = CONTAINERS[name]
        (tmp_path / name).write_bytes(container.content(records))
        problems: list[Diagnostic] = []
        events = list(read_events(tmp_path / name, problems.append))
        assert [event.record for event in events] == records
        assert [problem for problem in problems if problem.code != "log-skipped"] == []
        if container.places:
            assert [event.place for event in events] == [
                f"{tmp_path / name}{p}" for p in container.places(len(records))
            ]
        assert len({event.place for event in events}) == len(records)
        for event in events[::50]:
            assert event_at(event.place).record == event.record

    def test_the_same_matches(
        self, name: str, rules: list[Rule], records: list[dict[str, Any]], wanted: list[str]
    ) -> None:
        content = CONTAINERS[name].content(records)
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        found, read, problems = matched(rules, content)
        assert [title for title, _ in found] == wanted
        assert read == len(records)
        assert {problem.code for problem in problems} <= {"log-skipped"}
        assert len(wanted) > 50

    def test_the_search_agrees_with_reading_all(
        self, name: str, rules: list[Rule], records: list[dict[str, Any]]
    ) -> None:
        content = CONTAINERS[name].content(records[:20])
        content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
        batches = list(batches_of(BytesIO(content), "f", lambda problem: None))
        events = [e for b in batches for at in range(len(b.texts)) for e in events_at(b, at, lambda problem: None)]
        slow = [(match.rule.title, match.event.place) for match in evaluate(rules, events)]
        assert matched(rules, content)[0] == slow

    def test_nothing_is_missed_where_nothing_else_is_suspect(self, name: str) -> None:
        """Plain records, and rules that all need a literal: no escape and no other rule has a text parsed."""
        records = [{"eventName": "AB"[n % 2], "eventID": str(n), "requestParameters": {"x": "plain"}} for n in range(6)]
        content = CONTAINERS[name].content(records)
        content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
        for action, count in (("A", 3), ("B", 3), ("Z", 0)):
            rule = made(f"selection:\n    eventName: {action}\ncondition: selection", "t")
            assert needed(rule.tree)
            found, read, _ = matched([rule], content)
            assert (len(found), read) == (count, 6)

    @pytest.mark.parametrize("cut", [0.3, 0.6, 0.97])
    def test_what_is_cut_off_is_reported(self, name: str, cut: float, records: list[dict[str, Any]]) -> None:
        content = CONTAINERS[name].content(records[:9])
        content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
        whole = content[: int(len(content) * cut)]
        problems: list[Diagnostic] = []
        batches = batches_of(BytesIO(whole), "f", problems.append)
        found = [e.record for b in batches for at in range(len(b.texts)) for e in events_at(b, at, problems.append)]
        assert [problem for problem in problems if problem.level == "error"]
        assert all(one in records for one in found)


def test_records_that_only_look_like_envelopes(rules: list[Rule]) -> None:
    """Keys of envelopes inside of a record change nothing."""
    record = {
        "eventName": "A",
        "eventID": "1",
        "requestParameters": {"Records": [], "message": '{"eventName": "B"}', "logEvents": [], "hits": {"hits": []}},
    }
    problems: list[Diagnostic] = []
    batches = list(batches_of(BytesIO(json.dumps(record).encode()), "f", problems.append))
    assert [e.record for b in batches for e in events_at(b, 0, problems.append)] == [record]
    assert problems == []


class TestLeftOut:
    def test_a_control_message_and_a_digest(self, tmp_path: Path) -> None:
        digest = {"awsAccountId": "111122223333", "digestS3Bucket": "b", "digestS3Object": "o", "logFiles": []}
        (tmp_path / "a.ndjson").write_text(subscription([{}], "CONTROL_MESSAGE") + "\n" + lines([digest, NASTY[0]]))
        problems: list[Diagnostic] = []
        assert [event.record for event in read_events(tmp_path / "a.ndjson", problems.append)] == NASTY[:1]
        assert [(problem.code, problem.message) for problem in problems] == [
            ("log-skipped", "control message"),
            ("log-skipped", "digest"),
        ]

    def test_a_digest_matches_no_rule(self) -> None:
        rule = made("selection:\n    errorCode|exists: false\ncondition: selection", "t")
        digest = {"awsAccountId": "1", "digestS3Bucket": "b", "digestS3Object": "o", "logFiles": []}
        assert matched([rule], json.dumps(digest).encode())[:2] == ([], 0)

    def test_what_is_no_json_in_an_envelope_is_reported_at_its_place(self) -> None:
        events = [{"message": "{broken"}, {"message": json.dumps(NASTY[0])}, {"message": "words"}, {"message": 5}]
        content = json.dumps({"messageType": "DATA_MESSAGE", "logEvents": events}).encode()
        rule = made("selection:\n    eventName: A\ncondition: selection", "t")
        found, read, problems = matched([rule], content)
        assert found == [("t", "f:1#2")]
        assert read == 1
        assert [str(problem.place) for problem in problems] == ["f:1#1", "f:1#3", "f:1#4"]

    def test_insights_are_records(self) -> None:
        insight = {"eventType": "AwsCloudTrailInsight", "eventID": "1", "insightDetails": {"eventName": "A"}}
        rule = made("selection:\n    insightDetails.eventName: A\ncondition: selection", "t")
        judge = BatchJudge([rule])
        batches = batches_of(BytesIO(json.dumps({"Records": [insight]}).encode()), "f", lambda problem: None)
        assert [event.place for b in batches for _, event, _ in judge.found(b, lambda problem: None)] == ["f#1"]
        assert judge.foreign is None


def zst(content: bytes) -> bytes:
    zstd = pytest.importorskip("backports.zstd", reason="the packer of Python 3.14 is not here")
    return bytes(zstd.compress(content))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zst,
    "plain": bytes,
}


class TestPacked:
    @pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz", "a.json.zst", "a.json.bz2", "a.log.xz"])
    @pytest.mark.parametrize("form", PACKERS)
    def test_by_its_first_bytes_whatever_its_name(self, tmp_path: Path, form: str, name: str) -> None:
        (tmp_path / name).write_bytes(PACKERS[form](lines(NASTY).encode()))
        problems: list[Diagnostic] = []
        assert [event.record for event in read_events(tmp_path / name, problems.append)] == NASTY
        assert problems == []

    @pytest.mark.parametrize("form", ["gz", "bz2", "xz", "zst"])
    @pytest.mark.parametrize("damage", ["cut", "changed", "nothing"])
    def test_damage_is_reported(self, tmp_path: Path, form: str, damage: str) -> None:
        packed = bytearray(PACKERS[form](lines(NASTY * 50).encode()))
        if damage == "changed":
            packed[len(packed) // 2 : len(packed) // 2 + 8] = b"\xff" * 8
        kept = {"cut": packed[: len(packed) * 2 // 3], "changed": packed, "nothing": packed[:6]}[damage]
        (tmp_path / "a.ndjson").write_bytes(bytes(kept))
        problems: list[Diagnostic] = []
        list(read_events(tmp_path / "a.ndjson", problems.append))
        assert {problem.code for problem in problems} <= {"log-unreadable", "log-record"}
        assert problems

    def test_several_packed_parts_are_one_file(self, tmp_path: Path) -> None:
        for form, pack in PACKERS.items():
            (tmp_path / form).write_bytes(pack(lines(NASTY[:1]).encode()) + pack(lines(NASTY[1:]).encode()))
            assert [event.record for event in read_events(tmp_path / form, lambda problem: None)] == NASTY


def test_the_search_is_not_in_vain(records: list[dict[str, Any]]) -> None:
    """Envelopes of texts are opened before they are searched: few records are parsed for a rule that matches few."""
    rule = made("selection:\n    eventName: A\ncondition: selection", "t")
    assert needed(rule.tree)
    container: Container = CONTAINERS["firehose.json"]
    batches = batches_of(BytesIO(container.content(records)), "f", lambda problem: None)
    judge = BatchJudge([rule])
    candidates = [judge.scanner.candidates(batch) for batch in batches]
    assert sum(map(len, candidates)) < len(records) / 2
