"""Elastic's integration removes this field.

What: AWS writes it, and no ECS document has it.

Why: the rule works on raw logs, with `sigmaproof evaluate`, and can't be converted.

Example:

    detection:
        selection:
            eventContext|exists: true
        condition: selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.predicate import fields_of

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each tested field that is dropped."""
    from sigmaproof.fields import table

    if subject.rule.is_cloudtrail:
        names = {name for test, _ in subject.field_tests for name in fields_of(test)}
        for name in sorted(names & set(table().dropped)):
            message = f"{name} is removed by Elastic's integration: the rule runs on raw logs only"
            yield Found(subject.place(name), message, "evaluate it on logs: sigmaproof evaluate")
