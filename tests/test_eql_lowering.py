"""EQL lowered to Query DSL: the conformance table, and properties that hold for any text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("lark", reason="the EQL grammar needs the extra sigmaproof[elasticsearch]")

from sigmaproof.verify.eql import EqlError, FieldType, ast, lower, parse, types_of
from sigmaproof.verify.eql.parser import MAX_DEPTH
from sigmaproof.verify.eql.regexes import matches_all, single_string
from sigmaproof.verify.eql.strings import java_text

TABLE = yaml.safe_load((Path(__file__).parents[1] / "fixtures/cases/eql_lowering.yml").read_text("utf-8"))
TYPES = types_of(TABLE["mapping"])
CASES: list[dict[str, Any]] = TABLE["cases"]


def lowered(case: dict[str, Any]) -> dict[str, object]:
    return lower(
        case["eql"], types_of(TABLE["mapping"]), event_category_field=case.get("category_field", "event.category")
    )


@pytest.mark.parametrize("case", CASES, ids=[f"{i}: {case['eql'][:60]}" for i, case in enumerate(CASES)])
def test_conformance(case: dict[str, Any]) -> None:
    if "dsl" in case:
        # Compared as JSON, for which true, 1 and 1.0 are different values.
        assert json.dumps(lowered(case), sort_keys=True) == json.dumps(case["dsl"], sort_keys=True)
    else:
        with pytest.raises(EqlError) as caught:
            lowered(case)
        assert caught.value.kind == case["error"]
        assert case["says"] in caught.value.message
        assert caught.value.line >= 1
        assert caught.value.column >= 1


def test_table_is_complete() -> None:
    assert len(CASES) >= 150
    keys = {frozenset(case) - {"category_field"} for case in CASES}
    assert keys == {frozenset({"why", "eql", "dsl"}), frozenset({"why", "eql", "error", "says"})}
    texts = [(case["eql"], case.get("category_field")) for case in CASES]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("any where\n  zz == 1", 2, 3),
        ('any where k == "a" and\nn : "x"', 2, 1),
        ("any where (", 1, 12),
        ("any where\n", 2, 1),
        ('any where k == "a" )', 1, 20),
        ("any where true | count", 1, 18),
        ('any where n == length("a")', 1, 16),
    ],
)
def test_an_error_points_at_its_place(query: str, line: int, column: int) -> None:
    with pytest.raises(EqlError) as caught:
        lower(query, TYPES)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert f"line {line}:{column}" in str(caught.value)


def test_parse_keeps_the_text_s_structure() -> None:
    query = parse('process where not (a.b : ("x", "y*") or ?c in~ (1, -2))')
    assert query.kind == "event"
    assert query.filters[0].category == "process"
    condition = query.filters[0].condition
    assert isinstance(condition, ast.Not)
    assert isinstance(condition.operand, ast.Group)
    either = condition.operand.inner
    assert isinstance(either, ast.Or)
    match, inside = either.operands
    assert isinstance(match, ast.Match)
    assert match.operand == ast.Field((1, 20), "a.b")
    assert [value.value for value in match.values] == ["x", "y*"]
    assert isinstance(inside, ast.In)
    assert inside.insensitive
    assert inside.operand == ast.Field((1, 41), "c", optional=True)


@pytest.mark.parametrize("opening", ["(", "not ", "not (", "- ", "length(", "true == ("])
def test_deep_nesting_is_refused_not_crashed(opening: str) -> None:
    for depth in (MAX_DEPTH, 20_000):
        query = "any where " + opening * depth + "b" + ")" * (depth * opening.count("("))
        with pytest.raises(EqlError) as caught:
            lower(query, TYPES)
        assert caught.value.kind == "unsupported"
        assert str(MAX_DEPTH) in caught.value.message


@pytest.mark.parametrize("opening", ["(", "not ", "not (", "true == ("])
def test_nesting_up_to_the_limit_is_read(opening: str) -> None:
    levels = (MAX_DEPTH - 1) // (2 if opening in ("not (", "true == (") else 1)
    closing = ")" * (levels * opening.count("("))
    term = {"term": {"b": {"value": True}}}
    flipped = {"bool": {"must_not": [term]}}
    expected = flipped if "not" in opening and levels % 2 else term
    # The innermost field of `true == (b)` is compared itself.
    assert lower("any where " + opening * levels + "b" + closing, TYPES) == expected


def test_mixed_deep_logic_is_lowered() -> None:
    inner = 'k : "a"'
    for level in range((MAX_DEPTH - 4) // 3):
        inner = f"not ({inner} {'and' if level % 2 else 'or'} n == {level})"
    text = json.dumps(lower(f"any where {inner}", TYPES))
    assert text.count("must_not") == (MAX_DEPTH - 4) // 3


def test_a_long_chain_is_not_deep() -> None:
    chain = " and ".join(f'k != "{number}"' for number in range(3000))
    query: Any = lower(f"any where {chain}", TYPES)
    assert len(query["bool"]["must"]) == 3000


def test_equalities_on_one_field_count_as_one_clause() -> None:
    chain = " or ".join(f'k == "{number}"' for number in range(3000))
    assert lower(f"any where {chain}", TYPES) == {"terms": {"k": [str(number) for number in range(3000)]}}


def test_types_are_read_from_a_mapping() -> None:
    assert types_of({"mappings": TABLE["mapping"]}) == TYPES
    assert TYPES["k"] == FieldType("keyword", 1024)
    assert TYPES["tk"] == FieldType("text", None, "tk.keyword")
    assert TYPES["al"] == TYPES["k"]
    assert "flat.key" not in TYPES
    assert TYPES["event"].type == "object"
    assert types_of({}) == {}


def test_nested_fields_name_their_outermost_parent() -> None:
    inner = {
        "type": "nested",
        "properties": {"leaf": {"type": "text", "fields": {"raw": {"type": "keyword"}}}},
    }
    types = types_of({"properties": {"outer": {"type": "nested", "properties": {"inner": inner}}}})
    for name in ("outer.inner", "outer.inner.leaf", "outer.inner.leaf.raw"):
        with pytest.raises(EqlError, match=r"hierarchy \(field \[outer\]\)"):
            lower(f'any where {name} == "x"', types)


ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def escaped(text: str, numeric: bool) -> str:
    """The test's own way of writing an EQL string."""
    if numeric:
        return "".join(f"\\u{{{ord(char):08x}}}" for char in text)
    return "".join(ESCAPES.get(char, char) for char in text)


