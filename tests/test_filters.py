"""Sigma filters: which rules they belong to, what they mean beside the rule's own condition, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from commandline import ID, ndjson, record, rule, sigmaproof
from pace import within
from sigma.collection import SigmaCollection

from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.filters import MOST_FILTERS
from sigmaproof.rules import Loaded, load_text
from sigmaproof.targets import backend

RULE = rule("selection:\n    eventName: CreateTrustAnchor\n_other:\n    awsRegion: eu-west-1\ncondition: 1 of them")
PLAIN: dict[str, Any] = {
    "title": "Known administrators",
    "logsource": {"product": "aws"},
    "filter": {"rules": [ID], "selection": {"userIdentity.userName": "dana"}, "condition": "not selection"},
}


def filter_text(changes: Mapping[str, Any] = {}, **top: Any) -> str:
    """The text of a filter: PLAIN with these keys of its `filter` and of the top changed."""
    return "---\n" + yaml.safe_dump({**PLAIN, **top, "filter": {**PLAIN["filter"], **changes}}, sort_keys=False)


def loaded(changes: Mapping[str, Any] = {}, text: str = RULE, **top: Any) -> Loaded:
    return load_text(text + filter_text(changes, **top), "r.yml")


def matches(found: Loaded, **fields: Any) -> bool:
    assert found.findings == []
    return compile_predicate(found.rules[0].tree)(record(**fields))


def test_a_filter_suppresses() -> None:
    found = loaded()
    assert not matches(found)
    assert matches(found, userIdentity={"userName": "eve"})
    assert matches(found, userIdentity={})
    assert not matches(found, userIdentity={"userName": "eve"}, eventName="GetRole")


@pytest.mark.parametrize(
    ("changes", "top", "applies"),
    [
        ({"rules": "any"}, {}, True),
        ({"rules": []}, {}, True),
        ({"rules": ID}, {}, True),
        ({"rules": ["a name", ID]}, {}, True),
        ({"rules": ["929a690e-bef0-4204-a928-ef5e620d6fcd"]}, {}, False),
        ({}, {"logsource": {"product": "aws", "service": "cloudtrail"}}, True),
        ({}, {"logsource": {"product": "aws", "service": "s3"}}, False),
        ({}, {"logsource": {"product": "aws", "category": "x"}}, False),
    ],
)
def test_which_rules_it_belongs_to(changes: dict[str, Any], top: dict[str, Any], applies: bool) -> None:
    found = loaded(changes, **top)
    assert compile_predicate(found.rules[0].tree)(record()) is not applies
    assert [finding.code for finding in found.findings] == ([] if applies else ["filter-unused"])


def test_a_name_names_a_rule_too() -> None:
    named = RULE.replace("level: high", "level: high\nname: trust_anchor")
    assert not matches(loaded({"rules": ["trust_anchor"]}, named))


def test_selectors_keep_to_their_own_selections() -> None:
    """`1 of them` of the rule means no selection of the filter, and the other way round."""
    changes = {"selection": {"userIdentity.userName": "dana"}, "_x": {"awsRegion": "*"}, "condition": "not 1 of them"}
    found = loaded(changes)
    assert not matches(found)
    assert matches(found, userIdentity={"userName": "eve"})
    hidden = loaded({**changes, "condition": "not 1 of _*"})
    assert not matches(hidden, userIdentity={"userName": "eve"})


def test_several_filters_and_conditions() -> None:
    text = rule("a:\n    eventName: CreateTrustAnchor\nb:\n    eventName: GetRole\ncondition: [a, b or a]")
    more = filter_text({"selection": {"awsRegion": "us-east-1"}})
    found = load_text(text + filter_text() + more, "r.yml")
    assert matches(found, userIdentity={}, awsRegion="x")
    assert not matches(found, userIdentity={}, awsRegion="us-east-1")
    assert not matches(found, awsRegion="x", eventName="GetRole")


def test_pysigma_reads_it_alike() -> None:
    """The same file in sigma-cli: pySigma's own collection applies the filter with `and`."""
    text = RULE + filter_text()
    theirs = next(iter(SigmaCollection.from_yaml(text).rules))
    verdict = compile_predicate(backend("native")().tree(theirs))  # type: ignore[arg-type]
    ours = compile_predicate(loaded().rules[0].tree)
    changes: list[dict[str, Any]] = [{}, {"userIdentity": {"userName": "eve"}}, {"userIdentity": {}}]
    for fields in (*changes, {"eventName": "GetRole"}):
        assert verdict(record(**fields)) == ours(record(**fields))


def test_a_condition_without_not_is_told() -> None:
    found = loaded({"condition": "selection"})
    assert [(finding.code, finding.level) for finding in found.findings] == [("filter-keeps", "warning")]
    assert found.findings[0].help == "to suppress them write `not selection`"


