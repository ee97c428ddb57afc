"""A tag names a tactic or a technique that ATT&CK has retired.

What: ATT&CK changes twice a year. Techniques are merged and split and get new numbers, and version 19 has `stealth` and
`defense-impairment` in place of `defense-evasion`, which the specification's appendix on tags still lists. The message
says what took its place.

Why: `sigmaproof coverage` and the matrix that people look at have no place for it, so that the rule counts for nothing.
A note: those who read the rule still know what is meant.

Example:

    tags:
        - attack.defense-evasion
        - attack.t1562.008

Use instead:

    tags:
        - attack.defense-impairment
        - attack.t1685.002
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.attack import TagError, read_tag
from sigmaproof.check.registry import Found
from sigmaproof.safeyaml import Document

__all__ = ["check"]


def check(document: Document) -> Iterator[Found]:
    """Each tag of what was retired."""
    tags = document.data.get("tags")
    for index, tag in enumerate(tags if isinstance(tags, list) else ()):
        try:
            read_tag(tag if isinstance(tag, str) else "")
        except TagError as error:
            if error.code == "attack-retired":
                yield Found(document.place("tags", index), str(error), error.help)
