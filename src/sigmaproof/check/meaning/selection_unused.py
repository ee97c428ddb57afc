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
from sigmaproof.conditions import used_names
from sigmaproof.rulevalues import selection_names

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each selection of the rule's own (filters bring theirs) that the condition doesn't use."""
    names = selection_names(subject.document)
    used = used_names(subject.rule.data["detection"]["condition"], names)
    for name in names:
        if name not in used and ("detection", name) in subject.document.lines:
            help = "name it in the condition, or leave it out"
            yield Found(subject.document.place("detection", name), f"the condition doesn't use {name}", help)
