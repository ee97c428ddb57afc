"""The slashes around an expression are a part of it.

What: `|re: '/boto/'`, or `/boto/i`, as other languages write an expression, in a field that holds no path.

Why: the value would have to have the slashes too, and an `i` behind the second. In Sigma the expression stands alone,
and a flag is a modifier: `|re|i`.

Example:

    detection:
        selection:
            userAgent|re: '/boto3?/i'
        condition: selection

Use instead:

    detection:
        selection:
            userAgent|re|i: 'boto3?'
        condition: selection
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.predicate import Regex, describe

__all__ = ["check"]

_SLASHED = re.compile(r"/(.+)(?<!\\)/([imsgux]{0,4})", re.DOTALL)
# Fields whose values have no path in them: elsewhere `/aws-service-role/` is meant as it stands.
_PATHLESS = frozenset({
    "awsRegion", "errorCode", "eventName", "eventSource", "eventType", "sourceIPAddress", "userAgent",
    "userIdentity.invokedBy", "userIdentity.type", "userIdentity.userName",
})  # fmt: skip


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each expression between slashes: with flags anywhere, without them where no path can stand."""
    for test in dict.fromkeys(test for test, _ in subject.field_tests if isinstance(test, Regex)):
        found = _SLASHED.fullmatch(test.source)
        if found and (_is_flagged(found) or (subject.rule.is_cloudtrail and test.field in _PATHLESS)):
            flags = "".join(f"|{flag}" for flag in "ims" if flag in found[2] or flag in test.flags)
            message = (
                f"{describe(test)}: the slashes{' and the flags' if found[2] else ''} are a part of the expression"
            )
            yield Found(subject.place(test), message, f"write `{test.field}|re{flags}: '{found[1]}'`")


def _is_flagged(found: re.Match[str]) -> bool:
    """Whether what follows are flags, not the last letters of a path."""
    return found[2] in {"i", "g", "gi", "ig", "im", "is"} and "/" not in found[1].replace("\\/", "")
