"""Wildcards at the ends of a value say what a modifier says.

What: `'*role*'` is `|contains: role`, `'role*'` is `|startswith: role`, `'*role'` is `|endswith: role`.

Why: the specification has modifiers for it; they show before the value what kind of search it is, and leave no doubt
whether a star was meant as one. `--fix` rewrites a field when all of its values allow it; the rule means the same.

Example:

    detection:
        selection:
            eventName: 'Create*'
        condition: selection

Use instead:

    detection:
        selection:
            eventName|startswith: Create
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject

__all__ = ["check", "modifier_of"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each field without modifiers, all of whose values have the same kind of wildcard."""
    for path in subject.document.lines:
        if path[0] == "detection" and len(path) > 2 and isinstance(path[-1], str):
            modifier = modifier_of(path[-1], subject.at(path))
            if modifier is not None:
                message = f"wildcards at the ends of {path[-1]} say |{modifier}"
                yield Found(subject.document.place(*path), message, f"write {path[-1]}|{modifier}, or --fix")


def modifier_of(key: str, value: Any) -> str | None:
    """The modifier that says what the wildcards of all these values say; None where there is none."""
    values = value if isinstance(value, list) else [value]
    if "|" in key or not key or not values:
        return None
    kinds = {_kind(one) for one in values}
    return kinds.pop() if len(kinds) == 1 else None


def _kind(value: Any) -> str | None:
    """Of one value; None also where another star, `?` or a backslash makes it more than that."""
    if not isinstance(value, str):
        return None
    begins, ends = value.startswith("*"), value.endswith("*")
    inner = value[begins : len(value) - ends]
    if not inner or any(sign in inner for sign in "*?\\"):
        return None
    return {(True, True): "contains", (False, True): "startswith", (True, False): "endswith"}.get((begins, ends))
