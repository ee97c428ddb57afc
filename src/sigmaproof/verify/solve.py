"""Finds raw values that make a predicate true or false, and those in which one test alone decides the verdict.

A small backtracking search: fields are few, and every draft is checked by evaluating it. What values are worth
trying around a test is in `witness`.
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.fields import UnknownFieldError, table
from sigmaproof.predicate import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldRef,
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

__all__ = ["BASE", "MISSING", "Draft", "built", "fitting", "pivots"]

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


def built(draft: Draft) -> dict[str, Any]:
    """The record of a draft: the ordinary one with these paths set or removed."""
    record = copy.deepcopy(BASE)
    for path, value in draft.items():
        _put(record, path.split("."), value)
    return record


def _put(record: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        inner = record.get(key)
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
        return
    if isinstance(test, FieldRef):
        yield {test.field: "alice", test.other: "alice" if truth else "bob"}
        yield {test.field: MISSING}
        return
    values = _true_values(test) if truth else _false_values(test)
    yield from ({test.field: value} for value in values)


def _true_values(test: Test) -> list[Any]:
    match test:
        case Text():
            return [text_of(test)]
        case Number() | Boolean():
            return [test.value]
        case Compare():
            step = {"lt": -1, "gt": 1}.get(test.op, 0)
            return [test.value + step]
        case Null():
            return [MISSING]
        case Exists():
            return ["sigmaproof"]
        case Regex():
            return [_example(parse(test.source, test.flags))]
        case Cidr():
            return [str(ipaddress.ip_network(test.network, strict=False).network_address)]
        case TimePart():
            return []
    return []


def _false_values(test: Test) -> list[Any]:
    match test:
        case Null() | TimePart():
            return ["sigmaproof"]
        case Compare():
            return [test.value + {"lt": 1, "lte": 1}.get(test.op, -1), MISSING]
        case Boolean():
            return [not test.value, MISSING]
        case Cidr():
            return ["192.0.2.1", "AWS Internal"]
        case Exists():
            return [MISSING]
    return ["sigmaproof-other", MISSING]


def text_of(test: Text, fill: str = "") -> str:
    """A text that has the pattern, spelled as AWS does where that is known. fill: what `*` stands for."""
    text = plain(test.pattern)
    if text is None:
        return "".join(p if isinstance(p, str) else fill if p is Wild.ANY else "x" for p in test.pattern)
    if test.cased:
        return text
    try:
        forms = spellings(table().raw(test.field).field.writes, text)
    except UnknownFieldError:
        forms = None
    return forms[0] if forms else text


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
        if not any(path in draft and draft[path] != value for path, value in values.items()):
            extended = {**draft, **values}
            if holds(built(extended)) == truth:
                yield extended


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
