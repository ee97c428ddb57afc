"""An engine that backtracks takes exponential time for this expression.

What: a repetition in which one text can be read in several ways, followed by something that can fail: `(a+)+$`.
It is decided on the expression's automaton: two different ways from a place back to itself with the same text.

Why: sigmaproof and Elasticsearch take linear time. Others that read the rule (Python, Java, PCRE, .NET) don't: a
record that someone chose stops them, and with them the detection.

Example:

    detection:
        selection:
            userAgent|re: '^(\\w+\\s?)+$'
        condition: selection

Use instead:

    detection:
        selection:
            userAgent|re: '^\\w[\\w\\s]*$'
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.predicate import Regex, describe

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each expression with such a repetition."""
    from sigmaproof.regex import parse
    from sigmaproof.regex.ambiguous import is_ambiguous

    for test in dict.fromkeys(test for test, _ in subject.field_tests if isinstance(test, Regex)):
        if is_ambiguous(parse(test.source, test.flags)):
            message = f"{describe(test)[:200]}: one text is read in many ways, an engine that backtracks may not end"
            yield Found(subject.place(test), message, "repeat what begins with another character than it ends with")
