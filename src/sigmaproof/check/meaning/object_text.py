"""A whole object is searched as text.

What: `requestParameters|contains: …` and the like. The object is taken as its JSON text, in the order of its keys.

Why: the text is found in any key and any value, and it depends on how the log writes JSON: spaces after a colon, the
order of keys. In ECS the object is other text again, `{a=b}`. Name the part: `requestParameters.policyDocument`.

Example:

    detection:
        selection:
            requestParameters|contains: policyArn
        condition: selection

Use instead:

    detection:
        selection:
            requestParameters.policyArn|exists: true
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.fields import table
from sigmaproof.predicate import Regex, Text

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each field that is searched as a whole and is an object."""
    searched: dict[str, Text | Regex] = {}
    for one, _ in subject.field_tests:
        if isinstance(one, Text | Regex):
            searched.setdefault(one.field, one)
    for field, test in searched.items():
        located = table().raw(field) if table().knows(field) else None
        if located is not None and not located.sub and "object" in located.field.writes.types:
            message = f"{field} is an object: its JSON text is searched, keys and values alike"
            yield Found(subject.place(test), message, f"name the part that is meant: {field}.KEY|contains")
