"""Records on which the rule is true were found, and AWS writes none of them.

What: a search found records that match; each has something that AWS doesn't write: a list where there is one value, a
value that is not one of the field's, an empty text. The message says what, of the first of them.

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

from sigmaproof.check.meaning import field_conflict, value_form, value_quotes, value_unwritten
from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject

__all__ = ["check"]


_HELP = "loosen the test that asks for it"
_JSON = " is an object, and no JSON of one was found that has these texts"
_CLEARER = (field_conflict, value_form, value_quotes, value_unwritten)


def check(subject: RuleSubject) -> Iterator[Found]:
    """Whether all records that were found are inadmissible, where no other check says the same more clearly."""
    coverage = subject.coverage
    if coverage is None or not coverage.matches or coverage.example is not None:
        return
    clearer = (found for one in _CLEARER for found in one.check(subject))
    if next(clearer, None) is None and (why := _why(subject)):
        message = f"no record was found that AWS can write and that makes the rule true: {why}"
        help = "write JSON without spaces between its parts, or name the part" if why.endswith(_JSON) else _HELP
        yield Found(subject.condition_place(), message, help)


def _why(subject: RuleSubject) -> str | None:
    """Why AWS can't write the first record that was found."""
    from sigmaproof.verify.admissible import why_inadmissible
    from sigmaproof.verify.records import built
    from sigmaproof.verify.values import is_object

    assert subject.coverage is not None
    drafts = (one.draft for one in subject.coverage.decisions if one.verdict and one.draft is not None)
    why = next((why_inadmissible(built(draft)) for draft in islice(drafts, 1)), "")
    field = (why or "").removesuffix(" is a string")
    return f"{field}{_JSON}" if field != why and is_object(field) else why
