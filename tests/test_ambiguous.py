"""Which expressions an engine that backtracks may not end on; and what the search finds without automata."""

from __future__ import annotations

from itertools import product

import pytest
from commandline import rule
from hypothesis import given
from hypothesis import strategies as st
from pace import within

from sigmaproof.check.run import Options, check_content
from sigmaproof.matching import pattern_test
from sigmaproof.predicate import Part, Pattern, Text, Wild
from sigmaproof.regex import parse
from sigmaproof.regex.ambiguous import is_ambiguous
from sigmaproof.verify.candidates import text_for

# Known from the literature on such attacks, and their harmless neighbours.
EXPRESSIONS = {
    r"(a+)+$": True,
    r"(a|aa)+$": True,
    r"(a|a)*b": True,
    r"(a*)*c": True,
    r"^(\w+\s?)+$": True,
    r"([a-z]+\.?)+com$": True,
    r"(\d+)*-x": True,
    r"(x+x+)+y": True,
    r"^arn:aws:iam::\d{12}:role/(.+/)*admin$": True,
    r"a+b": False,
    r"(ab)+c": False,
    r"(a+)+": False,  # nothing behind it can fail
    r"(a+)+b?": False,
    r"^\w[\w\s]*$": False,
    r"^([a-z]+\.)+com$": False,
    r"(?:[^/]+/)*x$": False,
    r"((a|b)c?)+d": False,
    r"(.*a){5}$": False,  # polynomial only
    r"(\b\w+\b\s?)+$": False,  # not judged
    r"[^\s\S]+x": False,
}


@pytest.mark.parametrize("source", EXPRESSIONS)
def test_which_are_ambiguous(source: str) -> None:
    assert is_ambiguous(parse(source, "")) is EXPRESSIONS[source]


def test_what_is_too_large_is_said_to_be() -> None:
    alternatives = "|".join(f"a{number}" for number in range(60))
    assert is_ambiguous(parse(f"({alternatives})+$", "")) is None
    assert is_ambiguous(parse("((a{1,9}){1,9}){1,9}b", "")) is None
    large = parse(f"({'|'.join('abcdefghijklmnopqrstuvwxyz')})+$", "")
    assert within(2, lambda: is_ambiguous(large))


def test_an_expression_that_matches_nothing_is_checked() -> None:
    text = rule("selection:\n    eventName|re: ['^Create', '[^\\s\\S]']\ncondition: selection")
    assert "internal" not in str(check_content(text.encode(), "r.yml", options=Options()).findings)


PARTS: st.SearchStrategy[Part] = st.sampled_from(["a", "B", "ab", Wild.ANY, Wild.ONE])
PATTERNS: st.SearchStrategy[Pattern] = st.lists(PARTS, min_size=1, max_size=3).map(tuple)
TEXTS = st.builds(lambda pattern, cased: Text("eventName", pattern, cased), PATTERNS, st.booleans())


@given(
    st.sampled_from(["a", "ab", "bAb", "aabb"]), st.booleans(), st.lists(TEXTS, max_size=2), st.lists(TEXTS, max_size=2)
)
def test_a_text_without_wildcards_decides_as_all_its_spellings_do(
    word: str, cased: bool, wanted: list[Text], unwanted: list[Text]
) -> None:
    first = Text("eventName", (word,), cased)
    spellings = map("".join, product(*({char.lower(), char.upper()} for char in word)))
    right = [text for text in spellings if _holds(text, [first, *wanted], unwanted)]
    found = text_for([first, *wanted], unwanted)
    assert (found is None) is (right == [])
    assert found is None or found in right


def _holds(text: str, wanted: list[Text], unwanted: list[Text]) -> bool:
    verdicts = [[pattern_test(one.pattern, one.cased)(text) for one in side] for side in (wanted, unwanted)]
    return all(verdicts[0]) and not any(verdicts[1])
