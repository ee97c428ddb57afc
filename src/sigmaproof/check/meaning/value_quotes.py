"""The quotes are a part of the value.

What: a value that begins and ends with a quote, inside of the quotes that YAML takes away: `'"CreateRole"'`.

Why: the record would have to hold the quotes too. In a search of a whole object they are right, as its text is JSON.

Example:

    detection:
        selection:
            eventName: '"CreateRole"'
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
from sigmaproof.fields import table
from sigmaproof.predicate import Text, plain

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each text in quotes on a field that can't be an object."""
    for test in dict.fromkeys(test for test, _ in subject.field_tests if isinstance(test, Text)):
        text = plain(test.pattern) or ""
        if len(text) > 2 and text[0] == text[-1] and text[0] in "'\"" and not _is_object(test.field):
            message = f"{test.field} is compared with {text[:60]}, quotes included"
            yield Found(subject.place(test), message, f"write {text[1:-1][:60]!r}")


def _is_object(field: str) -> bool:
    located = table().raw(field) if table().knows(field) else None
    return located is not None and (bool(located.sub) or "object" in located.field.writes.types)
