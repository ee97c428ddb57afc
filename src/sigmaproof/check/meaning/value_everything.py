"""A value matches everything, or takes in all others of its list.

What: `'*'`, `**`, the expression `.*`, or `|contains: '*'`. Whether the field is there is what such a test asks.

Why: next to other values it makes them meaningless; alone it reads like a search and is none. Other tools make a query
of it that matches every document. Say what is meant: `'\\*'` for the asterisk itself, as a policy's Principal can be
one, otherwise `|exists: true`.

Example:

    detection:
        selection:
            errorCode|contains: '*'
        condition: selection

Use instead:

    detection:
        selection:
            errorCode|exists: true
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.predicate import FieldTest, Keyword, Regex, Test, Text, Wild, describe

__all__ = ["check", "is_everything"]

_ANYTHING = frozenset({".*", "^.*$", "^.*", ".*$", "(.*)", "[\\s\\S]*", ".*?"})


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each test that any text passes."""
    for test in dict.fromkeys(test for test, _ in subject.tests if is_everything(test)):
        if isinstance(test, Keyword):
            message, help = "a keyword of wildcards only is found in every record", "leave it out"
            yield Found(subject.place(test), message, help)
        else:
            message = f"{describe(test)}: any text passes, all that is asked is whether the field has one"
            yield Found(subject.place(test), message, _help(test))


def _help(test: FieldTest) -> str:
    exists = f"write `{test.field}|exists: true`"
    if isinstance(test, Text) and test.pattern == (Wild.ANY,):
        return rf"write '\*' if the asterisk itself is meant; if any value is, {exists}"
    return exists


def is_everything(test: Test) -> bool:
    """Whether any text passes a test."""
    if isinstance(test, Text | Keyword):
        return bool(test.pattern) and all(part is Wild.ANY for part in test.pattern)
    return isinstance(test, Regex) and test.source in _ANYTHING
