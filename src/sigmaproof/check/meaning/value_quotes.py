"""The quotes are a part of the value.

What: a value that begins and ends with a quote, inside of the quotes that YAML takes away: `'"CreateRole"'`. Curly
quotes (`“CreateRole”`), as word processors write them, are none of YAML's.

Why: the record would have to hold the quotes too. In a search of a whole object `"` is right, as its text is JSON.

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
from sigmaproof.predicate import Pattern, Text, Wild, plain

__all__ = ["check"]


_CURLY = {
    "\u201c": "\u201d\u201c\u201f",
    "\u201e": "\u201c\u201d",
    "\u201d": "\u201d",
    "\u2018": "\u2019\u2018",
    "\u2019": "\u2019",
}
"""Opening curly quotes, and what closes them in some country."""


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each text in quotes on a field that can't be an object, and each in curly ones."""
    for test in dict.fromkeys(test for test, _ in subject.field_tests if isinstance(test, Text)):
        text = _inner(test.pattern)
        if len(text) > 2 and (_is_quoted(test, text) or text[-1] in _CURLY.get(text[0], "")):
            message = f"{test.field} is compared with {text[:60]}, quotes included"
            yield Found(subject.place(test), message, f"write {text[1:-1][:60]!r}")


def _inner(pattern: Pattern) -> str:
    """A pattern without the wildcards that `contains` and its like put around a text; empty with others."""
    start, end = pattern[:1] == (Wild.ANY,), len(pattern) > 1 and pattern[-1] is Wild.ANY
    return plain(pattern[start : len(pattern) - end]) or ""


def _is_quoted(test: Text, text: str) -> bool:
    return plain(test.pattern) is not None and text[0] == text[-1] and text[0] in "'\"" and not _is_object(test.field)


def _is_object(field: str) -> bool:
    located = table().raw(field) if table().knows(field) else None
    return located is not None and (bool(located.sub) or "object" in located.field.writes.types)
