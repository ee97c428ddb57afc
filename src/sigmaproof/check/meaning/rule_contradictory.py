"""No record makes the rule true.

What: its tests contradict each other: a value that must be there and must not, a condition that takes away what it asks
for. It is proved by a search over the values that its tests tell apart.

Why: a rule that never matches looks like one that has nothing to find.

Example:

    detection:
        selection:
            eventName: CreateRole
            errorCode: AccessDenied
        filter:
            errorCode|exists: true
        condition: selection and not filter

Use instead:

    detection:
        selection:
            eventName: CreateRole
        filter:
            errorCode|exists: true
        condition: selection and not filter
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """Whether the search for a matching record proved that there is none."""
    coverage = subject.coverage
    if coverage is not None and coverage.matches is False:
        message = "the condition is contradictory: no record makes the rule true"
        yield Found(subject.condition_place(), message, "loosen one of its tests")
