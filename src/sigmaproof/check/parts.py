"""The documents of a file as things that were looked at, whether they could be loaded or not: a case each in reports.

A document goes from its `---`, or the file's first line, to the next one: comments above its keys are its own, and one
that YAML can't read still has a place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sigmaproof.safeyaml import Document

__all__ = ["Part", "parts_of"]


class Part(NamedTuple):
    """A document. line: the first that belongs to it. title: empty where it has none, or can't be read."""

    file: str
    line: int
    title: str


def parts_of(file: str, text: str | None, read: Sequence[Document]) -> list[Part]:
    """The documents of a file. text: None when it is no UTF-8. read: those of them that are maps."""
    lines = [] if text is None else text.splitlines()
    starts = [1, *(number for number, line in enumerate(lines, 1) if number > 1 and _begins(line))]
    left = list(read)
    found = []
    for start, end in zip(starts, [*starts[1:], len(lines) + 2], strict=True):
        title = ""
        while left and left[0].line < end:
            title = str(left.pop(0).data.get("title") or "")
        found.append(Part(file, start, title))
    return found


def _begins(line: str) -> bool:
    """Whether a document begins on a line: inside of a value no line at the left margin can begin so."""
    return line == "---" or line.startswith(("--- ", "---\t"))
