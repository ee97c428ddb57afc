"""Rules that come by way of pySigma's own loader: the same query as by ours, and refused where ours refuses them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import all_cases, rule_of
from commandline import rule
from ruleset import detection_of
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from sigma.pipelines.sigmaproof import ecs_cloudtrail
from sigmaproof.conversion import convert_rule
from sigmaproof.rules import Rule
from sigmaproof.targets import backend

TARGETS = ("eql", "lucene", "native")
DUPLICATE = rule("selection:\n    eventName: DeleteTrail\n    eventName: StopLogging\ncondition: selection")
TWICE = "selection:\n    eventName: x\nselection:\n    eventSource: y\ncondition: selection"
REFUSED = {
    "contains": "s:\n    eventName|contains: ''\ncondition: s",
    "startswith": "s:\n    eventName|startswith: ''\ncondition: not s",
    "base64offset": "s:\n    userAgent|base64offset|contains: x\ncondition: s",
    "look-ahead": "s:\n    eventName|re: '(?=Create).*'\ncondition: s",
    "back-reference": "s:\n    eventName|re: '(a)\\1'\ncondition: s",
    "unicode class": "s:\n    eventName|re: '\\p{Lu}'\ncondition: s",
    "empty list": "s:\n    eventName: []\ncondition: s",
    "null in a list": "s:\n    eventName:\n        - x\n        - null\ncondition: s",
    "empty keyword": "s:\n    - ''\ncondition: s",
    "selector of nothing": "s:\n    eventName: x\ncondition: s or 1 of missing*",
    "dashes": "s:\n    userAgent|windash: '-a -b -c -d -e'\ncondition: s",
}


def accepted() -> Iterator[Rule]:
    """The cases' rules, but for a modifier that pySigma does not know, and random ones over the whole field table."""
    yield from (case.rule for case in all_cases() if "utf16le" not in str(case.rule.data))
    yield from (rule_of(f"random {seed}", detection_of(random.Random(seed))) for seed in range(200))


@pytest.mark.parametrize("target", TARGETS)
def test_pysigma_gives_the_same_query(target: str) -> None:
    """Case by case: what our loader takes is not refused here, and the text is the same."""
    pipeline = None if target == "native" else ecs_cloudtrail()
    count = 0
    for one in accepted():
        wanted = convert_rule(one, target)
        made = backend(target)(pipeline, collect_errors=True)
        found = made.convert_rule(SigmaRule.from_dict(one.data))
        assert found == ([] if wanted.query is None else [wanted.query]), (one.title, made.errors)
        assert [str(wanted.refusal) in str(error) for _, error in made.errors] == ([True] if wanted.refusal else [])
        count += wanted.query is not None
    assert count > 150


def converted(text: str, target: str, file: Path | None) -> list[object]:
    """What a target makes of a rule that pySigma has loaded, from a file or from a text."""
    if file is not None:
        file.write_text(text, encoding="utf-8")
        rules = SigmaCollection.load_ruleset([file], collect_errors=True)
    else:
        rules = SigmaCollection.from_yaml(text, collect_errors=True)
    if any(one.errors for one in rules.rules):
        raise next(error for one in rules.rules for error in one.errors)
    made: list[object] = backend(target)(None if target == "native" else ecs_cloudtrail()).convert(rules)
    return made


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", REFUSED)
def test_what_ours_refuses_is_refused(name: str, target: str, tmp_path: Path) -> None:
    for file in (None, tmp_path / "rule.yml"):
        with pytest.raises(SigmaError):
            converted(rule(REFUSED[name]), target, file)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", [DUPLICATE, rule(TWICE)])
def test_a_duplicate_key_of_a_file_is_refused(text: str, target: str, tmp_path: Path) -> None:
    with pytest.raises(SigmaError, match=r"(?i)duplicate|is already on line 9|is already on line 8"):
        converted(text, target, tmp_path / "rule.yml")


@pytest.mark.parametrize("target", TARGETS)
def test_the_line_is_told(target: str, tmp_path: Path) -> None:
    with pytest.raises(SigmaError, match=r"\(line \d+\)"):
        converted(DUPLICATE, target, tmp_path / "rule.yml")


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_only_warned_of_is_converted(target: str) -> None:
    """`timeframe` has no meaning in a rule that is no correlation."""
    text = "s:\n    eventName: StopLogging\ntimeframe: 5m\ncondition: s"
    assert len(converted(rule(text), target, None)) == 1


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "rule.yml"
    with pytest.raises(SigmaError):
        converted(DUPLICATE, "lucene", file)
    assert len(converted(rule("s:\n    eventName: StopLogging\ncondition: s"), "lucene", file)) == 1
