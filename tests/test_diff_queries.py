"""Hand-written queries are read as their engines read them, and what is no query ends in a diagnostic."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from sigmaproof.diagnostics import InputError
from sigmaproof.diff.backwards import Backwards
from sigmaproof.diff.cut import All, Any_, Cut, Leaf, Neg, critical, holds, leaves, numbered, searched_tree
from sigmaproof.diff.dslside import read_dsl
from sigmaproof.diff.luceneside import cut_query_string
from sigmaproof.diff.querystring import QueryStringError
from sigmaproof.diff.sides import Side, query_side
from sigmaproof.events import read_events
from sigmaproof.fields import DEFAULT, table
from sigmaproof.normalize import normalize
from sigmaproof.predicate import describe
from sigmaproof.predicate import tests as each_test
from sigmaproof.verify.eql import ast, parse
from sigmaproof.verify.eql.text import eql_text

BACK = Backwards(table())
FLAT = "aws.cloudtrail.flattened.request_parameters.source.sourceType"
PIECES = [
    "event.action:CreateTrustAnchor", "event.action:x", "aws.cloudtrail.error_code:*", "NOT", "AND", "OR", "-", "+",
    'event.provider:"rolesanywhere.amazonaws.com"', "&&", "||", "(", ")", "event.action:(", "x", "^2", "~1", ":", "*",
    "event.action:(Create* OR x)", "event.action:/Cre.*/", "_exists_:aws.cloudtrail.error_code", "!", "[", "a^b", "TO",
    "event.action:>D", "event.action", "\\", '"', "a\\ b", 'event.outcome:"fail\\"ure"~2', "/", "?", "!x", "{* TO x]",
    "event.action:[A TO D}", "-event.action:x", "*:*", f"{FLAT}:AWS_ACM_PCA",
]  # fmt: skip


def opened(tmp_path: Path, name: str, text: str | bytes) -> Side:
    """A query file as a side."""
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return query_side(file, DEFAULT)


def shape(cut: Cut) -> Any:
    """The structure of a cut with the words of its leaves."""
    match cut:
        case Leaf():
            return cut.words
        case Neg():
            return ["not", shape(cut.part)]
        case All() | Any_():
            return ["all" if isinstance(cut, All) else "any", *map(shape, cut.parts)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", "a b"),  # words side by side are one value
        ("f:(a b) c:d", ["any", "f:(a b)", "c:d"]),
        ("a OR b AND c", ["all", "b", "c"]),  # AND makes both required, which leaves the first without effect
        ("a AND NOT (b OR c)", ["all", "a", ["not", ["any", "b", "c"]]]),
        ("+f:a -f:b f:c", ["all", "f:a", ["not", "f:b"]]),
        ("a&&b", "a&&b"),
        ("a && b", ["all", "a", "b"]),
        ("f:(a OR (b AND c))", ["any", "f:a", ["all", "f:b", "f:c"]]),
        (r"f\:x:a\ b", r"f\:x:a\ b"),
        ('f:[1 TO "a b"} ^2', 'f:[1 TO "a b"} ^2'),
        ("f:a~2^3.5", "f:a~2^3.5"),
        ("! x", ["any", "! ", "x"]),
        ("", ["any"]),
    ],
)
def test_lucene_is_cut_as_its_parser_does(text: str, expected: Any) -> None:
    assert shape(cut_query_string(text, BACK)) == expected


def test_lucene_is_read_as_elasticsearch_reads_it(engine: Any) -> None:
    """Random texts: refused by both or by none, and the leaves, asked alone, add up to the whole on every document."""
    rng = random.Random(5)
    texts = [rng.choice(["", " "]).join(rng.choices(PIECES, k=rng.randint(1, 6))) for _ in range(600)]
    events = read_events(ROOT / "fixtures" / "events" / "hazards.ndjson", lambda finding: pytest.fail(str(finding)))
    ids = engine.load([(str(event.number), normalize(event.record)) for event in events], table()).ids
    cuts: list[tuple[str, Any, Cut]] = []
    for text, answer in zip(texts, engine.search([{"query_string": {"query": text}} for text in texts]), strict=True):
        cut: Cut | None = None
        with suppress(QueryStringError):
            cut = numbered(cut_query_string(text, BACK))
        if cut is None:
            assert answer.error is not None, text
        else:  # what is no fault of the syntax (`a~b`: no such fuzziness) the engine says
            assert "Cannot parse" not in (answer.error or ""), (text, answer.error)
            if answer.error is None:
                cuts.append((text, answer.matched, cut))
    assert len(cuts) > 100
    found = iter(engine.search([leaf.query for _, _, cut in cuts for leaf in leaves(cut)]))
    for text, matched, cut in cuts:
        parts = [next(found).matched for _ in leaves(cut)]
        assert matched == {id for id in ids if holds(cut, [id in part for part in parts])}, text


def test_a_test_of_an_ecs_field_leads_to_the_raw_fields() -> None:
    def searched(text: str) -> list[str]:
        tree = searched_tree(cut_query_string(text, BACK))
        return [] if tree is None else [describe(test) for test, _ in each_test(tree)]

    assert searched("event.provider:iam*") == ["eventSource|cased is 'iam*'"]
    assert searched('source.ip:"10.0.0.0/8"') == ["sourceIPAddress|cidr 10.0.0.0/8"]
    assert searched("event.outcome:failure") == ["errorCode is null", "errorMessage is null"]
    assert searched("aws.cloudtrail.flattened.request_parameters.a.b:x") == ["requestParameters.a.b|cased is 'x'"]
    assert searched("aws.cloudtrail.request_parameters:*k\\=v*") == [
        "requestParameters|cased is '*k=v*'",
        "requestParameters.k|cased is 'v'",
    ]
    assert "userIdentity.sessionContext.sessionIssuer.userName|cased is 'x'" in searched("user.name:x")
    assert searched("event.dataset:aws.cloudtrail AND event.action:x") == ["eventName|cased is 'x'"]
    assert searched("host.name:x") == []


DSL = {
    "bool": {
        "filter": [{"term": {"a": "x"}}, {"query_string": {"query": "b:y OR c:z"}}],
        "must_not": {"exists": {"field": "d"}},
        "should": [{"match_all": {}}],
    }
}


def test_query_dsl_is_cut_at_its_booleans(tmp_path: Path) -> None:
    side = opened(tmp_path, "q.dsl.json", json.dumps({"query": DSL, "size": 10}))
    assert side.query == DSL
    expected = ["all", '{"term": {"a": "x"}}', ["any", "b:y", "c:z"], ["not", '{"exists": {"field": "d"}}']]
    assert shape(side.cut) == expected


def test_eql_is_cut_with_its_category(tmp_path: Path) -> None:
    text = 'info where event.action : ("a", "b*") and not (user.id != "x" or event.provider == null)'
    side = opened(tmp_path, "q.eql", text)
    assert shape(side.cut) == [
        "all",
        'event.category == "info" (the category of `info where`)',
        ["all", 'event.action : ("a", "b*")', ["not", ["any", ["not", 'user.id == "x"'], "event.provider == null"]]],
    ]
    assert [leaf.line for leaf in side.leaves] == [1] * 4


def test_a_query_that_elasticsearch_refuses_is_read_but_never_runs(tmp_path: Path) -> None:
    side = opened(tmp_path, "q.eql", 'any where event.acton == "x"')
    assert side.refusal is not None
    assert "Unknown column [event.acton], did you mean [event.action]?" in side.refusal


AT = st.just((1, 1))
NODES: st.SearchStrategy[ast.Node] = st.deferred(
    lambda: COMPARED | st.builds(ast.Not, AT, NODES) | st.builds(_both, NODES, NODES)
)
FIELDS = st.builds(ast.Field, AT, st.sampled_from(["a.b", "where", "a b", "k`k", "x-y.in"]), st.booleans())
CHARS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
STRINGS = st.builds(ast.Literal, AT, st.text(CHARS, max_size=8))
SOME = st.lists(STRINGS, min_size=1, max_size=3).map(tuple)
NUMBERS = st.builds(ast.Literal, AT, st.integers(0, 99) | st.booleans() | st.none())
COMPARED: st.SearchStrategy[ast.Node] = st.one_of(
    st.builds(ast.Compare, AT, st.sampled_from(["==", "<", ">="]), FIELDS, STRINGS | NUMBERS),
    st.builds(ast.Match, AT, st.sampled_from([":", "like~", "regex"]), FIELDS, SOME),
    st.builds(ast.In, AT, FIELDS, SOME, st.booleans()),
    st.builds(lambda at, a, b: ast.Call(at, "startsWith", False, (a, b)), AT, FIELDS, STRINGS),
)


def _both(one: ast.Node, other: ast.Node) -> ast.Node:
    return ast.And((1, 1), (one, ast.Or((1, 1), (other, one))))


@given(NODES)
def test_an_expression_of_eql_as_text_is_read_as_the_same(node: ast.Node) -> None:
    text = eql_text(node)
    again = parse(f"any where {text}").filters[0].condition
    assert eql_text(again) == text
    assert _bare(again) == _bare(node)


def _bare(node: ast.Node) -> Any:
    """A tree without positions and parentheses."""
    if isinstance(node, ast.Group):
        return _bare(node.inner)
    own = [getattr(node, name, None) for name in ("value", "name", "optional", "operator", "insensitive")]
    values = [value.value for value in node.values] if isinstance(node, ast.Match) else []
    return type(node).__name__, own, values, [_bare(child) for child in node.children()]


@given(st.recursive(st.just(Leaf("x")), lambda inner: st.builds(Neg, inner) | st.builds(
    lambda kind, parts: kind(tuple(parts)), st.sampled_from([All, Any_]), st.lists(inner, min_size=1, max_size=3)
), max_leaves=7), st.lists(st.booleans(), min_size=64, max_size=64))  # fmt: skip
def test_critical_leaves_are_those_whose_flip_changes_the_verdict(cut: Cut, truths: list[bool]) -> None:
    cut = numbered(cut)
    count = len(list(leaves(cut)))
    flipped = {
        leaf
        for leaf in range(count)
        if holds(cut, [truth is not (at == leaf) for at, truth in enumerate(truths)]) is not holds(cut, truths)
    }
    assert critical(cut, truths) == flipped


HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "deep.eql": ("any where " + "(" * 3000 + "true" + ")" * 3000, "deeper than"),
    "deep.lucene": ("(" * 3000 + "a" + ")" * 3000, "deeper than"),
    "deep.dsl.json": ('{"bool":{"must":' * 3000 + '{"match_all":{}}' + "}}" * 3000, "nested"),
    "wide.dsl.json": (json.dumps({"bool": {"should": [{"term": {"a": "x"}}] * 30_000}}), "parts"),
    "huge.eql": ("any where true // " + "x" * 1_000_000, "larger than"),
    "binary.lucene": (b"\xff\xfe\x00a", "not UTF-8"),
    "nul.eql": (b"any where\n true\x00", "NUL"),
    "empty.lucene": ("  \n", "holds no query"),
    "single.eql": ('any where user.name = "x"', "single ="),
    "sequence.eql": ("sequence [any where true] [any where true]", "needs a cluster"),
    "script.eql": ("any where length(user.name) == 1", "script"),
    "open.lucene": ('event.action:"x', "unexpected '\"'"),
    "address.lucene": ("source.ip:10.0.0.0/8", "unexpected '/'"),
    "colon.lucene": ("arn:aws:iam", "unexpected ':'"),
    "end.lucene": ("a AND", "ends too early"),
    "json.dsl.json": ("{not json", "no JSON"),
    "twice.dsl.json": ('{"bool": {"must": [], "must": []}}', "twice"),
    "nan.dsl.json": ('{"term": {"a": NaN}}', "no JSON"),
    "list.dsl.json": ("[]", "one JSON object"),
    "script.dsl.json": ('{"bool": {"filter": [{"script": {"script": "true"}}]}}', "runs a script"),
    "score.dsl.json": ('{"script_score": {"query": {"match_all": {}}, "script": {"source": "1"}}}', "runs a script"),
    "runtime.dsl.json": ('{"query": {"match_all": {}}, "runtime_mappings": {}}', "runs scripts"),
    "aggs.dsl.json": ('{"query": {"match_all": {}}, "aggs": {}}', "not compared"),
    "lookup.dsl.json": ('{"terms": {"a": {"index": "other", "id": "1", "path": "x"}}}', "another index"),
    "ids.dsl.json": ('{"ids": {"values": ["1"]}}', "no detection"),
    "unknown.dsl.json": ('{"percolate": {}}', "no query that is known"),
    "two.dsl.json": ('{"term": {"a": "x"}, "match": {"b": "y"}}', "one key"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_query_ends_in_a_diagnostic(tmp_path: Path, name: str) -> None:
    text, message = HOSTILE[name]
    with pytest.raises(InputError) as caught:
        opened(tmp_path, name, text)
    assert message in caught.value.diagnostic.message
    assert name in str(caught.value.diagnostic.place)


def test_the_place_and_the_help_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        opened(tmp_path, "q.lucene", "event.action:x\nAND source.ip:10.0.0.0/8")
    diagnostic = caught.value.diagnostic
    assert (diagnostic.place.line, diagnostic.place.column) == (2, 23)
    assert "write \\/" in diagnostic.help


@given(st.text(max_size=40) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_a_query_or_a_diagnostic(text: str) -> None:
    with suppress(QueryStringError):
        assert all(leaf.words in leaf.query["query_string"]["query"] for leaf in leaves(cut_query_string(text, BACK)))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ('{"query_string":{"query":"a","fields":5}}', "list of texts"),
        ('{"query_string":{"query":"a","fields":[5]}}', "list of texts"),
        ('{"query_string":{"query":"a","default_field":["x"]}}', "must be a text"),
        ('{"multi_match":{"query":"a","fields":5}}', "list of texts"),
        ('{"term":{"event.action":1e999}}', "larger than any number"),
    ],
)
def test_names_that_are_no_texts_and_numbers_that_are_none(query: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_dsl(query, "q.dsl.json", BACK)
