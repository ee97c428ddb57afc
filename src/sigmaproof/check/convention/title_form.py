"""A title is written otherwise than titles are.

What: it ends with a full stop (that of an abbreviation is none), begins or ends with spaces, is longer than 110
characters, or begins with "Detects".

Why: titles stand in lists of alerts, in columns that cut them; each begins with what is special about it. `--fix`
removes the stop and the spaces.

Example:

    title: Detects the creation of a role.
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: CreateRole
        condition: selection

Use instead:

    title: Role Created
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: CreateRole
        condition: selection
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.safeyaml import Document

__all__ = ["check", "without_stop"]

LONGEST = 110
# A stop that belongs to the last word: U.S., e.g., etc.
_ABBREVIATED = re.compile(r"(?:\b(?:[^\W\d_]\.){2,}|\b(?:etc|inc|ltd|corp|co|al|approx|resp)\.)$", re.IGNORECASE)
_BEGINS = re.compile(r"(detects?|detection of|detecting|identifies|rule (for|to))\b", re.IGNORECASE)


def check(document: Document) -> Iterator[Found]:
    """Everything about a title, in one finding."""
    title = document.data.get("title")
    if not isinstance(title, str):
        return
    faults = [fault for fault, is_there in _faults(title) if is_there]
    if faults:
        yield Found(document.place("title"), f"the title {', and '.join(faults)}", "say in few words what is special")


def without_stop(title: str) -> str:
    """A title without the full stop at its end; an ellipsis, and the stop of an abbreviation, are none."""
    if title.endswith("..") or _ABBREVIATED.search(title):
        return title
    return title.removesuffix(".").rstrip()


def _faults(title: str) -> Iterator[tuple[str, bool]]:
    yield "ends with a full stop", without_stop(title.rstrip()) != title.rstrip()
    yield "begins or ends with spaces", title != title.strip()
    yield f"has {len(title)} characters, more than {LONGEST}", len(title) > LONGEST
    match = _BEGINS.match(title)
    yield f'begins with "{match[0] if match else ""}", as all of them could', match is not None
