"""Hypothesis strategies: trees of any depth over keyword fields, and ECS documents that no normalizer has made."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st
from strategies import any_test, event_fields, values_around

from sigmaproof.fields import table
from sigmaproof.verify.records import MISSING

__all__ = ["deep_detections", "documents_for"]


@st.composite
def deep_detections(draw: st.DrawFn) -> dict[str, Any]:
    """One to five tests of keyword fields, below any nesting of and, or, not. A test can be there more than once."""
    fields = st.sampled_from(_free_keywords())
    names = [f"s{number}" for number in range(draw(st.integers(1, 5)))]
    found: dict[str, Any] = {name: dict([draw(fields.flatmap(any_test))]) for name in names}
    condition = draw(
        st.recursive(
            st.sampled_from(names),
            lambda part: st.one_of(
                part.map(lambda one: f"not ({one})"),
                st.tuples(part, st.sampled_from(["and", "or"]), part).map(
                    lambda one: f"({one[0]}) {one[1]} ({one[2]})"
                ),
            ),
            max_leaves=8,
        )
    )
    used = {name: test for name, test in found.items() if name in condition}
    return {**used, "condition": condition}


@cache
def _free_keywords() -> tuple[str, ...]:
    """Fields of one kind: a keyword that holds the raw text as it is, in no certain spelling."""
    return tuple(
        field.raw
        for field in event_fields()
        if field.homes[0].type == "keyword" and field.homes[0].form == "value" and not field.open
        and field.writes.spelling == "free" and field.writes.types == ("string",) and not field.shared
    )  # fmt: skip


@st.composite
def documents_for(draw: st.DrawFn, detection: dict[str, Any]) -> dict[str, Any]:
    """Any ECS document around the values of a detection's keyword fields: no normalizer has made it. What an index
    does not keep is left out, since no query can find that: what is too long, and what holds nothing but nulls."""
    document: dict[str, Any] = {"event": {"dataset": "aws.cloudtrail"}}
    for key, value in detection.items():
        for field, wanted in value.items() if isinstance(value, dict) and key != "condition" else ():
            home = table().raw(field.partition("|")[0]).canonical
            found = draw(values_around(wanted, field).filter(_is_indexed))
            if found is not MISSING:
                _put(document, home, found, dotted=draw(st.integers(0, 9)) == 0)
    return document


def _is_indexed(value: Any) -> bool:
    """Whether an index has all of a value, and something of it."""
    if isinstance(value, list):
        return _has_value(value) and all(one is None or one == [] or _is_indexed(one) for one in value)
    return not isinstance(value, dict | float | None) and (not isinstance(value, str) or len(value) <= 1000)


def _has_value(value: Any) -> bool:
    return any(map(_has_value, value)) if isinstance(value, list) else value is not None


def _put(document: dict[str, Any], name: str, value: Any, dotted: bool) -> None:
    *above, last = [name] if dotted else name.split(".")
    for key in above:
        document = document.setdefault(key, {})
    document[last] = value
