"""A selection stands in the rule and not in its condition.

What: no name and no selector (`1 of selection_*`, `all of them`) of the condition means it.

Why: a filter that was written and never joined leaves its false alarms in; a forgotten selection finds nothing.

Example:

    detection:
        selection:
            eventName: CreateRole
        filter:
            userIdentity.type: AWSService
        condition: selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
        filter:
            userIdentity.type: AWSService
        condition: selection and not filter
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each selection of the rule's own (filters bring theirs) that the condition doesn't use."""
    used = _used(subject)
    for name in _names(subject):
        if name not in used and ("detection", name) in subject.document.lines:
            help = "name it in the condition, or leave it out"
            yield Found(subject.document.place("detection", name), f"the condition doesn't use {name}", help)


def _names(subject: RuleSubject) -> list[str]:
    from sigmaproof.rulevalues import selection_names

    return selection_names(subject.document)


def _used(subject: RuleSubject) -> set[str]:
    from sigmaproof.conditions import condition_tree
    from sigmaproof.predicate import And, Predicate

    used: set[str] = set()

    def selection(name: str) -> Predicate:
        used.add(name)
        return And(())

    condition = subject.rule.data["detection"]["condition"]
    for text in condition if isinstance(condition, list) else [condition]:
        condition_tree(text, _names(subject), selection)
    return used
