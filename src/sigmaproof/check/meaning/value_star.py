"""A `*` between quotes is a wildcard, not the star of a policy.

What: `"Principal":"*"` or `"AWS":"*"` as a value. Any text passes for the star, a single account's ARN too.

Why: in the text of a policy the star alone means everybody, or everything, and that is what such a rule looks for. As a
wildcard it also finds every harmless policy. A star that is meant as a sign has a backslash before it.

Example:

    detection:
        selection:
            eventName: PutBucketPolicy
            requestParameters.bucketPolicy.Statement|contains: '"Principal":"*"'
        condition: selection

Use instead:

    detection:
        selection:
            eventName: PutBucketPolicy
            requestParameters.bucketPolicy.Statement|contains: '"Principal":"\\*"'
        condition: selection
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.predicate import Keyword, Pattern, Text, Wild

__all__ = ["check"]

# The elements of a policy that can be a star (IAM user guide, "JSON policy element reference"), as the last key.
_ELEMENT = re.compile(
    r'"(Not)?(Principal|Action|Resource|AWS|Federated|Service|CanonicalUser)"\s*:\s*[\[{\s]*"$', re.IGNORECASE
)
LONGEST = 100  # characters before a star that are looked at
_CLOSING = re.compile(r'"[\s\]}]*')


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each value with a lone star between quotes: of an element of policies, or at the end of the value."""
    for test in dict.fromkeys(test for test, _ in subject.tests if isinstance(test, Text | Keyword)):
        if (star := _star(test.pattern)) is not None:
            shown = _written(test.pattern[star - 1 : star + 2])
            message = f"the * in {shown[-60:]} is a wildcard: any text between the quotes passes"
            yield Found(subject.place(test), message, r"write \* for the star itself")


def _star(pattern: Pattern) -> int | None:
    """Where the first such star stands in a pattern."""
    for at in range(1, len(pattern) - 1):
        before, star, behind = pattern[at - 1 : at + 2]
        is_lone = star is Wild.ANY and str(before).endswith('"') and str(behind).startswith('"')
        if is_lone and (_is_last(pattern, at) or _ELEMENT.search(str(before)[-LONGEST:])):
            return at
    return None


def _is_last(pattern: Pattern, at: int) -> bool:
    """Whether nothing but signs that close something stands behind a star."""
    return pattern[at + 2 :] in ((), (Wild.ANY,)) and _CLOSING.fullmatch(str(pattern[at + 1])) is not None


def _written(pattern: Pattern) -> str:
    return "".join(part if isinstance(part, str) else part.value for part in pattern)
