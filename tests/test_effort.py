"""What Elasticsearch would refuse as too complex is refused by us: the count on small automata, and on the engine."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pace import within

from sigmaproof.fidelity import Refusal
from sigmaproof.lucenetext import (
    MOST_EFFORT,
    MOST_TERM,
    _is_light,
    _pattern_tree,
    checked_pattern,
    checked_regex,
    checked_term,
    pattern_regex,
)
from sigmaproof.predicate import Pattern, Wild
from sigmaproof.regex import RegexError, effort, lucene_regex, parse, parse_spelled
from sigmaproof.regex.effort import MOST_STATES

# The sets of states, by hand: the beginning has one; 0 where no two characters of the text can be meant at once.
SMALL = {
    "": 0,
    "abc": 0,
    "a*b": 0,
    ".*": 0,
    "(ab|cd)e": 0,
    ".*a": 1 + 1 + 2,
    "a?a": 1 + 2 + 1,
    "(ab|ac)": 1 + 2 + 1 + 1,
    "[ab]c|ac": 1 + 2 + 1 + 2 + 1,
    ".*ab": 1 + 1 + 2 + 2,
    ".*a.": 1 + 1 + 2 + 3 + 2,
    "a{0,2}a{2}": 1 + 2 + 3 + 2 + 1,
}
HOSTILE = {
    "a counted dot": ".*[ab].{20}c.*",
    "groups that repeat": "(.*a.....b){30}",
    "a text of one letter": ".*" + "a" * 900,
    "letters that can be left out": "a?" * 300,
    "circles of two lengths": "(a{251})*|(a{257})*",
    "nested repetitions": "((a{1,30}){1,30}){1,30}",
    "nested stars": "(" * 90 + "a" + "b?)*" * 90,
    "many sets that overlap": ".*" + "".join(f"[{chr(n)}-{chr(0x9000 - n)}]" for n in range(0x4E00, 0x4EA0)),
    "nothing, repeated": "((){1000}){1000}",
}


@pytest.mark.parametrize(("source", "expected"), SMALL.items())
def test_small_automata(source: str, expected: int) -> None:
    assert effort(parse_spelled(source), 1_000_000) == expected


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_hostile_expressions_take_no_time(source: str) -> None:
    assert within(1, lambda: effort(parse_spelled(source), MOST_EFFORT))  # measured: 0.05 to 0.4 s


@pytest.mark.parametrize(
    ("source", "is_taken"),
    [
        (".*a.{9}c", True),
        ("(.*a.{5}|b)c", True),
        ("(.*a.{9}|b)c", False),
        ("(a?){30}b", True),
        ("(a?){60}b", False),
        (".*[ab].{20}c.*", False),
    ],
)
def test_each_kind_has_its_limit(source: str, is_taken: bool) -> None:
    """Less is taken of repetitions in a choice or in others, and least of what can be empty."""
    if is_taken:
        assert checked_regex(source) == source
    else:
        with pytest.raises(Refusal, match="too complex"):
            checked_regex(source)


def test_stops_above_the_limit() -> None:
    assert 100 < effort(parse_spelled(".*[ab].{20}c"), 100) < 200
    assert effort(parse_spelled(f"a{{{MOST_STATES // 2}}}b{{{MOST_STATES}}}"), 100) > 100


def patterns(seed: int, count: int) -> list[Pattern]:
    """Patterns of few letters, some of one unit repeated: what costs most."""
    draw = random.Random(seed)
    return [_pattern(draw) for _ in range(count)]


def _pattern(draw: random.Random) -> Pattern:
    alphabet = draw.choice(["a", "ab", "abcdefgh", "aB", "a中é"])
    weights = [draw.choice([1, 2, 6]), draw.choice([0, 0, 1, 6]), 8]
    kinds = draw.choices([Wild.ANY, Wild.ONE, None], weights, k=draw.choice([3, 8, 20, 60]))
    parts: list[str | Wild] = [kind if isinstance(kind, Wild) else draw.choice(alphabet) for kind in kinds]
    return tuple(parts * draw.choice([1, 1, 2, 5, 20]))[:800]


def test_light_patterns_are_light() -> None:
    light = [pattern for pattern in patterns(1, 2000) if _is_light(pattern, len(pattern))]
    assert len(light) > 200
    for pattern in light:
        assert effort(_pattern_tree(pattern), 10 * MOST_EFFORT) <= MOST_EFFORT, pattern


def test_longest_term() -> None:
    assert checked_term("é" * (MOST_TERM // 2)) == "é" * (MOST_TERM // 2)
    with pytest.raises(Refusal, match=r"32,768 bytes; Elasticsearch takes 32,766"):
        checked_term("é" * (MOST_TERM // 2 + 1))


def test_the_engine_takes_what_is_emitted(engine: Any) -> None:
    """A seeded sample of patterns and expressions; at the limit, Elasticsearch's own is twice away."""
    asked = [*_wildcards(patterns(2, 250)), *_expressions(3, 150)]
    engine.load([("1", {"event": {"action": "a"}})])
    taken = [query for query, text in asked if text]
    assert len(taken) > 200
    assert len(asked) - len(taken) > 20
    errors = [(str(query)[:200], answer.error) for query, answer in zip(taken, engine.search(taken), strict=True)
              if answer.error]  # fmt: skip
    assert errors == []


