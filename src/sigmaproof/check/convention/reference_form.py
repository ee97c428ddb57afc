"""A reference is no address, or stands there twice.

What: `references` lists where the rule comes from: each an address that begins with `https://` or `http://`.

Why: whoever judges an alert follows them. A file name or "internal" leads nowhere.

Example:

    references:
        - Our wiki, page about roles

Use instead:

    references:
        - https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.safeyaml import Document

__all__ = ["check"]

_ADDRESS = re.compile(r"https?://[^\s/]+\S*")


def check(document: Document) -> Iterator[Found]:
    """Each reference that is no address, or not the first of its kind."""
    references = document.data.get("references")
    seen: set[str] = set()
    for index, one in enumerate(references if isinstance(references, list) else ()):
        if not isinstance(one, str):
            continue
        place = document.place("references", index)
        if not _ADDRESS.match(one):
            yield Found(
                place, f"the reference {one[:60]!r} is no address", "write https://…, or put it into description"
            )
        elif one in seen:
            yield Found(place, f"the reference {one[:80]} stands there twice", "leave one out")
        seen.add(one)
