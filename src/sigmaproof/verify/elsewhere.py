"""Records in which something beside a test's own value decides what an engine sees: sizes, other text, other sources.

The values of the field itself are in `forms`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sigmaproof.claims import number_candidates, object_candidates
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.fields import Field, FieldTable, Located, table
from sigmaproof.normalize.javamap import java_length, java_text
from sigmaproof.normalize.prune import prune
from sigmaproof.paths import getter
from sigmaproof.predicate import FieldTest, Keyword, Test, Text
from sigmaproof.verify.records import MISSING, Draft, built
from sigmaproof.verify.values import fitting, text_of, without_word

__all__ = ["changes", "keyword_changes"]

MASKED = "HIDDEN_DUE_TO_SECURITY_REASONS"
KINDS = ("AWSService", "AssumedRole", "FederatedUser", "IdentityCenterUser", "Root")
"""Types of identity for which the integration fills `user.name` from elsewhere."""


def changes(test: FieldTest, located: Located, draft: Draft, fields: FieldTable) -> Iterator[Draft]:
    """Values of other fields around a test: a larger object, text elsewhere in it, other sources of the ECS field."""
    if located.field.open:
        yield from _enlarged(test, located, draft, fields)
        yield from _elsewhere(test, located, draft)
        yield from _keys(test, located, draft)
    if located.field.shared:
        yield from _shared(test, located, draft, fields)
    for raw, event in fields.moved.items():
        if raw == located.raw or raw.startswith(f"{located.raw}."):
            for value in _moved_values(test, raw, located):
                yield {**draft, test.field: value, "eventName": event, "userIdentity.userName": MISSING}


def keyword_changes(test: Keyword, draft: Draft, fields: FieldTable) -> Iterator[Draft]:
    """The keyword in fields of every kind: indexed, not indexed, not kept, as a key, in an object that is too large."""
    text = text_of(Text("", test.pattern, test.cased))
    draft = {**without_word(test), **draft}
    for form in (text, text.swapcase(), f"x{text}x", f"{text[:1]}\n{text[1:]}"):
        yield from ({**draft, place: form} for place in ("errorMessage", "userAgent", "eventContext.note"))
        yield {**draft, "requestParameters": {"note": [{"a": form}]}}
        yield {**draft, "requestParameters": {form: 1}}
        yield {**draft, "requestParameters": {"note": form[:1], "more": form[1:]}}
        yield from _padded("requestParameters", {**draft, "requestParameters.note": form}, fields)
    for value in (True, False, *number_candidates(text)):
        yield {**draft, "requestParameters": {"note": value}}
    for field in fields.fields:
        if not field.digest and "string" in field.writes.types:
            yield {**draft, field.raw: text}
        elif not field.digest and field.open:
            yield {**draft, field.raw: {"note": text}}


def _limits(root: str, fields: FieldTable) -> list[int]:
    """Characters of an object's text from which on some home of it does not keep it."""
    homes = fields.raw(root).field.homes
    found = {home.ignore_above + 1 for home in homes if home.ignore_above is not None and home.form == "rendered"}
    return sorted(found | {home.dropped_from for home in homes if home.dropped_from is not None})


def _padded(root: str, draft: Draft, fields: FieldTable) -> Iterator[Draft]:
    """The record with padding in an object whose text gets one character less than each limit, it, and one more."""
    place = f"{root}.padding"
    whole = getter(root)(prune(built({**draft, place: "y"}), fields.pruned))[0]
    bare = java_length(java_text(whole))
    for limit in _limits(root, fields):
        for length in (limit - 1, limit, limit + 1):
            if length > bare:
                yield {**draft, place: "y" * (length - bare + 1)}


def _own_values(test: Test) -> list[Any]:
    values = [value for truth in (True, False) for found in fitting(test, truth) for value in found.values()]
    return [*values, MISSING]


def _enlarged(test: FieldTest, located: Located, draft: Draft, fields: FieldTable) -> Iterator[Draft]:
    root = located.field.raw
    if not located.sub:
        for one in _wholes(test, root):
            yield from _padded(root, {**draft, root: one}, fields)
        return
    tag = {"value": MASKED, "key": MASKED}
    own = draft.get(test.field)
    lists = [[own, value] for value in _own_values(test)[:1] if isinstance(own, str) and isinstance(value, str)]
    for value in [*_own_values(test), *lists]:
        kept: Draft = {**draft, test.field: value}
        yield {**kept, f"{root}.tags": [tag] * 120}
        yield from _padded(root, kept, fields)
        for path in _free_leaves(draft, root, test.field):
            yield {**kept, path: "y" * 33_000}


def _wholes(test: FieldTest, root: str) -> list[dict[str, Any]]:
    """Small objects on which a test of a whole object is true."""
    if not isinstance(test, Text):
        return [{"a": "x"}]
    holds = compile_predicate(test)
    return [one for one in object_candidates(test.pattern) if holds({root: one})][:3]


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
        yield {**draft, test.field: value, f"{located.field.raw}.other": {key: text}}


def _keys(test: FieldTest, located: Located, draft: Draft) -> Iterator[Draft]:
    """The path with its last dots in one key, and below the elements of a list."""
    if "." not in located.sub:
        return
    outer, inner = located.sub.rsplit(".", 1)
    for value in _own_values(test)[:2]:
        if value is not MISSING:
            without = {**draft, test.field: MISSING}
            yield {**without, located.field.raw: {located.sub: value}}
            yield {**without, f"{located.field.raw}.{outer}": [{inner: "x"}, {inner: value}]}
            yield {**without, f"{located.field.raw}.{outer}": [{inner: value}]}


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
        yield from ({**draft, test.field: value, other: None} for other in others)
        for kind in KINDS:
            typed: Draft = {"userIdentity.type": kind, "userIdentity.invokedBy": "ec2.amazonaws.com", **draft}
            yield {**typed, test.field: value}
            for other in others:
                yield {**typed, test.field: MISSING, other: value}
                yield {**typed, test.field: value, other: "other"}
                yield {**typed, test.field: "other", other: value}