@settings(deadline=None)
@given(st.text(), st.booleans())
def test_any_string_survives_its_escapes(text: str, numeric: bool) -> None:
    query = f'any where k == "{escaped(text, numeric)}"'
    assert lower(query, TYPES) == {"term": {"k": {"value": text}}}


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters='\r\n"')))
def test_any_raw_string_is_literal(text: str) -> None:
    assert lower(f'any where k == """{text}"""', TYPES) == {"term": {"k": {"value": text}}}


@settings(deadline=None)
@given(st.text(min_size=1))
def test_any_name_can_be_written_in_backticks(name: str) -> None:
    query = "any where `" + name.replace("`", "``") + "` == 1"
    assert lower(query, {name: FieldType("long")}) == {"term": {name: {"value": 1}}}


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="*?\x01", codec="utf-8")))
def test_backslashes_in_patterns_are_literal(text: str) -> None:
    query: Any = lower(f'any where k : "{escaped(text, False)}*"', TYPES)
    found = query.get("wildcard", {}).get("k", {}).get("value")
    assert found == text.replace("\\", "\\\\") + "*" if text else query == {"exists": {"field": "k"}}


PIECES = r"""
any where process ( ) and or not in in~ like like~ regex regex~ : == != < <= > >= , . [ ] ![ | ? ?" ' " "" " `
null true false 1 -1 .5 1e3 k n b i d t tk flat list.name ?z ?k "a" "a*" "*" "\\" 'x' // /* */ + - * / %
sequence sample join by with maxspan = 5m until runs head tail child of startsWith startsWith~ endsWith(k
stringContains cidrMatch(i length( number( concat match wildcard @ # \ é 😀
"""
FRAGMENTS = st.sampled_from([*PIECES.split(), "\x01"])


def attempt(query: str) -> dict[str, object] | EqlError:
    try:
        return lower(query, TYPES)
    except EqlError as error:
        return error


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(), st.lists(FRAGMENTS, max_size=25).map(" ".join)))
def test_any_text_lowers_or_is_refused(text: str) -> None:
    for query in (text, f"any where {text}"):
        found = attempt(query)
        if isinstance(found, EqlError):
            assert found.kind in ("parsing_exception", "verification_exception", "unsupported")
        else:
            assert json.dumps(found)


OPERANDS = st.sampled_from(
    [
        "k",
        "n",
        "b",
        "i",
        "tk",
        "?z",
        "?k",
        '"a"',
        '"B"',
        "1",
        "-2",
        "true",
        "null",
        "length(k)",
        "concat(?z, k)",
        "(1 + 1)",
    ]
)
VALUES = st.sampled_from(['"a"', '"a*"', '"*"', '"x\\\\"', "1", "true", "null", '("a", "b?")', '("a", null)'])


