"""A tab stands in the file where YAML allows one.

What: a tab inside of a value, or between a key and its value. As indentation YAML forbids it (`yaml-syntax`).

Why: it looks like spaces. In a value it is compared as a tab, and a log that has a space there doesn't match. Write
spaces, or `\\t` in double quotes if the tab is meant.

Example:

    detection:
        selection:
            userAgent|contains: 'curl<TAB>7'
        condition: selection

Use instead:

    detection:
        selection:
            userAgent|contains: "curl\\t7"
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import TextSubject

__all__ = ["check"]


def check(subject: TextSubject) -> Iterator[Found]:
    """The first tab that is not in a comment; the number of lines with one."""
    lines = [
        (number, line.index("\t") + 1)
        for number, line in enumerate((subject.text or "").split("\n"), 1)
        if "\t" in line and not line.lstrip().startswith("#")
    ]
    if lines and subject.documents:
        more = f" ({len(lines):,} lines have one)" if len(lines) > 1 else ""
        help = 'write spaces, or \\t in double quotes if the tab is meant: "a\\tb"'
        yield Found(subject.place(*lines[0]), f"a tab, which looks like spaces{more}", help)
