"""What faults of rules and tests say: no advice that leads in a circle, and what is meant rather than what is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import rule, sigmaproof

from sigmaproof.check.run import Options, check_content
from sigmaproof.diagnostics import Diagnostic


def found(text: str) -> list[Diagnostic]:
    """The findings about a rule, beside what concerns sharing it."""
    options = Options(("form", "meaning", "logsource-case", "rule-logsource"))
    return check_content(text.encode(), "r.yml", options=options).findings


SAID = {
    "eventTime|gte: 2026-01-01": ("|gte compares numbers only", "--since and --until"),
    "eventTime|gte: '2026-01-01'": ("|gte compares numbers only", "--since and --until"),
    "eventTime|lt: 2026-01-01T00:00:00Z": ("|lt compares numbers only", "--since and --until"),
    "eventVersion|gt: '5'": ("must be a number", "write it without quotes"),
    "eventVersion|gt: five": ("must be a number", "write a number"),
    "eventTime|hour|gte: late": ("must be a number", "write a number"),
    "\teventName: CreateRole": ("a tab as indentation: YAML takes spaces only", "write spaces"),
    "eventName: a\n    eventName: b": ("is already on line 9", "as one list"),
    "requestParameter.bucketPolicy: x": ('did you mean "requestParameters.bucketPolicy"?', ""),
    "requestparameters.a.b: x": ('did you mean "requestParameters.a.b"?', ""),
}


@pytest.mark.parametrize("test", SAID)
def test_a_fault_says_what_to_do(test: str) -> None:
    (one,) = found(rule(f"s:\n    {test}\ncondition: s"))
    message, help = SAID[test]
    assert message in one.message
    assert help in one.help


def test_an_aggregation_is_not_sent_to_what_is_refused_too() -> None:
    (one,) = found(rule("s:\n    eventName: x\ncondition: s | count() > 5"))
    assert "a correlation now, which sigmaproof does not take yet" in one.message


def test_a_log_source_in_capitals_hides_nothing() -> None:
    text = rule("s:\n    eventName: CreateRole\n    eventNmae: x\ncondition: s")
    text = text.replace("product: aws", "product: AWS").replace("service: cloudtrail", "service: CloudTrail")
    assert [one.code for one in found(text)] == ["logsource-case", "logsource-case", "field-unknown"]
    assert "rule-logsource" in {one.code for one in found(text.replace("CloudTrail", "GuardDuty"))}


TESTS = """\
match:
    - name: deleted
      record:
          eventName: DeleteDetectr
no_match:
    - name: by file
      file: other.json
"""


def test_a_failed_test_shows_the_values_and_how_to_see_all(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(rule("s:\n    eventName: DeleteDetector\ncondition: s"), encoding="utf-8")
    (tmp_path / "r.test.yml").write_text(TESTS, encoding="utf-8")
    (tmp_path / "other.json").write_text('{"eventName": "DeleteDetector"}', encoding="utf-8")
    ended = sigmaproof("test", "r.yml", cwd=tmp_path)
    assert ended.code == 1
    assert "[eventName = 'DeleteDetectr']" in ended.out
    ended = sigmaproof("test", "r.yml", "--format", "github", cwd=tmp_path)
    assert "`sigmaproof explain r.yml r.test.yml:2`" in ended.out
    for where, verdict in (
        ("r.test.yml:2", "no match"),
        ("r.test.yml:4", "no match"),
        ("r.test.yml#deleted", "no match"),
        ("r.test.yml#by file", "match"),
    ):
        ended = sigmaproof("explain", "r.yml", where, cwd=tmp_path)
        assert (ended.code, ended.lines[0].split(": ")[1].split(" (")[0]) == (0, verdict), where
    ended = sigmaproof("explain", "r.yml", "r.test.yml#none", cwd=tmp_path)
    assert (ended.code, "such as r.test.yml:2" in ended.err) == (2, True)
    ended = sigmaproof("explain", "r.yml", "missing.test.yml:2", cwd=tmp_path)
    assert (ended.code, "can't be read" in ended.err) == (2, True)


FORMS = {
    "nomatch:\n    - name: x\n      record: {}\n": ["there is no key `nomatch` did you mean `no_match`?"],
    "match:\n    - eventName: CreateRole\n": ["match.0: the record stands under `record:`, and `name:` beside it"],
    "match:\n    - name: x\n      eventName: CreateRole\n": ["match.0: the record stands under `record:`"],
    "match:\n    - name: x\n": ["match.0: there is no record"],
    "match:\n    - name: x\n      record: CreateRole\n": ["match.0.record: 'CreateRole' is a text, not a map"],
    "no_match: {}\n": ["no_match: {} is a map, not a list"],
}


@pytest.mark.parametrize("tests", FORMS)
def test_a_test_file_of_another_form_is_told_in_its_own_words(tests: str, tmp_path: Path) -> None:
    from sigmaproof import load_text
    from sigmaproof.ruletests import run_tests

    (tmp_path / "r.test.yml").write_text(tests, encoding="utf-8")
    heard: list[Diagnostic] = []
    rules = load_text(rule("s:\n    eventName: x\ncondition: s"), str(tmp_path / "r.yml")).rules
    run_tests(rules, heard.append)
    said = [f"{one.message} {one.help}" for one in heard if one.code == "test-form"]
    assert len(said) == len(FORMS[tests])
    assert all(wanted in one for wanted, one in zip(FORMS[tests], said, strict=True))


def test_a_rule_of_another_form_is_told_in_its_own_words() -> None:
    text = rule("s:\n    eventName: CreateRole\ncondition: s")
    for changed, message, help in (
        (text.replace("detection:", "detections:"), "there is no key `detections`", "did you mean `detection`?"),
        (text.replace("title: ", "title: [x]\nother: "), "title: ['x'] is a list, not a text", "a title is a text"),
        (text.replace("level:", "date: 2026/1/1\nlevel:"), "date: '2026/1/1' has not the form", "date is YYYY-MM-DD"),
        (text.replace("id: ", "id: x"), "has not the form that it must have", "id is a random UUID"),
    ):
        (one,) = found(changed)
        assert message in one.message
        assert help in one.help


def test_fix_says_of_a_file_with_errors_that_nothing_was_repaired(tmp_path: Path) -> None:
    text = rule("s:\n    eventName: [a, 1: b]\ncondition: s").replace("title: ", "title: Rule.\nother: ")
    (tmp_path / "broken.yml").write_text(text, encoding="utf-8")
    (tmp_path / "fine.yml").write_text(rule("s:\n    eventName: CreateRole\ncondition: s"), encoding="utf-8")
    ended = sigmaproof("check", "--fix", ".", cwd=tmp_path)
    assert "broken.yml: nothing repaired: first mend its errors" in ended.err
    assert "fine.yml: nothing" not in ended.err
    assert (tmp_path / "broken.yml").read_text(encoding="utf-8") == text
