"""The file begins with a byte order mark.

What: three invisible bytes (EF BB BF) that some editors of Windows write.

Why: readers that don't know it take it for a part of the first key, and the rule has no `title`. Sigma asks for plain
UTF-8. `--fix` removes it.

Example:

    <BOM>title: Role Created
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

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import TextSubject

__all__ = ["check"]


def check(subject: TextSubject) -> Iterator[Found]:
    """The mark at the beginning of a file."""
    if subject.text is not None and subject.text.startswith("\ufeff"):
        yield Found(
            subject.place(1, 1), "begins with a byte order mark", "save the file as UTF-8 without BOM, or --fix"
        )
