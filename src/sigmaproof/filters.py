"""Sigma filters: one condition that is added to many rules (Sigma filters specification 2.1).

A record matches a filtered rule when the rule's condition and the filter's are both true, as pySigma reads it: a
filter that is to suppress matches says `condition: not selection`. A filter is applied to the rule's data before
anything is made of it, so that every target and the native evaluator see one rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sigmaproof.conditions import condition_tree
from sigmaproof.diagnostics import Diagnostic, InputError
from sigmaproof.predicate import And, Keyword, Not, Or, Predicate
from sigmaproof.rulevalues import selection_names, size_faults
from sigmaproof.safeyaml import Document

__all__ = ["Filter", "filter_warnings", "filtered"]

MOST_FILTERS = 100  # on one rule
_LOGSOURCE = ("category", "product", "service")


@dataclass(frozen=True)
class Filter:
    """One loaded filter."""

    document: Document

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids and names of the rules that it belongs to; empty: any rule of its logsource."""
        named = self.document.data["filter"]["rules"]
        names = [named] if isinstance(named, str) else named
        return () if [name.lower() for name in names] == ["any"] else tuple(names)

    def applies_to(self, rule: Mapping[str, Any]) -> bool:
        """Whether it belongs to a rule, given its data: the rule is named, and has the filter's logsource."""
        wanted, found = self.document.data["logsource"], rule["logsource"]
        if any(key in wanted and wanted[key] != found.get(key) for key in _LOGSOURCE):
            return False
        return not self.rules or not {rule.get("id"), rule.get("name")}.isdisjoint(self.rules)


def filtered(document: Document, filters: Sequence[Filter]) -> Document:
    """The document of a rule with the filters that apply to it, the same one when none does. Its places know which
    selections are those of a filter.

    Raises InputError when the rule becomes too large by them.
    """
    applied = [one for one in filters if one.applies_to(document.data)]
    if not applied:
        return document
    if len(applied) > MOST_FILTERS:
        message = f"{len(applied):,} filters apply to the rule: at most {MOST_FILTERS} are taken"
        raise InputError("filter-too-many", document.place(), message, "join their selections to fewer filters")
    detection = dict(document.data["detection"])
    names = selection_names(document)
    condition = detection["condition"]
    texts = [_explicit(text, names) for text in (condition if isinstance(condition, list) else [condition])]
    # each text is one name, one negation or in parentheses, so ` and ` between them is enough
    lent = dict(document.lent)
    for number, one in enumerate(applied, 1):
        new, text = _renamed(one, detection, number)
        for name, other in new.items():
            detection[other] = one.document.data["filter"][name]
            lent["detection", other] = (one.document, ("filter", name))
        texts = [f"{before} and {text}" for before in texts]
    detection["condition"] = texts if isinstance(condition, list) else texts[0]
    joined = replace(document, data={**document.data, "detection": detection}, lent=lent)
    for fault in size_faults(joined):
        raise InputError(fault.code, fault.place, f"{fault.message}, with its filters", fault.help)
    return joined


def _renamed(one: Filter, taken: Mapping[str, Any], number: int) -> tuple[dict[str, str], str]:
    """For a filter's selections names that the rule does not have yet, and its condition with these.

    number: of the first name to try; the filters before it have the numbers below.
    """
    names = selection_names(one.document, "filter")
    while any(f"filter{number}_{name}" in taken for name in names):
        number += 1
    new = {name: f"filter{number}_{name}" for name in names}
    return new, _explicit(one.document.data["filter"]["condition"], names, new)


def _explicit(text: str, names: Sequence[str], new: Mapping[str, str] | None = None) -> str:
    """A condition with every selector (`1 of x*`) written out, so that it means the same among more selections.

    new: other names for the selections. Raises ConditionError.
    """
    return _spelled(condition_tree(text, names, lambda name: Keyword(((new or {}).get(name, name),))))


def _spelled(tree: Predicate) -> str:
    """The text of a tree whose tests stand for selections."""
    match tree:
        case And() | Or():
            operator = " and " if isinstance(tree, And) else " or "
            return f"({operator.join(map(_spelled, tree.parts))})"
        case Not():
            return f"not {_spelled(tree.part)}"
        case Keyword():
            return "".join(map(str, tree.pattern))
    raise AssertionError(tree)  # a condition has no other nodes


def filter_warnings(one: Filter, rules: Sequence[Mapping[str, Any]]) -> Iterator[Diagnostic]:
    """What is probably wrong with a filter, given the data of the rules that were loaded with it."""
    data = one.document.data["filter"]
    if not any(map(one.applies_to, rules)):
        named = ", ".join(one.rules) or "any"
        place = one.document.place("filter", "rules")
        message = f"the filter applies to none of the rules that were given (rules: {named})"
        yield Diagnostic("filter-unused", "warning", place, message, "check the ids, the names and the logsource")
    tree = condition_tree(data["condition"], selection_names(one.document, "filter"), lambda name: Keyword((name,)))
    if not _has_not(tree):
        message = "the filter keeps only the records on which its condition is true"
        place = one.document.place("filter", "condition")
        help = f"to suppress them write `not {data['condition']}`"
        yield Diagnostic("filter-keeps", "warning", place, message, help)


def _has_not(tree: Predicate) -> bool:
    return isinstance(tree, Not) or (isinstance(tree, And | Or) and any(map(_has_not, tree.parts)))
