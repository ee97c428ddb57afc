"""No CloudTrail record has this field.

What: the field is in none of the places that AWS writes, as the field table knows them. Below `requestParameters`,
`responseElements` and the like any name is allowed.

Why: a test on it is never true. With other converters the name goes into the query as it is, and the rule is silent
from its first day. Names of ECS (`event.action`) are what a conversion makes: a rule has the raw ones.

Example:

    detection:
        selection:
            event.action: CreateRole
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
from sigmaproof.rules import field_warnings

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """What loading says of the fields, when a rule is to be used."""
    for one in field_warnings(subject.rule):
        if one.code == "field-unknown":
            yield Found(one.place, one.message, one.help)
