"""Whether the cause that a reason names is there in a record: a claim explains only the differences it is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.fidelity import Reason
from sigmaproof.fields import FieldTable, Located
from sigmaproof.keywords import searched_texts
from sigmaproof.matching import pattern_test, value_text
from sigmaproof.normalize.javamap import java_length, java_text
from sigmaproof.normalize.prune import prune
from sigmaproof.paths import getter, leaves
from sigmaproof.predicate import And, Boolean, Keyword, Not, Or, Predicate, Test, Text, Wild, plain, tests

__all__ = ["is_cause"]

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a check looks at: the reason's field, the rule's tree, the raw record and its document."""

    fields: FieldTable
    located: Located
    tree: Predicate
    record: Record
    document: Record


def is_cause(
    reason: Reason, tree: Predicate, record: Record, document: Record, fields: FieldTable, searched: Collection[str]
) -> bool:
    """Whether the record has what the reason is about. A code without a test of its own is taken as it stands.

    tree: the rule's, over raw fields. fields: the table by which the document was made. searched: the ECS names that
    the query searches.
    """
    if reason.code == "scope":
        return _is_out_of_scope(tree, record, list(searched_texts(fields, document, searched)))
    check = _CHECKS.get(reason.code)
    return check is None or check(_Seen(fields, fields.raw(reason.field), tree, record, document))


def _is_out_of_scope(tree: Predicate, record: Record, searched: Sequence[str]) -> bool:
    """The rule has another verdict when each keyword has the one that it has on the texts that the query searches."""
    return compile_predicate(_searched(tree, searched))(record) != compile_predicate(tree)(record)


def _searched(tree: Predicate, texts: Sequence[str]) -> Predicate:
    """The tree with each keyword replaced by its verdict on these texts."""
    if isinstance(tree, And | Or):
        return replace(tree, parts=tuple(_searched(part, texts) for part in tree.parts))
    if isinstance(tree, Not):
        return Not(_searched(tree.part, texts))
    if not isinstance(tree, Keyword):
        return tree
    holds = pattern_test((Wild.ANY, *tree.pattern, Wild.ANY), tree.cased)
    return And(()) if any(map(holds, texts)) else Or(())


def _looks_alike(seen: _Seen) -> bool:
    """Some other text in the object can be taken for the wanted one, or the value itself has two texts."""
    whole = seen.record.get(seen.located.field.raw)
    if not isinstance(whole, dict):
        return False
    own = [test for test, _ in tests(seen.tree) if not isinstance(test, Keyword) and test.field == seen.located.raw]
    if not seen.located.sub:
        return any(_two_texts_differ(test, whole, seen.fields) for test in own if isinstance(test, Text))
    values = getter(seen.located.raw)(seen.record)
    if any(map(_has_structure, [*values, *map(_own_text, own)])) or (seen.fields.pruned is None and None in values):
        return True
    elsewhere = java_text(prune(_without(whole, seen.located.sub.split(".")), seen.fields.pruned))
    if all(map(_is_plain, own)):
        key = re.escape(seen.located.sub.rsplit(".", 1)[-1])
        return re.search(rf"(\{{|, |\.){key}=", elsewhere) is not None
    return elsewhere != "{}"


def _two_texts_differ(test: Text, whole: Record, fields: FieldTable) -> bool:
    """Whether the object's JSON text and the text in the index disagree about a test."""
    holds = pattern_test(test.pattern, test.cased)
    return holds(value_text(whole)) != holds(java_text(prune(whole, fields.pruned)))


def _own_text(test: Test) -> str:
    return "".join(part for part in test.pattern if isinstance(part, str)) if isinstance(test, Text) else ""


def _is_plain(test: Test) -> bool:
    return not isinstance(test, Text) or plain(test.pattern) is not None


def _has_structure(value: Any) -> bool:
    """Whether a value's text can be taken apart in another way than it was made."""
    return isinstance(value, dict) or any(sign in value_text(value) for sign in ",{}[]=")


def _without(node: Any, keys: list[str]) -> Any:
    """The object without what stands at the path; lists on the way lose it in each element."""
    if isinstance(node, list):
        return [_without(element, keys) for element in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key != ".".join(keys)}
    if len(keys) > 1 and keys[0] in kept:
        kept[keys[0]] = _without(kept[keys[0]], keys[1:])
    return kept


def _is_long(seen: _Seen) -> bool:
    """Some home keeps less than the value, or than the object in which it stands."""
    values = (
        getter(seen.located.raw)(seen.record) if not seen.located.sub else [seen.record.get(seen.located.field.raw)]
    )
    longest = max((java_length(_text(value)) for value in values if value is not None), default=0)
    for home in seen.located.field.homes:
        if home.ignore_above is not None and longest > home.ignore_above:
            return True
        if home.dropped_from is not None and longest >= home.dropped_from:
            return True
    return False


def _text(value: Any) -> str:
    return java_text(value) if isinstance(value, dict | list) else value_text(value)


def _is_pruned(seen: _Seen) -> bool:
    """The field, or something inside it, is what the integration removes."""
    texts = seen.fields.pruned or frozenset()
    return any(
        _has_pruned(value, texts)
        for value in [*getter(seen.located.raw)(seen.record), seen.record.get(seen.located.field.raw)]
    )


def _has_pruned(value: Any, texts: frozenset[str]) -> bool:
    """Whether something in it is removed, or has no value in an index anyway: null and what is empty."""
    if isinstance(value, dict):
        return not value or any(_has_pruned(inner, texts) for inner in value.values())
    if isinstance(value, list):
        return not value or any(_has_pruned(inner, texts) for inner in value)
    return value is None or value in texts


def _is_shared(seen: _Seen) -> bool:
    """The ECS field holds something else than the raw field."""
    moved = seen.fields.moved
    if seen.located.field.raw in {raw.partition(".")[0] for raw in moved}:
        return any(getter(raw)(seen.record) and seen.record.get("eventName") == event for raw, event in moved.items())
    return getter(seen.located.raw)(seen.record) != getter(seen.located.canonical)(seen.document)


def _is_object(seen: _Seen) -> bool:
    return any(isinstance(value, dict) for value in getter(seen.located.raw)(seen.record))


def _is_cased(seen: _Seen) -> bool:
    """Some value differs from what the rule wants in nothing but its case."""
    values = [value_text(value) for value in getter(seen.located.raw)(seen.record) if value is not None]
    for test, _ in tests(seen.tree):
        if isinstance(test, Boolean):
            test = Text(test.field, (str(test.value).lower(),))  # noqa: PLW2901
        if isinstance(test, Text) and test.field == seen.located.raw:
            folded, exact = pattern_test(test.pattern, cased=False), pattern_test(test.pattern, cased=True)
            if any(folded(value) != exact(value) for value in values):
                return True
    return False


def _is_number(seen: _Seen) -> bool:
    return any(
        isinstance(value, float)
        for value in [*getter(seen.located.raw)(seen.record), *leaves(seen.record.get(seen.located.field.raw))]
    )


_CHECKS: dict[str, Callable[[_Seen], bool]] = {
    "rendered-text": _looks_alike,
    "case": _is_cased,
    "limit": _is_long,
    "pruned": _is_pruned,
    "shared": _is_shared,
    "object": _is_object,
    "number": _is_number,
}
