"""Generates raw records that decide a rule: for each test, the values on which engines are known to disagree.

Each record is built on one in which that test alone decides. Whether AWS can write it is in `admissible`; whether
engines differ on it is measured, never assumed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sigmaproof.claims import number_candidates, object_candidates
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.fields import DEFAULT, Field, FieldTable, Located, UnknownFieldError, table
from sigmaproof.predicate import (
    Boolean,
    FieldRef,
    FieldTest,
    Keyword,
    Number,
    Predicate,
    Regex,
    Test,
    Text,
    Wild,
    tests,
)
from sigmaproof.verify.solve import MISSING, Draft, built, fitting, pivots, text_of, without_word

__all__ = ["witnesses"]

MASKED = "HIDDEN_DUE_TO_SECURITY_REASONS"
ODD: tuple[Any, ...] = (MISSING, None, "", "-", "none", {}, [], [None], "x", {"k": "x"}, True, 0, "a\nb")
# Around the sizes that the integration and the index keep: 1024, 8191 and 32766 characters.
SIZES = (1024, 8191, 32766)


def witnesses(tree: Predicate, integration: str = DEFAULT) -> list[dict[str, Any]]:
    """Records for a rule's tree over raw fields, each once, in a fixed order.

    integration: whose shared and moved fields are tried. Raises UnknownIntegrationError.
    """
    fields = table(integration)
    found: dict[str, dict[str, Any]] = {}
    for test, draft in pivots(tree):
        beside = " ".join(text_of(t) for t, _ in tests(tree) if isinstance(t, Text) and _same_field(t, test))
        for changed in _drafts(test, draft, beside, fields):
            record = built(changed)
            found.setdefault(json.dumps(record, sort_keys=False), record)
    return list(found.values())


def _same_field(other: Text, test: Test) -> bool:
    return other is not test and not isinstance(test, Keyword) and other.field == test.field


def _drafts(test: Test, draft: Draft, beside: str, fields: FieldTable) -> Iterator[Draft]:
    """beside: the texts that other tests of the same field want."""
    for truth in (True, False):
        for values in fitting(test, truth):
            yield {**draft, **values}
    if isinstance(test, Keyword):
        yield from _keyword_drafts(test, draft)
    if isinstance(test, Keyword | FieldRef):
        return
    try:
        located = fields.raw(test.field)
    except UnknownFieldError:
        return
    own = draft.get(test.field)
    for value in _values(test, located):
        yield {**draft, test.field: value}
        if isinstance(own, str) and isinstance(value, str):
            yield {**draft, test.field: own + value}
            yield {**draft, test.field: [own, value]}
        if beside and isinstance(value, dict):
            yield {**draft, test.field: {**value, "z": beside}}
    for changed in _around(test, located, draft, fields):
        yield changed
        value = changed.get(test.field)
        if beside and not located.sub and isinstance(value, dict):
            yield {**changed, test.field: {**value, "z": beside}}


def _keyword_drafts(test: Keyword, draft: Draft) -> Iterator[Draft]:
    """The keyword in fields of every kind: indexed, not indexed, not kept, as a key, in an object that is too large."""
    text = text_of(Text("", test.pattern, test.cased))
    draft = {**without_word(test), **draft}
    for form in (text, text.swapcase(), f"x{text}x", f"{text[:1]}\n{text[1:]}"):
        yield from ({**draft, place: form} for place in ("errorMessage", "userAgent", "eventContext.note"))
        yield {**draft, "requestParameters": {"note": [{"a": form}]}}
        yield {**draft, "requestParameters": {form: 1}}
        yield {**draft, "requestParameters": {"note": form[:1], "more": form[1:]}}
        yield from ({**draft, "requestParameters": {"note": form, "padding": "y" * size}} for size in SIZES)
    for value in (True, False, *number_candidates(text)):
        yield {**draft, "requestParameters": {"note": value}}


def _values(test: Test, located: Located) -> Iterator[Any]:
    """Values of the field itself."""
    yield from ODD
    yield from ("y" * (size + more) for size in SIZES[:2] for more in (0, 1))
    if isinstance(test, Number | Boolean):
        text = str(test.value).lower()
        yield from (test.value, text, text.upper(), [test.value], float(test.value))
    if isinstance(test, Text):
        text = text_of(test)
        yield from (
            text.swapcase(),
            text.upper(),
            text.lower(),
            f"x{text}",
            f"{text}x",
            f"{text}, x",
            f" {text}",
        )
        yield from (
            [text],
            ["sigmaproof", text],
            {"k": text},
            [{"k": text}],
            f'"{text}"',
            text.replace("k", "\u212a"),
        )
        for size in SIZES:
            yield from _sized(test, size)
        with suppress(ValueError, RecursionError):
            yield json.loads(text)
        yield from number_candidates(text)
    if isinstance(test, Regex):
        for example in _own_values(test)[:1]:
            yield from (f"{example}{'y' * 1025}", f"{'y' * 1025}{example}", f"{example[:1] * 1025}{example}")
    if isinstance(test, Text) and not located.sub and located.field.open:
        yield from object_candidates(test.pattern)
        yield from ({"a": text, "b": None}, {"a": 1, text: {}})


def _sized(test: Text, size: int) -> Iterator[str]:
    """Texts of the pattern with exactly that many characters and with one more."""
    bare = len(text_of(test))
    if Wild.ANY not in test.pattern or bare >= size:
        return
    stars = sum(part is Wild.ANY for part in test.pattern)
    for length in (size, size + 1):
        yield text_of(test, "y" * ((length - bare) // stars))


def _around(test: FieldTest, located: Located, draft: Draft, fields: FieldTable) -> Iterator[Draft]:
    """Values of other fields: a larger object, text elsewhere in it, other sources of the same ECS field."""
    if located.field.open:
        yield from _enlarged(test, located, draft)
        yield from _elsewhere(test, located, draft)
    if located.field.shared:
        yield from _shared(test, located, draft, fields)
    for raw, event in fields.moved.items():
        if raw == located.raw or raw.startswith(f"{located.raw}."):
            for value in _moved_values(test, raw, located):
                yield {**draft, test.field: value, "eventName": event, "userIdentity.userName": MISSING}


def _own_values(test: Test) -> list[Any]:
    values = [value for truth in (True, False) for found in fitting(test, truth) for value in found.values()]
    return [*values, MISSING]


def _enlarged(test: FieldTest, located: Located, draft: Draft) -> Iterator[Draft]:
    root = located.field.raw
    if not located.sub:
        wanted: list[dict[str, Any]] = [{"a": "x"}]
        if isinstance(test, Text):
            wanted = [one for one in object_candidates(test.pattern) if compile_predicate(test)({root: one})][:3]
        yield from ({**draft, root: {**one, "padding": "y" * size}} for one in wanted for size in SIZES)
        return
    tag = {"value": MASKED, "key": MASKED}
    own = draft.get(test.field)
    lists = [[own, value] for value in _own_values(test)[:1] if isinstance(own, str) and isinstance(value, str)]
    for value in [*_own_values(test), *lists]:
        kept: Draft = {**draft, test.field: value}
        yield {**kept, f"{root}.tags": [tag] * 120}
        for size in SIZES:
            yield {**kept, f"{root}.padding": "y" * size}
        for path in _free_leaves(draft, root, test.field):
            yield {**kept, path: "y" * 33_000}


def _elsewhere(test: FieldTest, located: Located, draft: Draft) -> Iterator[Draft]:
    """The text that a part of an object has when it is rendered, as the value of another part."""
    if not located.sub:
        return
    key = located.sub.rsplit(".", 1)[-1]
    text = text_of(test) if isinstance(test, Text) else str(getattr(test, "value", "x")).lower()
    places = [f"{located.field.raw}.note", *_free_leaves(draft, located.field.raw, test.field)]
    for value in _own_values(test):
        for place in places:
            for around in ("{}", "a, {}, b", "a, {}}}"):
                yield {**draft, test.field: value, place: around.format(f"{key}={text}")}


def _free_leaves(draft: Draft, root: str, own: str) -> list[str]:
    """Known parts of the object, for this call, that hold free text of some length."""
    call = f"{draft.get('eventSource')}/{draft.get('eventName')}"
    return [
        leaf.raw
        for leaf in table().leaves
        if call in leaf.events and leaf.raw.startswith(f"{root}.") and leaf.raw != own and _is_free(leaf)
    ]


def _is_free(leaf: Field) -> bool:
    return leaf.writes.spelling == "free" and (leaf.writes.longest or 0) >= 100


def _moved_values(test: FieldTest, raw: str, located: Located) -> list[Any]:
    """Values of a part that the integration moves away; for its whole object, objects that hold only that part."""
    if located.sub:
        return _own_values(test)
    key = raw.rsplit(".", 1)[-1]
    return [{key: text_of(test) if isinstance(test, Text) else "x"}]


def _shared(test: FieldTest, located: Located, draft: Draft, fields: FieldTable) -> Iterator[Draft]:
    """The ECS field filled from another raw field, or not filled from this one."""
    home = located.field.homes[0].name
    others = [f.raw for f in fields.fields if f.raw != located.raw and any(h.name == home for h in f.homes)]
    others += located.field.others
    for value in _own_values(test):
        for kind in ("AWSService", "AssumedRole", "FederatedUser", "IdentityCenterUser", "Root"):
            typed: Draft = {**draft, "userIdentity.type": kind, "userIdentity.invokedBy": "ec2.amazonaws.com"}
            yield {**typed, test.field: value}
            for other in others:
                yield {**typed, test.field: MISSING, other: value}
                yield {**typed, test.field: value, other: "other"}
                yield {**typed, test.field: "other", other: value}
