"""A condition mixes `and` with `or` and leaves it to the reader which binds closer.

What: at one level, without brackets, both stand; `and` binds closer than `or`, so `a or b and not c` is
`a or (b and not c)`: not c takes nothing away from a.

Why: it is often read from left to right, and written so. Brackets say what is meant to everyone.

Example:

    detection:
        role:
            eventName: CreateRole
        user:
            eventName: CreateUser
        services:
            userIdentity.type: AWSService
        condition: role or user and not services

Use instead:

    detection:
        role:
            eventName: CreateRole
        user:
            eventName: CreateUser
        services:
            userIdentity.type: AWSService
        condition: (role or user) and not services
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.safeyaml import Document

__all__ = ["check"]


def check(document: Document) -> Iterator[Found]:
    """Each condition, of a rule or of a filter, that can be read in two ways; as written, before filters are joined."""
    from sigmaproof.conditions import ConditionError, bracketed, condition_tree
    from sigmaproof.predicate import And
    from sigmaproof.rulevalues import selection_names

    section = "detection" if "detection" in document.data else "filter"
    inner = document.data.get(section)
    condition = inner.get("condition") if isinstance(inner, dict) else None
    for index, text in enumerate(condition if isinstance(condition, list) else [condition]):
        if not isinstance(text, str):
            continue
        try:
            condition_tree(text, selection_names(document, section), lambda name: And(()))
        except ConditionError:
            continue  # loading tells of it
        if clear := bracketed(text):
            help = f"if it is what you mean, write `{_short(clear)}`; otherwise set the brackets elsewhere"
            message = "`and` binds closer than `or`, which brackets don't show"
            yield Found(document.place(section, "condition", index), message, help)


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
