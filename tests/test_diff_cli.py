"""`sigmaproof diff` on the command line: two rules need no engine, wrong usage and broken files say what to write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commandline import EXACT, Ended, ndjson, record, rule, sigmaproof
from conftest import ROOT
from jsonschema import Draft202012Validator

SCHEMA = json.loads((ROOT / "schema/diff-1.json").read_text(encoding="utf-8"))
OLD = rule("selection:\n    eventName: [CreateUser, DeleteUser]\ncondition: selection")
NEW = rule(
    "selection:\n    eventName: [CreateUser, CreateRole]\nfilter:\n    userAgent|contains: Terraform\n"
    "condition: selection and not filter"
)


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Runs `diff` with these files beside it. Any engine it asks for is not there."""

    def diff(*arguments: str, **files: str) -> Ended:
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text, encoding="utf-8")
        return sigmaproof("diff", *arguments, cwd=tmp_path)

    return diff


def test_two_versions_of_a_rule(run: Any) -> None:
    ended = run("old.yml", "new.yml", "--format", "json", old_yml=OLD, new_yml=NEW)
    assert ended.code == 1
    for line in ended.objects:
        Draft202012Validator(SCHEMA).validate(line)
    causes = [line for line in ended.objects if line["type"] == "cause"]
    found = [(cause["alerts"], cause["record"]) for cause in causes]
    assert ("b", {"eventName": "CreateRole"}) in found
    assert ("a", {"eventName": "DeleteUser"}) in found
    assert ("a", {"eventName": "CreateUser", "userAgent": "Terraform"}) in found
    assert len(found) == 3
    assert ended.objects[-1]["engine"] is None


def test_in_words_it_says_what_newly_matches(run: Any) -> None:
    out = run("old.yml", "new.yml", old_yml=OLD, new_yml=NEW).out
    assert "newly matches: what the tests ask for" in out
    assert "no longer matches" in out
    assert "userAgent is '*Terraform*'" in out


def test_the_same_rule_written_otherwise_is_the_same(run: Any) -> None:
    other = rule("a:\n    eventName: CreateUser\nb:\n    eventName: deleteuser\ncondition: not (not a and not b)")
    ended = run("old.yml", "other.yml", old_yml=OLD, other_yml=other)
    assert ended.code == 0
    assert "same on " in ended.out


def test_tests_that_never_decide_alone_leave_nothing_undecided(run: Any) -> None:
    twice = rule("a:\n    eventName: [CreateUser, createuser]\ncondition: a or a")
    never = rule("a:\n    eventName: CreateUser\nb:\n    eventName: null\ncondition: a and b")
    assert run("twice.yml", "twice.yml", twice_yml=twice).code == 0
    ended = run("never.yml", "never.yml", never_yml=never)
    assert ended.code == 1
    assert "undecided" in ended.out


def test_given_logs_are_tried_too(run: Any) -> None:
    logs = ndjson([record(eventName="DeleteUser")])
    ended = run("old.yml", "new.yml", "--logs", "logs.ndjson", old_yml=OLD, new_yml=NEW, logs_ndjson=logs)
    assert "where    logs.ndjson:1" in ended.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.yml"], "give two files, or one file and two versions"),
        (["a.yml", "--integration", "8.9.0"], "give two files"),
        (["a.yml", "b.yml", "--integration", "7.4.0,8.9.0"], "one --integration"),
        (["a.yml", "b.yml", "-t", "eql"], "-t chooses"),
        (["a.yml", "--integration", "7.4.0,8.9.0", "-t", "native"], "eql, lucene"),
        (["a.yml", "--integration", "7.4.0,1.0.0"], "1.0.0"),
        (["a.yml", "b.txt"], "neither a rule nor a"),
        (["a.yml", "missing.eql"], "No such file"),
        (["a.yml", "broken.yml"], "error"),
        (["a.yml", "bad.lucene"], "bad.lucene:1:1: error: unexpected '\"'"),
    ],
)
def test_wrong_usage_says_what_to_write(run: Any, arguments: list[str], message: str) -> None:
    files = {"a_yml": EXACT, "b_yml": EXACT, "b_txt": "x", "broken_yml": "title: [", "bad_lucene": '"'}
    ended = run(*arguments, **files)
    assert ended.code == 2
    assert message in ended.err
    assert ended.out == ""


def test_a_query_is_only_compared_with_rules_for_cloudtrail(run: Any) -> None:
    ended = run("a.yml", "q.eql", a_yml=EXACT.replace("cloudtrail", "other"), q_eql="any where true")
    assert ended.code == 2
    assert "product: aws, service: cloudtrail" in ended.err


def test_without_an_engine_it_ends_with_3(run: Any) -> None:
    ended = run("a.yml", "q.eql", "--engine", "http://127.0.0.1:9", a_yml=EXACT, q_eql="any where true")
    assert ended.code == 3
