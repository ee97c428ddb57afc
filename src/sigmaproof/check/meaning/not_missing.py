"""A `not` is true too on records that don't have the field.

What: a test that is negated, by `not` or `|neq`, of a field that many records don't have, and nothing else in the rule
asks whether it is there.

Why: "MFA was not used" is also true of every call that says nothing of MFA. Often that is what is meant, as with
filters of harmless causes; where it isn't, ask for the field too.

Example:

    detection:
        selection:
            eventName: CreateRole
            additionalEventData.MFAUsed|neq: 'Yes'
        condition: selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
            additionalEventData.MFAUsed|exists: true
            additionalEventData.MFAUsed|neq: 'Yes'
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.meaning.value_everything import is_everything
from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.predicate import Exists, FieldTest, Null
from sigmaproof.verify.records import BASE

__all__ = ["check"]

# What every record has: of an ordinary one what doesn't depend on the call, and who called.
_ALWAYS = frozenset(BASE) - {"requestParameters", "responseElements", "userAgent"} | {"userIdentity.type"}


def check(subject: RuleSubject) -> Iterator[Found]:
    """The fields of negated tests that can be missing, in one finding for the rule and one for each of its filters."""
    if not subject.rule.is_cloudtrail:
        return
    asked = {test.field for test, negated in subject.field_tests if isinstance(test, Exists | Null) or not negated}
    tests: dict[str, FieldTest] = {}
    for test, is_negated in subject.field_tests:
        if is_negated and _is_value(test) and test.field not in asked and test.field not in _ALWAYS:
            tests.setdefault(test.field, test)
    found: dict[str, list[FieldTest]] = {}
    for test in tests.values():
        found.setdefault(subject.place(test).file, []).append(test)
    for some in found.values():
        names, first = [test.field for test in some], subject.place(some[0])
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        message = f"the negation is true too on records without {shown}"
        yield Found(first, message, f"if that is not meant, ask for `{names[0]}|exists: true` too")


def _is_value(test: FieldTest) -> bool:
    """Whether a test asks for a value, and not only whether there is one."""
    return not isinstance(test, Exists | Null) and not is_everything(test)
