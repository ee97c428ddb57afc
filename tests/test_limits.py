"""The limits of a query: clauses as Elasticsearch counts them, and bytes. Above them a rule is refused."""

from __future__ import annotations

import pytest
from cases import rule_of

from sigma.backends.sigmaproof.eql import EqlEmitter
from sigma.backends.sigmaproof.lucene import LuceneEmitter
from sigmaproof.conversion import convert_rule
from sigmaproof.emit import MOST_BYTES, MOST_CLAUSES, MOST_WHOLE, Emitter
from sigmaproof.fidelity import Refusal
from sigmaproof.lucenetext import MOST_TERM, checked_pattern, checked_regex
from sigmaproof.predicate import Or, Text, Wild


def refusal(detection: dict[str, object], target: str) -> str | None:
    return convert_rule(rule_of("limit", {"s": detection, "condition": "s"}), target).refusal


@pytest.mark.parametrize("target", ["eql", "lucene"])
@pytest.mark.parametrize("name", ["userAgent|contains", "errorCode", "errorCode|contains|all"])
def test_clauses(name: str, target: str) -> None:
    values = [f"value{number}" for number in range(MOST_CLAUSES - 1)]  # with the one of the dataset the most
    assert refusal({name: values}, target) is None
    assert "more than 1,024 clauses" in (refusal({name: [*values, "one more"]}, target) or "")


def test_a_list_of_terms_is_one_clause_in_eql() -> None:
    names = [f"Name{number}" for number in range(1100)]
    assert refusal({"errorMessage|cased": names}, "eql") is None
    assert "clauses" in (refusal({"errorMessage|cased": names}, "lucene") or "")


@pytest.mark.parametrize("target", ["eql", "lucene"])
def test_whole_objects(target: str) -> None:
    """What each can miss is tried on made-up objects, which takes time."""
    for count, told in ((MOST_WHOLE, None), (MOST_WHOLE + 1, "more than 100 tests of whole objects")):
        selections = {f"s{number}": {"requestParameters|exists": True} for number in range(count)}
        refused = convert_rule(rule_of("whole", {**selections, "condition": "1 of s*"}), target).refusal
        assert refused is None if told is None else told in (refused or "")


@pytest.mark.parametrize("target", ["eql", "lucene"])
def test_bytes(target: str) -> None:
    values = [f"{number}{'-' * 1000}" for number in range(MOST_BYTES // 1000)]
    assert "bytes" in (refusal({"errorMessage|cased": values}, target) or "")
    assert refusal({"errorMessage|cased": values[:-20]}, target) is None


@pytest.mark.parametrize("emitter", [EqlEmitter, LuceneEmitter])
def test_bytes_of_a_tree(emitter: type[Emitter]) -> None:
    texts = [Text("aws.cloudtrail.error_message", (f"{number}{'-' * 30_000}",), cased=True) for number in range(9)]
    assert len(emitter().query(Or(tuple(texts[:8])))) > 240_000
    with pytest.raises(Refusal, match="bytes"):
        emitter().query(Or(tuple(texts)))


def test_a_keyword_counts_each_field() -> None:
    detection: dict[str, object] = {"|all": [f"word{number}" for number in range(30)]}
    assert "more than 1,024 clauses" in (refusal(detection, "lucene") or "")
    assert refusal(detection, "native") is None


@pytest.mark.parametrize("target", ["eql", "lucene"])
def test_what_a_keyword_keeps(target: str) -> None:
    """A longer value is not in the index, which the claim says."""
    for length, codes in ((1024, set()), (1025, {"limit"})):
        detection = {"s": {"userIdentity.credentialId|cased": "1" * length}, "condition": "s"}
        assert {reason.code for reason in convert_rule(rule_of("limit", detection), target).reasons} == codes


def test_an_expression_and_a_pattern() -> None:
    """1,000 characters: index.max_regex_length by default, and what Elasticsearch 8 takes of a pattern."""
    assert checked_regex("a" * 1000) == "a" * 1000
    assert checked_pattern(("a" * 999, Wild.ANY)) == "a" * 999 + "*"


def test_one_more_is_refused() -> None:
    with pytest.raises(Refusal, match="1001 characters"):
        checked_regex("a" * 1001)
    with pytest.raises(Refusal, match="1,001 characters"):
        checked_pattern(("a" * 1000, Wild.ANY))


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(Refusal, match="can't be judged"):
        checked_regex("(a")


def test_a_term() -> None:
    assert refusal({"errorMessage": "1" * MOST_TERM}, "eql") is None
    assert "32,767 bytes" in (refusal({"errorMessage": "1" * (MOST_TERM + 1)}, "eql") or "")
