"""The rule is not for CloudTrail.

What: the logsource is another one than `product: aws` with `service: cloudtrail`.

Why: sigmaproof knows the fields of CloudTrail. Such a rule is evaluated on every record all the same, but its fields
are not checked, and it can't be converted.

Example:

    logsource:
        product: windows
        service: security

Use instead:

    logsource:
        product: aws
        service: cloudtrail
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.rules import field_warnings

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """What loading says of the log source, when a rule is to be used."""
    for one in field_warnings(subject.rule):
        if one.code == "rule-logsource":
            yield Found(one.place, one.message, "check it with a tool for that log source")
