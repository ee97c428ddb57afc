"""Finds raw values that make a predicate true or false, and those in which one test alone decides the verdict.

A small backtracking search: fields are few, and every draft is checked by evaluating it. What values are worth
trying around a test is in `witness`.
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.fields import UnknownFieldError, Writes, table
from sigmaproof.folding import fold
from sigmaproof.matching import number_text, value_test
from sigmaproof.predicate import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldRef,
    FieldTest,
    Keyword,
    Not,
    Null,
    Number,
    Or,
    Predicate,
    Regex,
    Test,
    Text,
    TimePart,
    Wild,
    plain,
)
from sigmaproof.regex import parse
from sigmaproof.regex.tree import Anchor, Chars, Choice, Node, Repeat, Sequence
from sigmaproof.spelling import spellings

__all__ = ["BASE", "MISSING", "Draft", "built", "fitting", "ordinary", "pivots", "without_word"]

MISSING = object()
Draft: TypeAlias = Mapping[str, Any]

# An ordinary record, synthetic; the identifiers are those of AWS's documentation.
BASE: dict[str, Any] = {
    "eventVersion": "1.10",
    "userIdentity": {
        "type": "IAMUser",
        "principalId": "AIDACKCEVSQ6C2EXAMPLE",
        "arn": "arn:aws:iam::111122223333:user/alice",
        "accountId": "111122223333",
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "userName": "alice",
    },
    "eventTime": "2026-01-15T09:30:00Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "DescribeInstances",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "203.0.113.10",
    "userAgent": "aws-cli/2.15.0",
    "requestParameters": None,
    "responseElements": None,
    "requestID": "2f1c1e0e-0000-4000-8000-000000000001",
    "eventID": "2f1c1e0e-0000-4000-8000-000000000002",
    "readOnly": False,
    "eventType": "AwsApiCall",
    "managementEvent": True,
    "recipientAccountId": "111122223333",
    "eventCategory": "Management",
}


# Roots that are lists of objects in every record.
_LISTS = {"resources", "logFiles"}


def built(draft: Draft) -> dict[str, Any]:
    """The record of a draft: the ordinary one with these paths set or removed."""
    record = copy.deepcopy(BASE)
    if any(path.startswith("userIdentity.sessionContext.sessionIssuer.") for path in draft):
        record["userIdentity"]["type"] = "AssumedRole"  # only then the integration looks at the issuer
        del record["userIdentity"]["userName"]
    for path, value in draft.items():
        _put(record, path.split("."), value)
    return record


def _put(record: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        inner = record.get(key)
        if key in _LISTS:
            inner = record.setdefault(key, [{}])[0] if value is not MISSING else next(iter(record.get(key, [])), None)
        if not isinstance(inner, dict):
            if value is MISSING:
                return
            inner = record[key] = {}
        record = inner
    if value is MISSING:
        record.pop(keys[-1], None)
    else:
        record[keys[-1]] = copy.deepcopy(value)


def fitting(test: Test, truth: bool) -> Iterator[dict[str, Any]]:
    """Values that can make a test true or false, the most ordinary first."""
    if isinstance(test, Keyword):
        text = text_of(Text("", test.pattern, test.cased))
        yield from ({"errorMessage": text}, {"requestParameters.note": text}) if truth else (without_word(test),)
        return
    if isinstance(test, FieldRef):
        yield {test.field: "alice", test.other: "alice" if truth else "bob"}
        yield {test.field: MISSING}
        return
    values = _true_values(test) if truth else _false_values(test)
    yield from ({test.field: value} for value in values)


def without_word(test: Keyword) -> dict[str, Any]:
    """What takes a keyword out of the ordinary record: the fields that hold it, removed, or the other boolean."""
    holds = compile_predicate(test)
    held = ((path, value) for path, value in _leaves(BASE, "") if holds({"a": value}))
    return {path: not value if isinstance(value, bool) else MISSING for path, value in held}


def _leaves(node: dict[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _writes(test: FieldTest) -> Writes:
    """What AWS writes at a test's field; anything, where the table does not say."""
    try:
        located = table().raw(test.field)
    except UnknownFieldError:
        return Writes()
    return Writes(types=("string", "number", "boolean", "object")) if located.sub else located.field.writes


def ordinary(test: FieldTest) -> list[Any]:
    """Values that AWS can write at a test's field."""
    writes = _writes(test)
    if "string" not in writes.types:
        return [{"a": "x"}] if "object" in writes.types else [True, False]
    if writes.spelling == "event_names":
        return ["DescribeInstances", "GetUser"]
    return list(writes.values) or ["x", "other"]


def _true_values(test: FieldTest) -> list[Any]:
    match test:
        case Text():
            return _typed(test, text_of(test))
        case Number():
            return (
                [test.value, number_text(test.value)] if "number" in _writes(test).types else [number_text(test.value)]
            )
        case Boolean():
            return _typed(test, str(test.value).lower())
        case Compare():
            step = {"lt": -1, "gt": 1}.get(test.op, 0)
            return [test.value + step]
        case Null():
            return [MISSING]
        case Exists():
            return ordinary(test)[:1]
        case Regex():
            return [_example(parse(test.source, test.flags))]
        case Cidr():
            return [str(ipaddress.ip_network(test.network, strict=False).network_address)]
        case TimePart():
            return _times(test, truth=True)
    return []


