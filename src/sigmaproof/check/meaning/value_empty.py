"""A field has no value behind its colon, which YAML reads as null: the field must be missing.

What: `errorCode:` is `errorCode: null` for every reader of YAML.

Why: it looks as if a value was still to come, and asks for the contrary of most values. Written out it can't be
mistaken.

Example:

    detection:
        selection:
            eventName: CreateRole
            errorCode:
        condition: selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
            errorCode: null
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import TextSubject
from sigmaproof.diagnostics import Place

__all__ = ["check"]

SECTIONS = ("detection", "filter")
LONGEST = 300  # characters of a key, and what is around it, that are looked at


def check(subject: TextSubject) -> Iterator[Found]:
    """Each test of a field whose null is not written. Where it stands decides, as YAML's values don't tell."""
    lines = (subject.text or "").splitlines()
    for document in subject.documents:
        for path in document.lines:
            if path[0] not in SECTIONS or len(path) < 3 or not isinstance(path[-1], str):
                continue
            place = document.place(*path)
            if reduce(lambda value, key: value[key], path, document.data) is None and _is_empty(lines, place):
                help = f"write `{path[-1]}: null` if the field is to be missing, otherwise the value"
                yield Found(place, f"{path[-1]} has no value, which is null", help)


def _is_empty(lines: Sequence[str], place: Place) -> bool:
    """Whether nothing stands behind the colon of a key, nor, further to the right, on the next line."""
    rest = lines[place.line - 1][place.column - 1 : place.column + LONGEST]
    behind = rest.partition(":")[2].strip()
    if ":" not in rest or behind[:1] not in {"", "#", ",", "}"}:
        return False
    if behind[:1] in {",", "}"}:
        return True
    below = (lines[number] for number in range(place.line, len(lines)))
    following = (line for line in below if line.strip() and not line.lstrip().startswith("#"))
    after = next(following, "")
    return len(after) - len(after.lstrip()) < place.column
