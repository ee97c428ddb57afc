"""Shrinking: the smallest record on which something holds, found in few batches for many records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sigmaproof.verify.shrink import shrink_all, size_of

RECORD = {
    "eventName": "CreateTrustAnchor",
    "userIdentity": {"type": "IAMUser", "userName": "alice"},
    "requestParameters": {"tags": [{"key": "k", "value": "v"}] * 150, "note": "a, b=c, d", "padding": "y" * 40_000},
    "readOnly": False,
}


def shrunk(record: dict[str, Any], holds: Callable[[Any], bool]) -> tuple[dict[str, Any], int]:
    """The smallest record, and how many batches it took."""
    batches: list[int] = []

    def judge(batch: list[tuple[int, Any]]) -> list[bool]:
        batches.append(len(batch))
        return [holds(candidate) for _, candidate in batch]

    return shrink_all([record], judge)[0], len(batches)


def test_only_what_is_needed_stays() -> None:
    found, batches = shrunk(RECORD, lambda one: "b=c" in one.get("requestParameters", {}).get("note", ""))
    assert found == {"requestParameters": {"note": "b=c"}}
    assert batches < 25


def test_a_length_is_found_to_the_character() -> None:
    found, batches = shrunk(RECORD, lambda one: len(one.get("requestParameters", {}).get("padding", "")) > 8191)
    assert found == {"requestParameters": {"padding": "y" * 8192}}
    assert batches < 25


def test_a_number_of_elements_is_found() -> None:
    found, _ = shrunk(RECORD, lambda one: len(one.get("requestParameters", {}).get("tags", [])) >= 37)
    assert found == {"requestParameters": {"tags": [{}] * 37}}


def test_what_depends_on_each_other_goes_together_or_stays() -> None:
    def same_halves(one: dict[str, Any]) -> bool:
        return ("a" in one) == ("b" in one) and "c" in one

    assert shrunk({"a": 1, "b": 1, "c": "text", "d": 2}, same_halves)[0] == {"a": 1, "b": 1, "c": ""}


def test_many_records_share_their_batches() -> None:
    batches = 0

    def judge(batch: list[tuple[int, Any]]) -> list[bool]:
        nonlocal batches
        batches += 1
        return [f"k{index}" in candidate for index, candidate in batch]

    records = [{f"k{number}": "x" * number for number in range(12)} for _ in range(12)]
    assert shrink_all(records, judge) == [{f"k{index}": ""} for index in range(12)]
    assert batches < 12


def test_the_given_records_are_not_changed_and_the_bound_on_batches_is_kept() -> None:
    record = {"a": {"b": "x" * 100}, "c": [1, 2]}
    assert shrink_all([record], lambda batch: [True] * len(batch), rounds=0) == [record]
    assert shrink_all([record], lambda batch: [True] * len(batch)) == [{}]
    assert record == {"a": {"b": "x" * 100}, "c": [1, 2]}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3), st.sampled_from("abcdxy0"))
def test_the_result_holds_and_is_never_larger(record: dict[str, Any], char: str) -> None:
    def holds(one: Any) -> bool:
        return char in str(one)

    if holds(record):
        found, _ = shrunk(record, holds)
        assert holds(found)
        assert size_of(found) <= size_of(record)
