"""`test --suggest`: what it writes passes at once, notices a rule that changes, and replaces nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from commandline import ID, ROOT, called, rule

from sigmaproof.diagnostics import Diagnostic
from sigmaproof.rules import load_files
from sigmaproof.ruletests import run_tests
from sigmaproof.ruletests.suggest import Written, suggest
from sigmaproof.verify.admissible import why_inadmissible

TWO = rule(
    "selection:\n    eventSource: iam.amazonaws.com\n    eventName:\n        - CreateRole\n        - CreateUser\n"
    "failed:\n    errorCode|exists: true\ncondition: selection and not failed"
)


def written(folder: Path, texts: dict[str, str]) -> tuple[list[Written], list[Diagnostic]]:
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    found: list[Diagnostic] = []
    return list(suggest(load_files(sorted(folder / name for name in texts)).rules, found.append)), found


def failing(file: Path) -> tuple[int, int]:
    found: list[Diagnostic] = []
    rules = load_files([file]).rules
    results = run_tests(rules, found.append)
    assert rules
    assert found == []
    return len(results), sum(not one.passed for one in results)


def test_the_records_decide_every_test(tmp_path: Path) -> None:
    ((one,), found) = written(tmp_path, {"r.yml": TWO})
    assert found == []
    assert (one.match, one.no_match, one.decided, one.total) == (2, 3, 8, 8)
    assert failing(tmp_path / "r.yml") == (5, 0)
    data = yaml.safe_load((tmp_path / "r.test.yml").read_text(encoding="utf-8"))
    assert data["rule"] == "r.yml"
    assert [case["name"] for case in data["match"] + data["no_match"]] == [
        "what it is for",
        "eventName is 'CreateUser'",
        "but not eventName is 'CreateRole', not eventName is 'CreateUser'",
        "but not eventSource is 'iam.amazonaws.com'",
        "but errorCode exists",
    ]
    for case in data["match"] + data["no_match"]:
        assert why_inadmissible(case["record"]) is None
        assert len(yaml.safe_dump(case["record"]).splitlines()) <= 40


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("iam.amazonaws.com", "s3.amazonaws.com"),
        ("            - CreateUser\n", ""),
        ("CreateRole", "CreateRol*"),
        ("selection and not failed", "selection"),
        ("selection and not failed", "selection or not failed"),
        ("errorCode|exists: true", "errorCode: AccessDenied"),
    ],
)
def test_a_rule_that_changes_is_noticed(tmp_path: Path, old: str, new: str) -> None:
    written(tmp_path, {"r.yml": TWO})
    (tmp_path / "r.yml").write_text(TWO.replace(old, new), encoding="utf-8")
    noticed = failing(tmp_path / "r.yml")[1] > 0
    # not by what no record of the file tells apart: that is for `verify`, which tries many more of them
    assert noticed is (new not in {"CreateRol*", "errorCode: AccessDenied"})


def test_several_rules_in_a_file(tmp_path: Path) -> None:
    other = rule("selection:\n    eventName: CreateGroup\ncondition: selection", id=ID.replace("9", "8"))
    written(tmp_path, {"r.yml": f"{TWO}---\n{other}"})
    assert failing(tmp_path / "r.yml") == (7, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (rule("a:\n    errorCode|exists: false\nb:\n    errorCode|contains: x\ncondition: a and b"), "CONTRADICTORY"),
        (TWO.replace("cloudtrail", "guardduty"), "service: cloudtrail only"),
    ],
)
def test_what_gets_no_file(tmp_path: Path, text: str, words: str) -> None:
    files, (finding,) = written(tmp_path, {"r.yml": text})
    assert files == []
    assert words in finding.message
    assert [path.name for path in tmp_path.iterdir()] == ["r.yml"]
    assert called("test", "r.yml", "--suggest", cwd=tmp_path).code == 1


def test_a_folder_that_is_not_to_be_written(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(TWO, encoding="utf-8")
    (tmp_path / "r.test.yml").symlink_to(tmp_path / "nowhere" / "r.test.yml")
    ended = called("test", "r.yml", "--suggest", cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "can't be written" in ended.err


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(TWO, encoding="utf-8")
    (tmp_path / "fixtures" / "rules").mkdir(parents=True)
    ended = called("test", "r.yml", "--suggest", cwd=tmp_path)
    assert ended.code == 0
    assert ended.lines == [
        "wrote fixtures/rules/r.test.yml: 5 records, 2 that must match, 3 that must not; 8 of 8 tests decided"
    ]
    file = tmp_path / "fixtures" / "rules" / "r.test.yml"
    file.write_text("mine", encoding="utf-8")
    ended = called("test", "r.yml", "--suggest", cwd=tmp_path)
    assert (ended.code, ended.out, file.read_text(encoding="utf-8")) == (0, "", "mine")
    assert "nothing written: has its tests in fixtures/rules/r.test.yml" in ended.err


def test_public_rules_and_ours(shared: Path, tmp_path: Path) -> None:
    files = [*(ROOT / "sigma_rules").rglob("*.yml"), *(shared / "data" / "sigmahq-rules").glob("*.yml")]
    made, found = written(tmp_path, {file.name: file.read_text(encoding="utf-8") for file in files})
    assert (len(made), found) == (len(files), [])
    assert [one for one in made if not one.match or not one.no_match] == []
