"""AWS never writes this value into this field.

What: the field has a list of values, or one way of spelling them, and nothing of it matches; or the value is one that
people expect and CloudTrail doesn't have: `errorCode: Success` (a call that succeeded has no errorCode), an empty text.

Why: the test is never true. Case counts only under `|cased` and in expressions: there `iamuser` is not `IAMUser`.

Example:

    detection:
        selection:
            eventName: CreateRole
            errorCode: Success
        condition: selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
            errorCode: null
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.fields import Writes, table
from sigmaproof.folding import fold
from sigmaproof.matching import matcher
from sigmaproof.normalize.prune import PRUNED_TEXTS
from sigmaproof.predicate import FieldTest, Pattern, Regex, Text, describe, plain
from sigmaproof.spelling import event_names
from sigmaproof.verify.records import only

__all__ = ["check"]

# Field and value, folded: what CloudTrail has in its place (user guide, "CloudTrail record contents").
_EXPECTED = {
    **{("errorCode", word): ("a call that succeeded has no errorCode", "write `errorCode: null`")
       for word in ("success", "ok", "succeeded", "none", "null", "0", "200")},
    **{("errorMessage", word): ("a call that succeeded has no errorMessage", "write `errorMessage: null`")
       for word in ("success", "none", "null")},
}  # fmt: skip
MOST_SHOWN = 8


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each test of a text that no value of its field has."""
    if not subject.rule.is_cloudtrail:
        return
    for test in dict.fromkeys(test for test, _ in subject.field_tests if isinstance(test, Text | Regex)):
        if told := _why(test):
            yield Found(subject.place(test), f"{describe(test)}: {told[0]}", told[1])


def _own_text(test: FieldTest) -> str | None:
    return plain(test.pattern) if isinstance(test, Text) else None


def _why(test: FieldTest) -> tuple[str, str] | None:
    """Why no record has it, and what to write instead; None when some can."""
    if expected := _EXPECTED.get((test.field, fold(_own_text(test) or ""))):
        return expected
    located = table().raw(test.field) if table().knows(test.field) else None
    if located is None or located.sub or located.field.open:
        return None
    writes, text = located.field.writes, _own_text(test)
    if text in PRUNED_TEXTS and not writes.empty:
        return f"AWS never writes {text!r} there: what has no value has no {test.field}", _missing(test)
    return _spelled(test, writes)


def _missing(test: FieldTest) -> str:
    return f"write `{test.field}: null`"


def _spelled(test: FieldTest, writes: Writes) -> tuple[str, str] | None:
    """Whether nothing that the field can hold passes, by the way in which its values are spelled."""
    if writes.spelling == "values":
        holds = matcher(test)
        if not any(holds(only({test.field: value})) for value in (*writes.values, *(("",) if writes.empty else ()))):
            values = ", ".join(writes.values[:MOST_SHOWN]) + (", …" if len(writes.values) > MOST_SHOWN else "")
            return f"AWS writes only {values}", "write one of these"
    elif isinstance(test, Text) and test.cased and writes.spelling == "event_names":
        known = event_names().get(fold(_own_text(test) or ""), ())
        if known and _own_text(test) not in known:
            return f"AWS writes {' or '.join(known)}, and |cased tells capitals apart", f"write {known[0]}"
    elif isinstance(test, Text) and test.cased and writes.spelling == "lower" and _has_capital(test.pattern):
        return "AWS writes it in lower case, and |cased tells capitals apart", "write it in lower case"
    return None


def _has_capital(pattern: Pattern) -> bool:
    return any(isinstance(part, str) and part != part.lower() for part in pattern)