def test_the_engine_refuses_what_is_far_above(engine: Any) -> None:
    """The limit is not one of ours alone: what is refused here is refused there."""
    engine.load([("1", {"event": {"action": "a"}})])
    wildcard = {"wildcard": {"event.action": {"value": "*a" + "?" * 16 + "b", "case_insensitive": True}}}
    term = {"term": {"event.action": {"value": "a" * (MOST_TERM + 1), "case_insensitive": True}}}
    answers = engine.search([wildcard, term, _regexp(".*[ab].{20}c.*"), _regexp(".*[ab].{8}c.*")])
    errors = [answer.error or "" for answer in answers]
    assert "would require more than 10000 effort" in errors[0]
    assert "longer than maximum indexable length" in errors[1]
    assert "would require more than 10000 effort" in errors[2]
    assert errors[3] == ""


def _regexp(source: str) -> dict[str, Any]:
    return {"regexp": {"event.action": {"value": source, "flags": "ALL"}}}


def _wildcards(samples: list[Pattern]) -> list[tuple[dict[str, Any], str | None]]:
    """The queries of EQL and of Lucene, each with what was emitted, None where that was refused."""
    found: list[tuple[dict[str, Any], str | None]] = []
    for pattern in samples:
        text = _emitted(checked_pattern, pattern)
        found.append(({"wildcard": {"event.action": {"value": text, "case_insensitive": True}}}, text))
        source = _emitted(checked_regex, pattern_regex(pattern))
        found.append(({"query_string": {"query": f"event.action:/{source}/"}}, source))
    return found


def _emitted(check: Any, value: Any) -> str | None:
    try:
        return str(check(value))
    except Refusal:
        return None


def _expressions(seed: int, count: int) -> list[tuple[dict[str, Any], str | None]]:
    draw = random.Random(seed)
    found: list[tuple[dict[str, Any], str | None]] = []
    while len(found) < count:
        try:
            source = _emitted(checked_regex, lucene_regex(parse(_expression(draw, 0), draw.choice(["", "i", "s"]))))
        except RegexError:
            continue
        found.append((_regexp(source or ""), source))
    return found


def _expression(draw: random.Random, depth: int) -> str:
    kind = draw.random()
    if depth > 3 or kind < 0.35:
        return draw.choice(["a", "b", "[ab]", "[^a]", ".", r"\w", r"\d", "é", "[à-ü]", "abc", ".*", "[^/]+"])
    if kind < 0.7:
        return "".join(_expression(draw, depth + 1) for _ in range(draw.randint(2, 5)))
    if kind < 0.82:
        return f"(?:{'|'.join(_expression(draw, depth + 1) for _ in range(draw.randint(2, 3)))})"
    least = draw.randint(1, 12)
    count = draw.choice(["*", "+", "?", f"{{{least}}}", f"{{{least},{least + draw.randint(0, 20)}}}", f"{{{least},}}"])
    return f"(?:{_expression(draw, depth + 1)}){count}"
