"""A test has the same verdict on every record.

What: whatever the field holds, it is true, or false; other tests of the rule have nothing to do with it.

Why: it can be left out, or it compares with something else than was meant.

Example:

    detection:
        selection:
            eventName: CreateRole
        at_night:
            - eventTime|hour|gte: 22
            - eventTime|hour|lt: 0
        condition: selection and at_night

Use instead:

    detection:
        selection:
            eventName: CreateRole
        at_night:
            - eventTime|hour|gte: 22
            - eventTime|hour|lt: 6
        condition: selection and at_night
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.predicate import describe

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each test that no value makes true, or none false; of a rule that can match and be quiet."""
    coverage = subject.coverage
    if coverage is None or coverage.matches is False or coverage.misses is False:
        return
    for test in dict.fromkeys(one.test for one in coverage.decisions if one.state == "infeasible"):
        message = f"{describe(test)}: has the same verdict on every record"
        yield Found(subject.place(test), message, "drop it, or correct what it compares with")
