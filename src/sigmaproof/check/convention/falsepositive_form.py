"""False positives are named that help nobody.

What: an entry of `falsepositives` is "none", "n/a", "pentest" or the like.

Why: whoever gets the alert looks here for harmless causes. Every rule has some; where none is known, SigmaHQ writes
`Unknown`, where there can hardly be one, `Unlikely`.

Example:

    falsepositives:
        - None

Use instead:

    falsepositives:
        - Unlikely
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.safeyaml import Document

__all__ = ["check"]

_SAY_NOTHING = frozenset({"none", "pentest", "penetration test", "n/a", "na", "no", "nothing", "tbd", "todo", "-", ""})


def check(document: Document) -> Iterator[Found]:
    """Each entry that says nothing."""
    entries = document.data.get("falsepositives")
    for index, one in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(one, str) and one.strip(" .").lower() in _SAY_NOTHING:
            message = f"the false positive {one[:40]!r} helps nobody"
            help = "name a harmless cause; write Unknown where none is known, Unlikely where there can hardly be one"
            yield Found(document.place("falsepositives", index), message, help)
