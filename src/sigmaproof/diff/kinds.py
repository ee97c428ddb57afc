"""What kind of cause lies behind a difference: what is in the record that one test sees and the other does not.

A kind is told from the record and the leaves that decided; it explains a measured difference, and never makes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sigmaproof.diff.cut import Leaf
from sigmaproof.fields import FieldTable, Home, Located, UnknownFieldError, table
from sigmaproof.matching import pattern_test, value_text
from sigmaproof.normalize.javamap import java_length, java_text
from sigmaproof.paths import getter
from sigmaproof.predicate import Text, field_of, tests

__all__ = ["KINDS", "Involved", "Kind", "kind_of", "roots_of"]

KINDS: Mapping[str, str] = {
    "never": "it never alerts",
    "always": "it always alerts",
    "rejected": "a document that the index rejects",
    "limit": "the size that the index keeps",
    "pruned": "a value that is removed before it is indexed",
    "missing": "a field that the document does not have",
    "case": "upper and lower case",
    "shape": "a list or an object in the place of a value",
    "elsewhere": "text elsewhere in the object",
    "shared": "a field that is filled from elsewhere too",
    "value": "what the tests ask for",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A key of KINDS, and what it is here, in words."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Involved:
    """A leaf that has to do with the difference, with what its side saw: a document, or None for a rule."""

    leaf: Leaf
    integration: str
    record: Mapping[str, Any]
    document: Mapping[str, Any] | None


def roots_of(leaf: Leaf, integration: str) -> frozenset[str]:
    """The raw fields, of an open object its whole, that a leaf has to do with. EQL's category has none of its own."""
    if leaf.category is not None:
        return frozenset()
    fields = table(integration)
    names = [] if leaf.tree is None else [field_of(test) for test, _ in tests(leaf.tree)]
    found = {fields.raw(name).field.raw for name in names if name and fields.knows(name)}
    return frozenset({*found, *(located.field.raw for name in leaf.fields if (located := _located(name, fields)))})


def _located(name: str, fields: FieldTable) -> Located | None:
    try:
        return fields.ecs(name)[0]
    except UnknownFieldError:
        return None


def kind_of(involved: Sequence[Involved]) -> Kind:
    """The first kind whose mark is there, the most particular ones first."""
    for find in _FINDERS:
        found = next(find(involved), None)
        if found is not None:
            return found
    return Kind("value")


@dataclass(frozen=True, slots=True)
class _Place:
    """An ECS field that a query's leaf looks at. home: None for one that no raw field alone fills."""

    name: str
    home: Home | None
    located: Located | None
    values: list[Any]
    raws: list[Any]
    record: Mapping[str, Any]
    fields: FieldTable


def _places(involved: Sequence[Involved]) -> Iterator[_Place]:
    for one in involved:
        fields = table(one.integration)
        for name in one.leaf.fields if one.document is not None else ():
            values = [value for value in getter(name)(one.document or {}) if value is not None]
            try:
                located, home = fields.ecs(name)
            except UnknownFieldError:
                yield _Place(name, None, None, values, [], one.record, fields)
            else:
                raws = getter(located.raw)(one.record)
                yield _Place(name, home, located, values, raws, one.record, fields)


def _limits(involved: Sequence[Involved]) -> Iterator[Kind]:
    for place in _places(involved):
        if place.home is None or place.located is None:
            continue
        longest = max((java_length(_text(value)) for value in place.values), default=0)
        most = place.home.ignore_above
        if most is not None and longest > most:
            yield Kind("limit", f"{place.name} keeps texts of at most {most:,} characters; this one has {longest:,}")
        whole = place.record.get(place.located.field.raw)
        dropped = place.home.dropped_from
        if dropped is not None and not place.values and java_length(_text(whole)) >= dropped:
            size = java_length(_text(whole))
            yield Kind("limit", f"{place.name} is left out from {dropped:,} characters on; the object has {size:,}")


def _pruned(involved: Sequence[Involved]) -> Iterator[Kind]:
    for place in _places(involved):
        texts = place.fields.pruned or ()
        gone = [one for one in place.raws if one in (None, {}, []) or (isinstance(one, str) and one in texts)]
        if gone and not place.values:
            yield Kind("pruned", f"{gone[0]!r} is removed, so the document has no {place.name}")

    if any(one.document is not None for one in involved):
        yield from _pruned_in_rules([one for one in involved if one.document is None])


def _pruned_in_rules(involved: Sequence[Involved]) -> Iterator[Kind]:
    """What a rule's test sees and the documents of the other side don't have."""
    for one in involved:
        for value in getter(one.leaf.fields[0])(one.record) if one.leaf.fields else ():
            if value in (None, {}, []) or (isinstance(value, str) and value in (table(one.integration).pruned or ())):
                yield Kind("pruned", f"{value!r} in {one.leaf.fields[0]} is removed before a document is indexed")


def _shape(involved: Sequence[Involved]) -> Iterator[Kind]:
    for place in _places(involved):
        if place.located is not None and place.home is not None and place.home.form != "rendered":
            whole = place.record
            for key in place.located.raw.split("."):
                whole = whole.get(key, {}) if isinstance(whole, Mapping) else {}
            if isinstance(whole, list | Mapping) and whole:
                yield Kind("shape", f"{place.located.raw} holds {'a list' if isinstance(whole, list) else 'an object'}")


def _missing(involved: Sequence[Involved]) -> Iterator[Kind]:
    for place in _places(involved):
        if not place.values:
            yield Kind("missing", f"the document has no {place.name}")


def _case(involved: Sequence[Involved]) -> Iterator[Kind]:
    rules_only = all(one.document is None for one in involved)
    for one in involved:
        for test, _ in tests(one.leaf.tree) if one.leaf.tree is not None else ():
            if isinstance(test, Text) and (test.cased or not rules_only):
                folded, exact = pattern_test(test.pattern, cased=False), pattern_test(test.pattern, cased=True)
                values = [value_text(value) for value in getter(test.field)(one.record) if value is not None]
                if any(folded(value) != exact(value) for value in values):
                    yield Kind("case", f"{test.field} differs from what is asked for in nothing but its case")


def _elsewhere(involved: Sequence[Involved]) -> Iterator[Kind]:
    rendered = {
        place.located.field.raw: place.name
        for place in _places(involved)
        if place.home is not None and place.located is not None and place.home.form == "rendered"
    }
    for one in involved:
        fields = table(one.integration)
        names = [field_of(test) for test, _ in tests(one.leaf.tree)] if one.leaf.tree is not None else []
        for name in names if one.document is None else one.leaf.fields:
            located = _located(name, fields) if one.document is not None else _raw(name, fields)
            if located is not None and located.sub and located.field.raw in rendered:
                text = rendered[located.field.raw]
                yield Kind("elsewhere", f"{text} is the text of the whole object, of which {located.sub} is one part")


def _raw(name: str, fields: FieldTable) -> Located | None:
    return fields.raw(name) if name and fields.knows(name) else None


def _shared(involved: Sequence[Involved]) -> Iterator[Kind]:
    for place in _places(involved):
        if place.located is not None and place.located.field.shared and place.values != place.raws:
            yield Kind("shared", f"{place.name} is not only filled from {place.located.raw}")


def _text(value: Any) -> str:
    return java_text(value) if isinstance(value, dict | list) else value_text(value)


_FINDERS: tuple[Callable[[Sequence[Involved]], Iterator[Kind]], ...] = (
    _limits,
    _pruned,
    _missing,
    _case,
    _shape,
    _elsewhere,
    _shared,
)