def expressions() -> st.SearchStrategy[str]:
    leaf = st.one_of(
        st.tuples(OPERANDS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), OPERANDS).map(" ".join),
        st.tuples(OPERANDS, st.sampled_from([":", "like", "like~", "regex", "regex~"]), VALUES).map(" ".join),
        st.tuples(OPERANDS, st.sampled_from(["in", "not in", "in~", "not in~"]), OPERANDS, OPERANDS).map(
            lambda part: f"{part[0]} {part[1]} ({part[2]}, {part[3]})"
        ),
        st.tuples(st.sampled_from(["startsWith", "endsWith~", "stringContains", "cidrMatch"]), OPERANDS, OPERANDS).map(
            lambda part: f"{part[0]}({part[1]}, {part[2]})"
        ),
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["and", "or", "==", "!=", "<"]), inner).map(
                lambda part: f"({part[0]}) {part[1]} ({part[2]})"
            ),
            inner.map(lambda part: f"not ({part})"),
            st.tuples(inner, st.sampled_from(["== true", "!= true", "== null", "in (true)"])).map(
                lambda part: f"({part[0]}) {part[1]}"
            ),
        ),
        max_leaves=6,
    )


@settings(max_examples=600, deadline=None)
@given(expressions())
def test_any_well_formed_expression_lowers_or_is_refused(text: str) -> None:
    found = attempt(f"any where {text}")
    if isinstance(found, EqlError):
        assert found.kind != "parsing_exception"
    else:
        assert json.dumps(lower(f"any where not (not ({text}))", TYPES)) == json.dumps(found)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.sampled_from([*list('ab."[]()|{}\\&#@~<>?*+^$-1'), "{2}", "{1,1}", "\\.", "[a]", "[\\.]"]), max_size=8)
)
def test_a_regex_of_one_string_is_that_string(parts: list[str]) -> None:
    """Where Python's regular expressions and Lucene's agree, a pattern called one string matches it and no other."""
    pattern = "".join(parts)
    found = single_string(pattern)
    if found is None or any(char in pattern for char in '"^$') or re.search(r"\[[&~|[-]|\\\d", pattern):
        return
    assert re.fullmatch(pattern, found)
    for other in (found + "a", found[1:], found[:-1] + "b", found.upper()):
        assert other == found or not re.fullmatch(pattern, other)


@pytest.mark.parametrize(
    "pattern", ['|"', "(" * 60 + "a" + ")" * 60, "a{999}{999}{999}", "(", "[", "[a", "\\", "a\\", "{2}"]
)
def test_an_odd_regex_is_left_to_the_engine(pattern: str) -> None:
    assert single_string(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", ""),
        ("|", None),
        ("a|", None),
        ("|a", None),
        ("a|a", "a"),
        ("a|b", None),
        ("a{2}", "aa"),
        ("a{2,2}", "aa"),
        ("a{2,3}", None),
        ("a{0}", ""),
        ("a{1000}", None),
        ("a{0999}", None),
        ("a{,2}", None),
        ("a{2,}", None),
        ("a{}", None),
        ("a{2}{3}", None),
        ("a{12", None),
        ("a12}", "a12}"),
        ("a:2}", "a:2}"),
        ("a{2:2}", None),
        ("a?", None),
        ("a*", None),
        ("a+", None),
        ("a{", None),
        ("a?b", None),
        ("\\é", "é"),
        ("\\a", None),
        ("\\.", "."),
        ("\\", None),
        ('"a.b"', "a.b"),
        ('"a', None),
        ('""', ""),
        ('"', None),
        ('a"b"{2}', "abb"),
        ("[a]", "a"),
        ("[ab]", None),
        ("[\\.]", "."),
        ("[\\a]", None),
        ("[^a]", None),
        ("[a", None),
        ("[]", None),
        ("[]]", None),
        ("(a)", "a"),
        ("()", ""),
        ("()b", "b"),
        ("(a", None),
        ("(a))", None),
        ("a)", None),
        ("((a))b", "ab"),
        ("(a|b)", None),
        ("(a|a)c", "ac"),
        ("(a*)", None),
        ("a.b", None),
        ("a@", None),
        ("a#", None),
        ("a&b", None),
        ("a<1>", None),
        ("~a", None),
        ("()?", None),
        ("a(b{2})", "abb"),
        ("[\\]]", "]"),
        ("(a{500}){2}", "a" * 1000),
        ("(a{501}){2}", None),
        (".{2}", None),
    ],
)
def test_expressions_of_one_text(pattern: str, text: str | None) -> None:
    assert single_string(pattern) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(-15000000000.0, "-1.5E10"), (15000000000.0, "1.5E10"), (-1e7, "-1.0E7"), (1.5e-5, "1.5E-5"), (-2.0, "-2.0")],
)
def test_a_number_as_java_writes_it(number: float, text: str) -> None:
    assert java_text(number) == text


@pytest.mark.parametrize(
    ("pattern", "is_total"),
    [
        (".*", True),
        ("@", True),
        (".*.*", True),
        ("@.*@", True),
        ("", False),
        ("*", False),
        (".", False),
        ("a*", False),
        ("a.*", False),
        (".**", False),
        (".*a", False),
        (".*|", False),
    ],
)
def test_expressions_of_every_text(pattern: str, is_total: bool) -> None:
    assert matches_all(pattern) is is_total