@pytest.mark.parametrize(
    ("changes", "top", "message"),
    [
        ({"condition": "not selektion"}, {}, 'did you mean "selection"?'),
        ({"condition": ["not selection"]}, {}, "condition is one text"),
        ({"rules": {}}, {}, "rules is a list"),
        ({"selection": {"a|contians": "x"}}, {}, "did you mean |contains?"),
        ({"selection": {}}, {}, "an empty map matches everything"),
        ({}, {"title": ""}, "a title is a text"),
        ({}, {"id": "x"}, "id is a random UUID"),
        ({}, {"logsource": {}}, "logsource is a map"),
    ],
)
def test_a_broken_filter_is_an_error_with_its_line(changes: dict[str, Any], top: dict[str, Any], message: str) -> None:
    found = loaded(changes, **top)
    errors = [finding for finding in found.findings if finding.level == "error"]
    assert message in f"{errors[0].message} {errors[0].help}"
    assert errors[0].place.line > 11
    assert len(found.rules) == 1


def test_a_filter_without_rules_is_refused() -> None:
    text = yaml.safe_dump({**PLAIN, "filter": {"selection": {"a": "b"}, "condition": "selection"}})
    assert "'rules' is a required property" in load_text(RULE + "---\n" + text, "r.yml").findings[0].message


class TestCommandLine:
    """`--filter FILE`, and filters that stand among the rules."""

    @pytest.fixture
    def here(self, tmp_path: Path) -> Path:
        (tmp_path / "rules").mkdir()
        (tmp_path / "rules" / "r.yml").write_text(RULE)
        (tmp_path / "f.yml").write_text(filter_text())
        (tmp_path / "log.ndjson").write_text(ndjson([record(1), record(2, userIdentity={"userName": "eve"})]))
        return tmp_path

    def test_evaluate(self, here: Path) -> None:
        plain = sigmaproof("evaluate", "rules", "log.ndjson", "--format", "json", cwd=here)
        ended = sigmaproof("evaluate", "rules", "log.ndjson", "--filter", "f.yml", "--format", "json", cwd=here)
        assert (len(plain.objects), len(ended.objects), ended.code) == (2, 1, 0)

    def test_convert(self, here: Path) -> None:
        ended = sigmaproof("convert", "rules", "-t", "lucene", "--filter", "f.yml", cwd=here)
        assert ended.out.count("event.dataset") == 1
        assert "user.name" in ended.out
        (here / "rules" / "f.yml").write_text(filter_text())
        assert sigmaproof("convert", "rules", "-t", "lucene", cwd=here).out == ended.out

    def test_explain_shows_it(self, here: Path) -> None:
        ended = sigmaproof("explain", "rules/r.yml", "log.ndjson:1", "--filter", "f.yml", cwd=here)
        assert "userIdentity.userName is 'dana'" in ended.out

    def test_a_rule_is_no_filter(self, here: Path) -> None:
        ended = sigmaproof("convert", "rules", "-t", "eql", "--filter", "rules/r.yml", cwd=here)
        assert ended.code == 2
        assert "rules/r.yml:1: error: a rule, not a filter [filter-form]" in ended.err


def test_many_filters_take_little_time() -> None:
    found = load_text(RULE + "".join(filter_text({"rules": "any"}) for _ in range(MOST_FILTERS)), "r.yml")
    names = [name for name in found.rules[0].data["detection"] if name.startswith("filter")]
    assert len(set(names)) == MOST_FILTERS


def test_more_filters_than_a_rule_takes_are_an_error() -> None:
    texts = "".join(filter_text({"rules": "any"}) for _ in range(MOST_FILTERS + 1))
    text = "---\n".join([RULE] * 100) + texts
    assert within(2, lambda: load_text(text, "r.yml"))
    found = load_text(text, "r.yml")
    assert {(one.code, one.level) for one in found.findings} == {("filter-too-many", "error")}
    assert (found.rules, len(found.findings)) == ([], 100)


def test_a_rule_that_becomes_too_large_by_its_filters() -> None:
    names = [f"user{number}" for number in range(4000)]
    text = filter_text({"rules": "any", "selection": {"userIdentity.userName": names}})
    assert len(load_text(RULE + text * 2, "r.yml").rules) == 1
    errors = [one for one in load_text(RULE + text * 3, "r.yml").findings if one.level == "error"]
    assert "with its filters" in errors[0].message


def test_documents_of_one_file_have_a_budget() -> None:
    """Aliases make each of many documents large: the file as a whole is held to a limit."""
    lists = "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n"
    text = "---\n".join([RULE + lists] * 900)
    assert within(4, lambda: load_text(text, "r.yml"))
    found = load_text(text, "r.yml")
    assert [one.code for one in found.findings] == ["yaml-alias-bomb"]
    assert 100 < len(found.rules) < 900