def _times(test: TimePart, truth: bool) -> list[Any]:
    """Times around the number of a test, as CloudTrail writes them, on which it is true or false."""
    holds, base = value_test(test), datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
    found = []
    for number in (test.value, test.value - 1, test.value + 1):
        with suppress(ValueError):
            if test.part == "week":
                time = datetime.combine(date.fromisocalendar(2026, number, 1), base.time(), UTC)
            else:
                time = base.replace(**{test.part: number})  # type: ignore[arg-type]
            found.append(time.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20))
    return [text for text in found if holds(text) is truth]


def _typed(test: FieldTest, text: str) -> list[Any]:
    """A text as the type that AWS writes there."""
    if text in ("true", "false") and "boolean" in _writes(test).types:
        return [text == "true", text]
    return [{"a": text}, text] if _writes(test).types == ("object",) else [text]


def _false_values(test: FieldTest) -> list[Any]:
    match test:
        case Null():
            return ordinary(test)
        case Compare():
            return [test.value + {"lt": 1, "lte": 1}.get(test.op, -1), MISSING]
        case Cidr():
            return ["192.0.2.1", "AWS Internal"]
        case Exists():
            return [MISSING]
        case TimePart():
            return [*_times(test, truth=False), MISSING]
    return [*ordinary(test), MISSING]


def text_of(test: Text, fill: str = "") -> str:
    """A text that has the pattern, spelled as AWS does where that is known. fill: what `*` stands for."""
    text = plain(test.pattern)
    if text is None:
        filled = "".join(p if isinstance(p, str) else fill if p is Wild.ANY else "x" for p in test.pattern)
        return fold(filled) if _writes(test).spelling == "lower" and not test.cased else filled
    if test.cased:
        return text
    forms = spellings(_spelling(test), text)
    return forms[0] if forms else text


def _spelling(test: FieldTest) -> Writes:
    """What AWS writes there, for a part of an object too where some call's leaf says so."""
    known = [leaf.writes for leaf in table().leaves if leaf.raw == test.field]
    return known[0] if known else _writes(test)


def _example(node: Node) -> str:
    """A text that an expression matches, anchors aside."""
    match node:
        case Anchor():
            return ""
        case Chars():
            codes = [low for low, high in node.ranges] + [
                c for low, high in node.ranges for c in (97, 48) if low <= c <= high
            ]
            return chr(codes[-1])
        case Sequence():
            return "".join(map(_example, node.parts))
        case Choice():
            return _example(node.parts[0])
        case Repeat():
            return _example(node.part) * node.least


def satisfying(tree: Predicate, truth: bool, draft: Draft) -> Iterator[Draft]:
    """Drafts that extend this one and give the tree this verdict."""
    match tree:
        case Not():
            yield from satisfying(tree.part, not truth, draft)
        case And() | Or() if isinstance(tree, And) == truth:
            yield from _all(tree.parts, truth, draft)
        case And() | Or():
            for part in tree.parts:
                yield from satisfying(part, truth, draft)
        case _:
            yield from _test_drafts(tree, truth, draft)


def _all(parts: tuple[Predicate, ...], truth: bool, draft: Draft) -> Iterator[Draft]:
    if not parts:
        yield draft
        return
    for extended in satisfying(parts[0], truth, draft):
        for complete in _all(parts[1:], truth, extended):
            if all(compile_predicate(part)(built(complete)) == truth for part in parts):
                yield complete


def _test_drafts(test: Test, truth: bool, draft: Draft) -> Iterator[Draft]:
    holds = compile_predicate(test)
    if holds(built(draft)) == truth:
        yield draft
    for values in fitting(test, truth):
        for extended in _merged(draft, values):
            if holds(built(extended)) == truth:
                yield extended


def _merged(draft: Draft, values: dict[str, Any]) -> Iterator[Draft]:
    """The draft with these values; where it has a text already, the two texts as one (several `contains`)."""
    taken = [path for path, value in values.items() if path in draft and draft[path] != value]
    if not taken:
        yield {**draft, **values}
    elif len(values) == 1 and isinstance(draft[taken[0]], str) and isinstance(values[taken[0]], str):
        old, new = draft[taken[0]], values[taken[0]]
        yield {**draft, taken[0]: old + new}
        yield {**draft, taken[0]: new + old}
        yield {**draft, taken[0]: [old, new]}
    elif len(values) == 1 and isinstance(draft[taken[0]], dict) and isinstance(values[taken[0]], dict):
        yield {**draft, taken[0]: {**draft[taken[0]], f"b{len(draft[taken[0]])}": values[taken[0]].get("a")}}


def pivots(tree: Predicate, draft: Draft | None = None) -> Iterator[tuple[Test, Draft]]:
    """Each test with drafts in which it alone decides the verdict: its neighbours are neutral (masking MC/DC)."""
    draft = draft or {}
    if isinstance(tree, Not):
        yield from pivots(tree.part, draft)
    elif isinstance(tree, And | Or):
        for index, part in enumerate(tree.parts):
            others = tree.parts[:index] + tree.parts[index + 1 :]
            neutral = next(_all(others, isinstance(tree, And), draft), None)
            if neutral is not None:
                yield from pivots(part, neutral)
    else:
        yield tree, draft
