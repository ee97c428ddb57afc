"""A rule has no id.

What: the `id` is a random UUID that stays with a rule when its title or its file name changes.

Why: without it alerts, tests, filters and correlations can only name the rule by a title that someone will change.
`--fix` makes a new one; never copy that of another rule, or this one.

Example:

    title: Role Created
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: CreateRole
        condition: selection

Use instead:

    id: 6d5f3a52-3f3e-4d54-9a52-5b5d1f0e7c11
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.safeyaml import Document

__all__ = ["check"]


def check(document: Document) -> Iterator[Found]:
    """A document without an id."""
    if "id" not in document.data:
        yield Found(document.place("title"), "has no id", "run --fix, which makes one")
