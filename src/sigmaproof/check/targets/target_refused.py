"""The target can't say this rule.

What: the language has no form for something in the rule, so no query is made. Only with `-t`.

Why: a query that leaves a test out would be silently wrong. Other converters make it.

Where the rule can say the same in another way, as here, the help of the finding tells. For some things there is none,
as for two fields that are compared: leave the rule as it is, take another target, or evaluate it on the logs
(`sigmaproof evaluate`).

Example:

    detection:
        selection:
            eventName: CreateRole
            requestParameters.roleName|re: '^admin-'
        condition: selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
            requestParameters.roleName|cased|startswith: admin-
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.diagnostics import Place

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """The refusal of each target, at the field that it begins with."""
    from sigmaproof.verify.advice import refusal_fixes

    for target in subject.targets:
        refusal = subject.conversion(target).refusal
        if refusal is not None:
            help = " ".join(refusal_fixes(refusal))
            yield Found(_place(subject, refusal), f"{target} can't say this rule: {refusal}", help)


def _place(subject: RuleSubject, refusal: str) -> Place:
    names = {test.field for test, _ in subject.field_tests}
    named = [name for name in names if refusal.startswith((f"{name}:", f"{name}|", f"{name} "))]
    return subject.place(max(named, key=len)) if named else subject.document.place("detection")
