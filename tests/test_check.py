"""`check`: what it finds, where, at which level, and how the command line tells it."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import APPROXIMATE, EXACT, REFUSED, ROOT, rule, sigmaproof

from sigmaproof import check, load_text
from sigmaproof.check.run import Options, check_content
from sigmaproof.conditions import bracketed, condition_tree
from sigmaproof.diagnostics import InputError
from sigmaproof.fields import table
from sigmaproof.predicate import Keyword

UNKNOWN = rule("selection:\n    eventName: CreateRole\n    eventNmae: CreateRole\ncondition: selection")


def found(text: str, *targets: str) -> list[tuple[str, str, int]]:
    """Code, level and line of each finding; these rules are too short to keep the conventions."""
    rules = load_text(text, "r.yml").rules
    return [(one.code, one.level, one.place.line) for one in check(rules, targets, ignore=["convention"])]


def test_a_clean_rule_has_no_findings() -> None:
    assert found(EXACT, "eql", "lucene", "native") == []


def test_an_unknown_field_stands_at_its_line() -> None:
    assert found(UNKNOWN) == [("field-unknown", "warning", 10)]


def test_a_dropped_field_is_a_note() -> None:
    name = next(iter(table().dropped))
    assert found(rule(f"selection:\n    {name}: x\ncondition: selection")) == [("field-dropped", "note", 9)]


def test_a_rule_that_can_never_match_and_one_that_always_does() -> None:
    never = rule("a:\n    errorCode|exists: false\nb:\n    errorCode|contains: x\ncondition: a and b")
    always = rule("a:\n    eventName: x\nb:\n    eventName: X\ncondition: a or not b")
    assert [code for code, level, _ in found(never) if level == "error"] == ["rule-contradictory"]
    assert [code for code, level, _ in found(always) if level == "error"] == ["rule-always-true"]


def test_a_refusal_is_a_warning_and_an_approximation_a_note_a_reason() -> None:
    assert found(REFUSED, "eql") == [("target-refused", "warning", 7)]
    assert found(REFUSED) == found(REFUSED, "native") == []
    assert set(found(APPROXIMATE, "eql")) == {("target-approximate", "note", 9)}
    assert found(APPROXIMATE, "lucene") == [("target-refused", "warning", 9)], "at the field that is refused"


def test_what_loading_finds_is_found_too(tmp_path: Path) -> None:
    (tmp_path / "twice.yml").write_text(rule("s:\n    eventName: a\n    eventName: b\ncondition: s"), encoding="utf-8")
    (tmp_path / "octal.yml").write_text(rule("s:\n    eventName: 0777\ncondition: s"), encoding="utf-8")
    assert {(one.code, one.level) for one in check([tmp_path], ignore=["convention"])} == {
        ("yaml-duplicate-key", "error"),
        ("yaml-surprise", "warning"),
    }
    assert check(tmp_path) == check([tmp_path]) == check(str(tmp_path))
    with pytest.raises(InputError, match="no such file"):
        check(tmp_path / "missing.yml")


def test_our_rules_have_no_findings_without_targets() -> None:
    assert check(ROOT / "sigma_rules") == []


def test_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "sigmaproof.toml").write_text('[check]\nignore = ["convention"]\n', encoding="utf-8")
    (tmp_path / "exact.yml").write_text(EXACT, encoding="utf-8")
    assert sigmaproof("check", "exact.yml", cwd=tmp_path).code == 0
    (tmp_path / "approximate.yml").write_text(APPROXIMATE, encoding="utf-8")
    ended = sigmaproof("check", "approximate.yml", "-t", "eql", cwd=tmp_path)
    assert ended.code == 0, "notes are no findings for the exit code"
    assert "approximate.yml:9:9: note: approximate in eql: " in ended.out
    (tmp_path / "unknown.yml").write_text(UNKNOWN, encoding="utf-8")
    ended = sigmaproof("check", ".", cwd=tmp_path)
    assert ended.code == 1
    assert ended.lines == [
        'unknown.yml:10:9: warning: unknown CloudTrail field "eventNmae"; did you mean "eventName"? [field-unknown]',
        "     |",
        "  10 |         eventNmae: CreateRole",
        "     |         ^^^^^^^^^",
    ]
    assert ended.untimed.strip() == "3 rules checked: 0 errors, 1 warning, 0 notes"
    assert ended.untimed != ended.err


def test_the_json_of_a_finding(tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text("title: x\n", encoding="utf-8")
    ended = sigmaproof("check", "--format", "json", "--ignore", "convention", "broken.yml", cwd=tmp_path)
    assert ended.code == 1
    assert [set(one) for one in ended.objects] == 2 * [{"code", "level", "file", "line", "column", "message", "help"}]
    assert {one["level"] for one in ended.objects} == {"error"}


def test_wrong_usage(tmp_path: Path) -> None:
    assert sigmaproof("check", cwd=tmp_path).code == 2
    assert sigmaproof("check", "missing.yml", cwd=tmp_path).code == 2
    (tmp_path / "exact.yml").write_text(EXACT, encoding="utf-8")
    assert sigmaproof("check", "exact.yml", "-t", "spl", cwd=tmp_path).code == 2
    assert sigmaproof("check", "exact.yml", "--format", "xml", cwd=tmp_path).code == 2


@pytest.mark.parametrize(
    ("condition", "clear"),
    [
        ("a or b and not c", "a or (b and not c)"),
        ("a and b or c and d or 1 of e*", "(a and b) or (c and d) or 1 of e*"),
        ("not (a or b and c) and d", "not (a or (b and c)) and d"),
        ("(a or b) and not c", None),
        ("a or (b and not c) or all of them", None),
        ("not a or not b", None),
        ("(a and b) or (c and (d or e))", None),
    ],
)
def test_brackets_that_a_condition_leaves_out(condition: str, clear: str | None) -> None:
    """The condition with them has the same meaning, and leaves out none."""
    assert bracketed(condition) == clear
    names = ["a", "b", "c", "d", "e", "e2"]
    if clear is not None:
        trees = [condition_tree(text, names, lambda name: Keyword((name,))) for text in (condition, clear)]
        assert trees[0] == trees[1]
        assert bracketed(clear) is None
    used = [name for name in names if name in condition] + (["e2"] if "e" in condition else [])
    selections = "".join(f"{name}:\n    eventName: x{name}\n" for name in used)
    text = rule(f"{selections}condition: {condition}") + "---\ntitle: X\ncorrelation: {}\n"
    told = check_content(text.encode(), "r.yml", options=Options(select=("condition-precedence",))).findings
    assert [clear in one.help for one in told if clear and one.level == "note"] == ([True] if clear else [])


def test_a_value_that_is_left_out() -> None:
    lines = [
        "errorCode:",
        "errorMessage: # why",
        "vpcEndpointId: null",
        "apiVersion:",
        "    null",
        "tlsDetails.cipherSuite: ~",
        "'resources.ARN':",
        "",
    ]
    inner = "s:\n" + "".join(f"    {line}\n" for line in lines)
    text = rule(
        f"{inner}flow: {{recipientAccountId: , eventName: null}}\nlist:\n  - readOnly:\ncondition: s or flow or list"
    )
    found = check_content(text.encode(), "r.yml", options=Options(select=("value-empty",))).findings
    names = [one.message.split()[0] for one in found if one.code == "value-empty"]
    assert names == ["errorCode", "errorMessage", "resources.ARN", "recipientAccountId", "readOnly"]
    assert "write `errorCode: null`" in found[0].help
