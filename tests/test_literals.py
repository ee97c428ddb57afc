"""Only records that a rule can match are parsed: for any rule and log, the matches are the plain evaluator's."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from cases import rule_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonwriter import written
from strategies import records_for, rules

from sigmaproof.batches import batches_of
from sigmaproof.diagnostics import Diagnostic
from sigmaproof.evaluate import scan
from sigmaproof.evaluate.batchjudge import BatchJudge
from sigmaproof.evaluate.files import FileJudge
from sigmaproof.evaluate.literals import needed
from sigmaproof.evaluate.run import evaluate
from sigmaproof.events import events_at, read_files
from sigmaproof.rules import Rule, load_files

ROOT = Path(__file__).resolve().parents[1]
NIGHTLY = os.environ.get("SIGMAPROOF_TIER") == "nightly"
PAIRS = int(os.environ.get("SIGMAPROOF_PREFILTER_PAIRS") or (10_000_000 if NIGHTLY else 100_000))
SPELLINGS, RECORDS, RULES = 30, 2, 3
OF_ONE = SPELLINGS * RECORDS * RULES * RULES
Found = list[tuple[str | None, str]]


def fast(found: Sequence[Rule], content: bytes) -> tuple[Found, list[Diagnostic]]:
    """The matches of the evaluator of files, each as a rule's title and a place."""
    problems: list[Diagnostic] = []
    judge = BatchJudge(found)
    batches = batches_of(BytesIO(content), "f", problems.append)
    matches = [one for batch in batches for one in judge.found(batch, problems.append)]
    return [(found[number].title, event.place) for number, event, _ in matches], problems


def plain(found: Sequence[Rule], content: bytes) -> tuple[Found, list[Diagnostic]]:
    """The same by the evaluator that parses every record."""
    problems: list[Diagnostic] = []
    batches = batches_of(BytesIO(content), "f", problems.append)
    events = (e for batch in batches for at in range(len(batch.texts)) for e in events_at(batch, at, problems.append))
    matches = evaluate(found, events, report=problems.append)
    return [(match.rule.title, match.event.place) for match in matches], problems


def forms(texts: Sequence[str]) -> Iterator[bytes]:
    """The same records as lines, as a document, and as a document with blanks."""
    yield "\n".join(texts).encode("utf-8", "surrogatepass")
    yield f'{{"Records":[{",".join(texts)}]}}'.encode("utf-8", "surrogatepass")
    yield f"[ {' ,  '.join(texts)} ]\n".encode("utf-8", "surrogatepass")


