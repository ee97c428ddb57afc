"""Records on which the rule is true were found, and AWS writes none of them.

What: a search found records that match; each has something that AWS doesn't write: a list where there is one value, a
value that is not one of the field's, a text where there is an object. The message says what, at the test that asks for
it.

Why: the rule can match a record that someone made up, and no real one. It is no proof, as other records may match: a
warning.

Example:

    detection:
        one:
            userIdentity.type|startswith: IAM
        other:
            userIdentity.type|endswith: Role
        condition: one and other

Use instead:

    detection:
        selection:
            userIdentity.type: [IAMUser, AssumedRole]
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sigmaproof.check.meaning import field_conflict, value_unwritten
from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.fields import table
from sigmaproof.matching import matcher
from sigmaproof.predicate import FieldTest, describe

__all__ = ["check"]

MOST_LOOKED_AT = 10  # records that were found
_LIST = " is a list"


def check(subject: RuleSubject) -> Iterator[Found]:
    """Whether all records that were found are inadmissible, where no other check says the same more clearly."""
    coverage = subject.coverage
    if coverage is None or not coverage.matches or coverage.example is not None:
        return
    clearer = (found for check in (field_conflict.check, value_unwritten.check) for found in check(subject))
    if next(clearer, None) is None and (fault := _fault(subject)):
        record, why = fault
        test = _asked(subject, why.partition(" ")[0], record)
        place = subject.condition_place() if test is None else subject.place(test)
        message = f"no record was found that AWS can write and that makes the rule true: {_meant(test, why)}"
        yield Found(place, message, _help(test, why))


def _fault(subject: RuleSubject) -> tuple[dict[str, Any], str] | None:
    """One of the records that were found, and why AWS can't write it: the one that tells most."""
    from sigmaproof.verify.admissible import why_inadmissible
    from sigmaproof.verify.records import built

    assert subject.coverage is not None
    drafts = (one.draft for one in subject.coverage.decisions if one.verdict and one.draft is not None)
    found = [
        (record, why) for record in map(built, islice(drafts, MOST_LOOKED_AT)) if (why := why_inadmissible(record))
    ]
    return min(found, key=lambda one: one[1].endswith(_LIST), default=None)


def _asked(subject: RuleSubject, field: str, record: dict[str, Any]) -> FieldTest | None:
    """The test that asks for what stands in a field of the record."""
    tests = [test for test, negated in subject.field_tests if matcher(test)(record) is not negated]
    inside = [test for test in tests if f"{field}.".startswith(f"{test.field}.") or test.field.startswith(f"{field}.")]
    return next(iter(inside), None)


def _meant(test: FieldTest | None, why: str) -> str:
    """Why no such record was found, in the words of what the rule asks for."""
    if test is None:
        return why
    if why.endswith(_LIST):
        return f"no single value of {test.field} passes all of its tests, and AWS writes one"
    if _is_object(test):
        return f"{describe(test)}: no object that AWS writes there has such a text"
    field, _, fault = why.partition(" ")
    return f"{describe(test)}: {'the value' if field == test.field else field} {fault}"


def _help(test: FieldTest | None, why: str) -> str:
    if test is not None and why.endswith(_LIST):
        return "join the selections with `or`, or loosen one of the tests"
    if test is not None and _is_object(test):
        return 'what is searched is JSON without spaces, as `{"userName":"x"}`; name the part that is meant'
    if why.endswith("is no time"):
        return "AWS writes times as 2026-01-15T09:30:00Z"
    return "write what AWS writes there, or loosen this test"


def _is_object(test: FieldTest) -> bool:
    located = table().raw(test.field) if table().knows(test.field) else None
    return located is not None and not located.sub and "object" in located.field.writes.types
