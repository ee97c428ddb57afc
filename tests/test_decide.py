"""The records that decide each test: whether they do, and whether what is said to be impossible is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cases import all_cases
from hypothesis import given
from hypothesis import strategies as st
from pace import within
from strategies import records_for, rules

from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.matching import pattern_test
from sigmaproof.predicate import And, Not, Or, Pattern, Predicate, Test, Text, Wild
from sigmaproof.rules import Rule, load_file, load_files, load_text
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.decide import LEAST_PLACES, MOST_PLACES, Coverage, decide
from sigmaproof.verify.language import pattern_node, shortest
from sigmaproof.verify.records import built
from sigmaproof.verify.witness import generate, witnesses


def turned(tree: Predicate, wanted: int, truth: bool, count: list[int]) -> Predicate:
    """The tree with its test of this number (counted from the left) taken as true or false."""
    if isinstance(tree, And | Or):
        return type(tree)(tuple(turned(part, wanted, truth, count) for part in tree.parts))
    if isinstance(tree, Not):
        return Not(turned(tree.part, wanted, truth, count))
    count[0] += 1
    return (And(()) if truth else Or(())) if count[0] - 1 == wanted else tree


def decides(tree: Predicate, place: int, record: dict[str, Any]) -> bool:
    """Whether the verdict turns with the test at a place: by the definition, without anything of the search."""
    one, other = (compile_predicate(turned(tree, place, truth, [0]))(record) for truth in (True, False))
    return one is not other


def assert_right(tree: Predicate, coverage: Coverage) -> None:
    for number, decision in enumerate(coverage.decisions):
        if decision.draft is None:
            continue
        record = built(decision.draft)
        assert compile_predicate(decision.test)(record) is decision.truth
        assert compile_predicate(tree)(record) is decision.verdict
        assert decides(tree, number // 2, record)
        assert (why_inadmissible(record) is None) is (decision.state == "decided")


@pytest.mark.parametrize("case", all_cases()[::3], ids=lambda case: case.name)
def test_the_records_of_cases_decide(case: Any) -> None:
    coverage = decide(case.rule.tree)
    assert_right(case.rule.tree, coverage)
    assert coverage.count("unknown") <= ("anchor in the middle" in case.name)


@given(rules(), st.data())
def test_the_records_of_any_rule_decide_and_what_is_impossible_is(
    pair: tuple[dict[str, Any], Rule], data: st.DataObject
) -> None:
    detection, rule = pair
    coverage = decide(rule.tree)
    assert_right(rule.tree, coverage)
    record = data.draw(records_for(detection))
    verdict = compile_predicate(rule.tree)(record)
    assert (coverage.matches if verdict else coverage.misses) is not False
    for number, decision in enumerate(coverage.decisions):
        if decision.state in {"coupled", "infeasible"} and compile_predicate(decision.test)(record) is decision.truth:
            assert not decides(rule.tree, number // 2, record), decision
            assert decision.state == "coupled"


def rule_of(selection: str, condition: str = "s") -> Predicate:
    head = "title: t\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n"
    loaded = load_text(f"{head}  {selection}\n  condition: {condition}\n")
    return loaded.rules[0].tree


IMPOSSIBLE = {
    "two values": ("s: {eventName|all: [a, b]}", "misses"),
    "begins otherwise": ("s: {eventName|startswith: ab, eventName|re: '^b'}", "misses"),
    "too short": ("s: {eventName|contains: abc, eventName|re: '^.{1,2}$'}", "misses"),
    "case": ("s: {eventName|cased: ABC, eventName|startswith|cased: ab}", "misses"),
    "numbers": ("s: {requestParameters.n|gt: 5, requestParameters.n|lt: 3}", "misses"),
    "there and not": ("s: {errorCode: null, errorCode|exists: true, errorCode|contains: a}", "misses"),
    "a day that no month has": ("s: {eventTime|day: 31, eventTime|month: 2}", "misses"),
}


@pytest.mark.parametrize("name", ["two values", "begins otherwise", "too short", "case"])
def test_no_value_of_one_field_is_both_but_a_list_can_be(name: str) -> None:
    """Any element may satisfy a test, so only a list makes both true: AWS writes none there."""
    tree = rule_of(IMPOSSIBLE[name][0])
    coverage = decide(tree)
    matching = [one for one in coverage.decisions if one.draft is not None and one.verdict]
    assert all(one.state == "unwritten" for one in matching)
    assert coverage.matches is True
    assert any(words.startswith("NOT SHOWN") for words in coverage.findings())


@pytest.mark.parametrize("condition", ["one", "one or one", "one and one"])
def test_tests_that_ask_for_the_same_have_an_example(condition: str) -> None:
    """None of them ever decides alone, and yet the rule is true of what AWS writes."""
    tree = rule_of("one: {eventName: [ConsoleLogin, consolelogin]}", condition)
    coverage = decide(tree)
    assert coverage.example is not None
    assert compile_predicate(tree)(built(coverage.example))
    assert why_inadmissible(built(coverage.example)) is None
    assert list(coverage.findings()) == []
    assert any(map(compile_predicate(tree), witnesses(tree)))


@pytest.mark.parametrize("name", ["there and not", "a day that no month has"])
def test_contradictions(name: str) -> None:
    coverage = decide(rule_of(IMPOSSIBLE[name][0]))
    if name == "a day that no month has":  # two times in a list are a day and a month
        assert [one.state for one in coverage.decisions if one.verdict and one.draft] == ["unwritten"] * 2
        return
    assert coverage.matches is False
    assert list(coverage.findings()) == ["CONTRADICTORY: no record makes it true"]
    assert not any(one.draft for one in coverage.decisions if one.verdict)


def test_a_rule_that_is_always_true() -> None:
    coverage = decide(rule_of("s: {eventName: a}\n  t: {eventName: a}", "s or not t"))
    assert (coverage.matches, coverage.misses) == (True, False)
    assert list(coverage.findings()) == ["ALWAYS TRUE: no record makes it false"]


def test_a_network_in_another_and_the_one_beside_it() -> None:
    tree = rule_of("s: {sourceIPAddress|cidr: 10.0.0.0/8}\n  t: {sourceIPAddress|cidr: 10.0.0.0/9}", "s and not t")
    coverage = decide(tree)
    assert_right(tree, coverage)
    assert coverage.decided >= 3


def test_null_and_a_value_that_aws_never_writes() -> None:
    tree = rule_of("s: {errorCode: null}\n  t: {errorCode: Success}", "s or t")
    coverage = decide(tree)
    assert_right(tree, coverage)
    assert all(one.draft is not None for one in coverage.decisions)


def test_a_test_that_another_one_settles_is_coupled() -> None:
    coverage = decide(rule_of("s: {eventName|startswith: Create}\n  t: {eventName: CreateRole}", "s or t"))
    states = {(one.test.pattern, one.truth): one.state for one in coverage.decisions if isinstance(one.test, Text)}
    assert states[("CreateRole",), True] == "coupled"


def test_reproducible() -> None:
    text = "s: {eventName|contains: [a, b], errorCode|re: 'x+y', requestParameters.a|gt: 3}"
    once = generate(rule_of(text)).records
    assert generate(rule_of(text)).records == once
    decide.cache_clear()
    assert generate(rule_of(text)).records == once
    assert len(once) > 100


# Rules that some record makes true, or false, where a hasty search sees a contradiction.
POSSIBLE = {
    "between two bounds": ("s: {requestParameters.x|gt: 3}\n  t: {requestParameters.x|gte: 3.4}", "s and not t"),
    "just below": ("s: {requestParameters.x|lt: 10}\n  t: {requestParameters.x|lt: 9.9}", "s and not t"),
    "not always": ("s: {requestParameters.x|gt: 3}\n  t: {requestParameters.x|gte: 3.4}", "not s or t"),
    "a fraction of zero": ("s: {requestParameters.x: 5}\n  t: {requestParameters.x: '5'}", "s and not t"),
    "the first week at the end of a year": ("s: {eventTime|week: 1, eventTime|day: 29}", "s"),
    "a later year of 53 weeks": ("s: {eventTime|week: 53, eventTime|year|gt: 2027, eventTime|month|gt: 11}", "s"),
    "an address of a network": ("s: {sourceIPAddress|cidr: 10.0.0.0/8, sourceIPAddress|startswith: '10.1.'}", "s"),
    "a type of instance": (
        "s: {eventSource: ec2.amazonaws.com, eventName: RunInstances, requestParameters.instanceType|startswith: p3.}",
        "s",
    ),
    "many words": ("s: {userAgent|contains|all: [" + ", ".join(f"word{n}" for n in range(12)) + "]}", "s"),
    "words and none of others": (
        "s: {userAgent|contains|all: [aa, bb, cc, dd]}\n  f: {userAgent|contains: [xx, yy, zz]}",
        "s and not f",
    ),
}


@pytest.mark.parametrize("name", POSSIBLE)
def test_possible(name: str) -> None:
    tree = rule_of(*POSSIBLE[name])
    coverage = decide(tree)
    assert_right(tree, coverage)
    assert (coverage.matches, coverage.misses, list(coverage.findings())) == (True, True, [])
    assert any(one.verdict and one.state == "decided" for one in coverage.decisions)


def test_a_replacement_character_is_no_proof() -> None:
    """An expression sees a lone surrogate as U+FFFD, a text does not."""
    tree = rule_of('s: {errorMessage|re: "^\\ufffd$"}\n  t: {errorMessage: "\\ufffd"}', "s and not t")
    assert compile_predicate(tree)({"errorMessage": "\ud800"})
    assert decide(tree).matches is not False


SEEDED = """
import sys, json
sys.path[:0] = {paths!r}
from test_decide import rule_of
from sigmaproof.verify.witness import generate
text = "s: {{userAgent|contains|all: [a, b, c], eventName|all: [a, b], errorMessage|re: 'x+y'}}"
print(json.dumps(generate(rule_of(text)).records))
"""


def test_the_same_in_every_process() -> None:
    root = Path(__file__).parents[1]
    code = SEEDED.format(paths=[str(root / room) for room in ("src", "backends", "tests")])
    made = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(made) == 1


LARGE = {
    "values": "s: {eventName: [" + ", ".join(f"v{n}" for n in range(10_000)) + "]}",
    "patterns": "s: {eventName|contains: [" + ", ".join(f"v{n}x" for n in range(3_000)) + "]}",
    "fields": "s: {" + ", ".join(f"requestParameters.f{n}: a" for n in range(2_000)) + "}",
    "maps": "s: [" + ", ".join(f"{{requestParameters.f{n}: a, eventName: b{n}}}" for n in range(1_000)) + "]",
    "expressions": "s: {errorMessage|re: [" + ", ".join(f"'a{n}.*b+c'" for n in range(200)) + "]}",
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_rule_ends(name: str) -> None:
    tree = rule_of(LARGE[name])
    decide.cache_clear()
    assert within(6, lambda: decide.__wrapped__(tree))
    coverage = decide(tree)
    assert 2 * LEAST_PLACES <= len(coverage.decisions) <= 2 * min(coverage.places, MOST_PLACES)
    assert coverage.decided > 0


# --- texts from automata

PIECES = st.sampled_from(["a", "b", "ab", "A", Wild.ANY, Wild.ONE])
PATTERNS = st.lists(PIECES, min_size=0, max_size=4).map(tuple)
TEXTS = ["".join(letters) for length in range(5) for letters in product("abAx", repeat=length)]


@given(st.lists(PATTERNS, min_size=1, max_size=2), st.lists(PATTERNS, max_size=2), st.booleans())
def test_a_shortest_text_is_one_and_there_is_none_shorter(
    wanted: list[Pattern], unwanted: list[Pattern], cased: bool
) -> None:
    holds = [pattern_test(pattern, cased) for pattern in wanted]
    fails = [pattern_test(pattern, cased) for pattern in unwanted]
    fitting = (text for text in TEXTS if all(h(text) for h in holds) and not any(f(text) for f in fails))
    text = shortest([pattern_node(one, cased) for one in wanted], [pattern_node(one, cased) for one in unwanted])
    smallest = next(fitting, None)
    if text is None:
        assert smallest is None
        return
    assert all(h(text) for h in holds)
    assert not any(f(text) for f in fails)
    assert smallest is None or len(text) <= len(smallest)


def test_words_of_every_state() -> None:
    tests: tuple[Test, ...] = (Text("eventName", ("a",)), Text("eventName", ("a",)))
    coverage = decide(And((tests[0], Or((tests[1], Text("eventSource", ("b",)))))))
    words = list(coverage.listed())
    assert any(re.search("never decides alone", one) for one in words)
    assert len(words) == coverage.total - coverage.decided


# --- our rules and the public ones
OURS = sorted((Path(__file__).parents[1] / "sigma_rules").rglob("*.yml"))


@pytest.fixture(scope="module")
def public(shared: Path) -> list[Rule]:
    return load_files(sorted((shared / "data" / "sigmahq-rules").rglob("*.yml"))).rules


def test_public_rules_are_decided_in_full(public: list[Rule]) -> None:
    assert len(public) >= 28
    assert {
        rule.title: list(found.listed()) for rule in public if (found := decide(rule.tree)).decided < found.total
    } == {}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_our_rules_are_decided_in_full(path: Path) -> None:
    coverage = decide(load_file(path).rules[0].tree)
    assert (coverage.decided, list(coverage.findings())) == (coverage.total, [])