class TestSound:
    pairs = 0

    @settings(max_examples=PAIRS // OF_ONE + 1, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(rules(), min_size=RULES, max_size=RULES), st.data(), st.integers(0, 2**32))
    def test_same_matches(self, pairs: list[tuple[dict[str, Any], Rule]], data: st.DataObject, seed: int) -> None:
        """In any spelling of JSON, as lines and as documents."""
        random = Random(seed)
        records = [data.draw(records_for(detection)) for detection, _ in pairs for _ in range(RECORDS)]
        texts = [
            written(record, random, random.choice((0, 0, 0.02, 0.3)), random.random() < 0.5)
            for record in records
            for _ in range(SPELLINGS)
        ]
        TestSound.pairs += len(texts) * len(pairs)
        found = [rule for _, rule in pairs]
        content = random.choice(list(forms(texts)))
        behind, most = random.choice((1, 8)), random.choice((0, 30, 4_000))
        with patch.multiple(scan, _BEHIND_A_KEY=behind, _MOST=most):
            assert fast(found, content) == plain(found, content)

    def test_that_many_pairs(self) -> None:
        assert TestSound.pairs >= PAIRS or "PYTEST_XDIST_WORKER" in os.environ


NAME = {"eventName": "CreateUser"}
NEEDS: dict[str, tuple[dict[str, Any], set[str] | None]] = {
    "a whole value, with its quotes": ({"a": NAME, "condition": "a"}, {'"createuser"'}),
    "the least common of several": ({"a": {**NAME, "awsRegion": "x"}, "condition": "a"}, {'"createuser"'}),
    "any of a list": ({"a": {"eventName": ["A1b", "C2d"]}, "condition": "a"}, {'"a1b"', '"c2d"'}),
    "the start of a value": ({"a": {"eventName|startswith": "Create"}, "condition": "a"}, {'"create'}),
    "a part without its quotes": ({"a": {"eventName|contains": "Create"}, "condition": "a"}, {"create"}),
    "what JSON escapes is not in it": ({"a": {"userAgent|contains": 'longest"b<c'}, "condition": "a"}, {"longest"}),
    "true has no quotes": ({"a": {"zzz|contains": "tru"}, "condition": "a"}, {'"zzz"'}),
    "a number is spelled in many ways": ({"a": {"vpcName|contains": "1.5e3"}, "condition": "a"}, {'"vpcname"'}),
    "the end of a path": ({"a": {"userIdentity.zzz|exists": True}, "condition": "a"}, {'zzz"'}),
    "not null": ({"a": {"zzz": None}, "condition": "not a"}, {'"zzz"'}),
    "null": ({"a": {"zzz": None}, "condition": "a"}, None),
    "what is missing": ({"a": {"zzz|exists": False}, "condition": "a"}, None),
    "not": ({"a": NAME, "condition": "not a"}, None),
    "not both": ({"a": NAME, "b": {"zzz": None}, "condition": "not (a or b)"}, {'"zzz"'}),
    "or of something and nothing": ({"a": NAME, "b": {"zzz": None}, "condition": "a or b"}, None),
    "an expression": ({"a": {"userAgent|re": "^x+(a|b)longer: [tT]ext/1"}, "condition": "a"}, {"longer: text/1"}),
    "a colon at the start": ({"a": {"userAgent|contains": ":abcdef"}, "condition": "a"}, {"abcdef"}),
    "no more than can be searched": ({"a": {"zzz|endswith": "x" * 1500}, "condition": "a"}, {"x" * 1000}),
    "a key that can't be searched": ({"a": {"z" * 20_000: 5}, "condition": "a"}, None),
    "a keyword": ({"k": ["mimikatz"], "condition": "k"}, {"mimikatz"}),
}  # fmt: skip


@pytest.mark.parametrize("name", NEEDS)
def test_what_a_rule_needs(name: str) -> None:
    detection, wanted = NEEDS[name]
    found = needed(rule_of(name, detection).tree)
    assert (None if found is None else {one.text.decode() for one in found}) == wanted


TRICKS = [
    ("an escape in a value", NAME, r'{"eventName":"Cr\u0065ateUser"}'),
    ("an escape in capitals", {"eventName": "a-j"}, r'{"eventName":"a\u002Dj"}'),
    ("an escape in a key", {"zzz|exists": True}, r'{"z\u007az":1}'),
    ("a slash", {"userAgent|contains": "aws/2"}, r'{"userAgent":"aws\/2"}'),
    ("a list", NAME, '{"eventName":["Other","CreateUser"]}'),
    ("a list of lists, blanks", NAME, '{"eventName" :\t [ ["CreateUser"]]}'),
    ("blanks around the colon", NAME, '{"eventName" \t:  "CreateUser"}'),
    ("behind a key with dots", {"userIdentity.zzz": "Name"}, '{"userIdentity.zzz":"Name"}'),
    ("the same key twice", NAME, '{"eventName":"CreateUser","eventName":"CreateUser"}'),
    ("the other case", NAME, '{"eventName":"CREATEuser"}'),
    ("a key with dots", {"a.b.ccc": "x"}, '{"a.b.ccc":"x"}'),
    ("true for a text", {"zzz": "true"}, '{"zzz":true}'),
    ("an object's text over blanks", {"zzz|contains": 'a":"b'}, '{"zzz":{"a" : "b"}}'),
    ("a number in an object", {"zzz|contains": ":1.5,"}, '{"zzz":{"a":1.50,"b":2}}'),
    ("a line's end in an object's text", {"zzz|contains": "nabcdef"}, r'{"zzz":{"a":"\u000aabcdef"}}'),
    ("a control character in an object's text", {"zzz|contains": "u001fab"}, r'{"zzz":{"a":"\u001Fab"}}'),
    ("a long value", {"zzz": "x" * 40_000}, f'{{"zzz":"{"x" * 40_000}"}}'),
    ("a colon between the parts of an object", {"zzz|re": '":"valuexyz'}, '{"zzz":{"a": "valuexyz"}}'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "item", "text"), TRICKS, ids=[trick[0] for trick in TRICKS])
@pytest.mark.parametrize(("least", "most"), [(1, 4_000), (1, 0), (8, 4_000)])
def test_nothing_hides_a_match(
    monkeypatch: pytest.MonkeyPatch, least: int, most: int, name: str, item: dict[str, Any], text: str
) -> None:
    rule = rule_of(name, {"a": item, "condition": "a"})
    monkeypatch.setattr(scan, "_BEHIND_A_KEY", least)
    monkeypatch.setattr(scan, "_MOST", most)
    for content in forms(["{}", text, '{"eventName":"Other"}']):
        assert len(fast([rule], content)[0]) == 1
        assert fast([rule], content) == plain([rule], content)


def test_records_that_are_no_records() -> None:
    """What can't be skipped: broken lines, wrappers in a line, ECS documents, and records inside of records."""
    rule = rule_of("r", {"a": NAME, "condition": "a"})
    user = json.dumps(NAME)
    ecs = '{"event":{"action":"CreateUser"}}'
    nested = f'{{"eventName":"x","responseElements":{{"Records":[{user},{user}]}}}}'
    for content in (
        f'{user}\n{{"Records":[{user},{user},5]}}\n{user}x\nnull\n{nested}\n{ecs}\n',
        f'{{"Records":[{nested},{user},{ecs},7,{user}]}}',
        f'{{"a":[{user},{user}],"Records":[{user},{{}}]}}',
        f'{{"Records":[{user}],"b":[{user}]}}',
        f'{{"Records":[{{}}],"Records":[{user}]}}',
        f"\n\n{user}\r\n\r\n{user}",
        f"{user}{user}\n{user}",
        f"[{user},{user}",
        user,
        "[]",
    ):
        assert fast([rule], content.encode()) == plain([rule], content.encode()), content
    for broken in (b"[" + user.encode() + b',"\xff"]', user.encode() + b"\n\xff\n" + user.encode()):
        assert fast([rule], broken) == plain([rule], broken), broken


def test_real_logs(shared: Path) -> None:
    files = sorted(path for path in (shared / "data" / "cloudtrail").rglob("*.json*") if path.is_file())
    ecs = sorted(path for path in (shared / "data" / "elastic-cloudtrail").rglob("*.json*") if path.is_file())
    paths = [*(ROOT / "sigma_rules").rglob("*.yml"), *(shared / "data" / "sigmahq-rules").glob("*.yml")]
    found = load_files(sorted(path for path in paths if not path.name.endswith(".test.yml"))).rules
    for some in (files, ecs):
        one: list[Diagnostic] = []
        two: list[Diagnostic] = []
        judge = FileJudge(found, one.append)
        matches = [(match.rule.title, match.event.place) for match in judge.matches(some)]
        events = list(read_files(some, two.append))
        assert matches == [(m.rule.title, m.event.place) for m in evaluate(found, events, report=two.append)]
        assert judge.records == len(events)
        assert [str(problem) for problem in one] == [str(problem) for problem in two]
        assert files
        assert found
