"""Lines end with CR LF, as on Windows, or with CR alone.

What: Sigma asks for LF (specification, Yaml File).

Why: every line shows as changed when someone saves the file elsewhere, and texts over several lines hold the CR in some
readers. `--fix` writes LF.

Example:

    description: Finds the creation of a role in IAM.<CR>

Use instead:

    description: Finds the creation of a role in IAM.
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import TextSubject

__all__ = ["check"]


def check(subject: TextSubject) -> Iterator[Found]:
    """The first line that ends with a CR; the others are counted."""
    text = subject.text or ""
    count = text.count("\r")
    if count:
        line = text.count("\n", 0, text.index("\r")) + 1
        lines = "a line ends" if count == 1 else f"{count:,} lines end"
        yield Found(subject.place(line), f"{lines} with CR", "end lines with LF, or --fix")
