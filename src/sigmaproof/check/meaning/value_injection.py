"""A value looks as if it were to become a part of the query.

What: a quote with an operator behind it (`" or true or "`), or a line break.

Why: sigmaproof escapes such values. Other converters have put the quote of an expression into EQL as it stands, and
the rule became `any where … or true`; a line break splits a search term in Lucene. Who reviews the rule sees a strange
value, who runs the query an alert on everything, or on nothing.

Example:

    detection:
        selection:
            userAgent|re: 'x" or true or process.name regex~ "y'
        condition: selection

Use instead:

    detection:
        selection:
            userAgent|re: 'x.*y'
        condition: selection
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.predicate import Keyword, Regex, Test, Text

__all__ = ["check"]

_QUERY = re.compile(r"""["'`]\s*(?:\)\s*)*(?:or|and|not|where|\|\||&&|\|)\s""", re.IGNORECASE)


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each value with such a text."""
    for test in dict.fromkeys(test for test, _ in subject.tests):
        text = _text(test)
        if found := _QUERY.search(text):
            message = f"the value holds a quote and an operator: {text[max(0, found.start() - 20) :][:60]!r}"
            yield Found(
                subject.place(test), message, "if it is meant, make sure that what converts the rule escapes it"
            )
        elif "\n" in text or "\r" in text:
            message = f"the value holds a line break: {text[:60]!r}"
            yield Found(
                subject.place(test), message, "search for a part of one line, or join the parts with a wildcard"
            )


def _text(test: Test) -> str:
    if isinstance(test, Regex):
        return test.source
    parts = test.pattern if isinstance(test, Text | Keyword) else ()
    return "".join(part if isinstance(part, str) else part.value for part in parts)
