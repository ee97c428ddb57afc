"""Every record makes the rule true.

What: its tests make up for each other, as `a or not a` does; proved by a search over the values that they tell apart.

Why: it alerts on everything.

Example:

    detection:
        selection:
            eventName: CreateRole
        filter:
            eventName: createrole
        condition: selection or not filter

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
    """Whether the search for a record that doesn't match proved that there is none."""
    coverage = subject.coverage
    if coverage is not None and coverage.misses is False:
        message = "the condition is always true: every record matches"
        yield Found(subject.condition_place(), message, "drop what makes up for the other tests")
